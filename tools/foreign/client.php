<?php
// Every operation of MS-WUSP, by PHP's SoapClient from the specification's WSDLs: client.php BASE-URL WSDL-FOLDER [soap12].
// Each operation that went well is a line on stdout.

[, $base, $folder] = $argv;
$version = in_array('soap12', $argv) ? SOAP_1_2 : SOAP_1_1;
ini_set('soap.wsdl_cache_enabled', '0');
const ME = '5c7f4f80-3896-4d10-8a38-469286a0feb1';
const CATEGORY = 'ab000100-0000-0000-0000-000000000000';
const UNKNOWN = 'ab00ff00-0000-0000-0000-000000000000';
$now = gmdate('Y-m-d\TH:i:s\Z');

function service(string $file, string $path): SoapClient
{
    global $base, $folder, $version;
    return new SoapClient("$folder/$file.wsdl", ['location' => $base . $path, 'soap_version' => $version,
        'features' => SOAP_SINGLE_ELEMENT_ARRAYS, 'exceptions' => true]);
}

function ok(string $name, bool $condition, mixed $got): void
{
    if (!$condition) {
        fwrite(STDERR, "$name: unexpected answer: " . print_r($got, true));
        exit(1);
    }
    echo "ok $name\n";
}

function fault(string $code, string $message, callable $call): void
{
    try {
        $got = $call();
    } catch (SoapFault $f) {
        ok("fault $code", $f->detail->ErrorCode === $code && (string) $f->detail->Message === $message && strlen($f->detail->ID) === 36, $f->detail);
        return;
    }
    ok("fault $code", false, $got);
}

$auth = service('simpleauth', '/simpleauthwebservice/simpleauth.asmx');
$ws = service('client', '/clientwebservice/client.asmx');
$reports = service('reporting', '/reportingwebservice/reportingwebservice.asmx');

$config = $ws->GetConfig(['protocolVersion' => '1.8'])->GetConfigResult;
ok('GetConfig', $config->AuthInfo->AuthPlugInInfo[0]->PlugInID === 'SimpleTargeting' && count($config->Properties->ConfigurationProperty) === 5, $config);

$who = $auth->GetAuthorizationCookie(['clientId' => ME, 'dnsName' => 'php.example'])->GetAuthorizationCookieResult;
ok('GetAuthorizationCookie', strlen($who->CookieData) > 40, $who);

$ask = ['authCookies' => ['AuthorizationCookie' => [$who]], 'oldCookie' => ['Expiration' => $now], 'lastChange' => $config->LastChange,
    'currentTime' => $now, 'protocolVersion' => '1.8'];
$cookie = $ws->GetCookie($ask)->GetCookieResult;
ok('GetCookie', strlen($cookie->EncryptedData) > 40, $cookie);
fault('ConfigChanged', '', fn () => $ws->GetCookie(['lastChange' => '2000-01-01T00:00:00Z'] + $ask));
fault('RegistrationRequired', '', fn () => $ws->SyncUpdates(['cookie' => $cookie, 'parameters' => ['ExpressQuery' => false, 'SkipSoftwareSync' => false]]));

$info = array_fill_keys(['OSMajorVersion', 'OSMinorVersion', 'OSBuildNumber', 'OSServicePackMajorNumber', 'OSServicePackMinorNumber',
    'SuiteMask', 'OldProductType', 'NewProductType', 'SystemMetrics', 'ClientVersionMajorNumber', 'ClientVersionMinorNumber',
    'ClientVersionBuildNumber', 'ClientVersionQfeNumber'], 1);
$ws->RegisterComputer(['cookie' => $cookie, 'computerInfo' => ['DnsName' => 'php.example', 'BiosReleaseDate' => $now] + $info]);
ok('RegisterComputer', true, null);

$scan = $ws->StartCategoryScan(['requestedCategories' => ['CategoryRelationship' => [
    ['IndexOfAndGroup' => 0, 'CategoryId' => CATEGORY], ['IndexOfAndGroup' => 1, 'CategoryId' => UNKNOWN]]]]);
ok('StartCategoryScan', $scan->preferredCategoryIds->guid === [CATEGORY] && $scan->requestedCategoryIdsInError->guid === [UNKNOWN], $scan);

$installed = $cached = $found = [];
for ($i = 0; $i < 20; $i++) {
    $result = $ws->SyncUpdates(['cookie' => $cookie, 'parameters' => ['ExpressQuery' => false, 'SkipSoftwareSync' => false,
        'InstalledNonLeafUpdateIDs' => ['int' => $installed], 'OtherCachedUpdateIDs' => ['int' => $cached]]])->SyncUpdatesResult;
    $cookie = $result->NewCookie;
    if (empty($result->NewUpdates->UpdateInfo)) {
        break;
    }
    foreach ($result->NewUpdates->UpdateInfo as $u) {
        $found[$u->ID] = $u->Deployment->Action;
        $u->IsLeaf ? $cached[] = $u->ID : $installed[] = $u->ID;
    }
}
ksort($found);
ok('SyncUpdates', $found === [1 => 'Evaluate', 2 => 'Evaluate', 3 => 'Evaluate', 10 => 'Install', 11 => 'Install', 20 => 'Install',
    21 => 'Bundle', 22 => 'Bundle'], $found);
fault('InvalidParameters', 'parameters.InstalledNonLeafUpdateIDs', fn () => $ws->SyncUpdates(['cookie' => $cookie, 'parameters' => [
    'ExpressQuery' => false, 'SkipSoftwareSync' => false, 'InstalledNonLeafUpdateIDs' => ['int' => array_fill(0, 401, 1)]]]));

$drivers = $ws->SyncUpdates(['cookie' => $cookie, 'parameters' => ['ExpressQuery' => false, 'SkipSoftwareSync' => true,
    'SystemSpec' => ['Device' => [['HardwareIDs' => ['string' => ['PCI\\VEN_1']]]]]]])->SyncUpdatesResult;
ok('SyncUpdates of drivers', $drivers->NewUpdates->UpdateInfo[0]->Deployment->HardwareIds->string === ['PCI\\VEN_1'], $drivers);

$printers = $ws->SyncPrinterCatalog(['cookie' => $cookie, 'printerUpdateIDs' => ['int' => [50]]])->SyncPrinterCatalogResult;
ok('SyncPrinterCatalog', $printers->NewUpdates->UpdateInfo[0]->ID === 51 && $printers->OutOfScopeRevisionIDs->int === [50], $printers);

$identity = ['UpdateID' => 'ab000a00-0000-0000-0000-000000000000', 'RevisionNumber' => 100];
$refreshed = $ws->RefreshCache(['cookie' => $cookie, 'globalIDs' => ['UpdateIdentity' => [$identity]]])->RefreshCacheResult;
ok('RefreshCache', $refreshed->RefreshCacheResult[0]->RevisionID === 10, $refreshed);

$extended = $ws->GetExtendedUpdateInfo(['cookie' => $cookie, 'revisionIDs' => ['int' => [10, 40]], 'locales' => ['string' => ['en']],
    'infoTypes' => ['XmlUpdateFragmentType' => ['Extended', 'LocalizedProperties']]])->GetExtendedUpdateInfoResult;
$file = $extended->FileLocations->FileLocation[0];
ok('GetExtendedUpdateInfo', count($extended->Updates->Update) === 2 && $extended->OutOfScopeRevisionIDs->int === [40]
    && str_starts_with($file->Url, $base . '/Content/'), $extended);

if ($version === SOAP_1_1) { // the WSDL has it for SOAP 1.1 only
    $extended2 = $ws->GetExtendedUpdateInfo2(['cookie' => $cookie, 'updateIDs' => ['UpdateIdentity' => [$identity]],
        'infoTypes' => ['XmlUpdateFragmentType' => ['FileUrl']]])->GetExtendedUpdateInfo2Result;
    ok('GetExtendedUpdateInfo2', $extended2->FileLocations->FileLocation[0]->Url === $file->Url, $extended2);
}

$places = $ws->GetFileLocations(['cookie' => $cookie, 'fileDigests' => ['base64Binary' => [$file->FileDigest]]])->GetFileLocationsResult;
ok('GetFileLocations', $places->FileLocations->FileLocation[0]->Url === $file->Url && strlen($places->NewCookie->EncryptedData) > 40, $places);

$event = ['BasicData' => ['TargetID' => ['Sid' => ME], 'SequenceNumber' => 0, 'TimeAtTarget' => $now, 'EventInstanceID' => ME, 'NamespaceID' => 1,
    'EventID' => 182, 'SourceID' => 101, 'UpdateID' => $identity, 'Win32HResult' => -2147024894, 'AppName' => 'AutomaticUpdates'],
    'ExtendedData' => ['ReplacementStrings' => ['string' => ['0x80070002']], 'ProcessorArchitecture' => 'Amd64Compatible', 'OSLocaleID' => 1033,
        'OSVersion' => array_fill_keys(['Major', 'Minor', 'Build', 'Revision', 'ServicePackMajor', 'ServicePackMinor'], 10)]];
ok('ReportEventBatch', $reports->ReportEventBatch(['cookie' => $cookie, 'clientTime' => $now,
    'eventBatch' => ['ReportingEvent' => [$event]]])->ReportEventBatchResult === true, null);
fault('InvalidCookie', '', fn () => $ws->RefreshCache(['cookie' => ['Expiration' => $now, 'EncryptedData' => 'forged'], 'globalIDs' => []]));
