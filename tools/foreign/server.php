<?php
// An update location of three updates and a driver, by PHP's SoapServer from the specification's WSDLs: server.php WSDL-FOLDER
// SERVICE [ERRORCODE], a request on stdin, its answer on stdout; with an error code it refuses whatever it is asked. It keeps
// nothing: what it knows of a client is in what the client says.

[, $folder, $service, $fault] = $argv + [3 => ''];
ini_set('soap.wsdl_cache_enabled', '0');

const DETECTOID = '5c2a3f60-7d41-4be9-9a0e-2f6f8e5b1d01';
const FIX = '5c2a3f60-7d41-4be9-9a0e-2f6f8e5b1d02';
const DRIVER = '5c2a3f60-7d41-4be9-9a0e-2f6f8e5b1d04';
const PRODUCT = '5c2a3f60-7d41-4be9-9a0e-2f6f8e5b1d10';
const UNKNOWN = '5c2a3f60-7d41-4be9-9a0e-2f6f8e5b1d99';
const DEVICE = 'PCI\VEN_1';
$digest = sha1('content', true);

function refuse(string $code, string $message = ''): never
{
    throw new SoapFault('Client', 'Fault occurred', null,
        (object) ['ErrorCode' => $code, 'Message' => $message, 'ID' => 'c0ffee00-0000-0000-0000-000000000000', 'Method' => '"x"']);
}

function cookie(): array
{
    return ['Expiration' => gmdate('Y-m-d\TH:i:s\Z', time() + 3600), 'EncryptedData' => 'cookie'];
}

function known(object $request): void
{
    ($request->cookie->EncryptedData ?? '') === 'cookie' || refuse('InvalidCookie');
}

function numbers(object $parameters, string $name): array
{
    return array_map('intval', (array) ($parameters->$name->int ?? []));
}

// Refusing takes every request and answers with the fault.
class Refusing
{
    public function __call(string $name, array $arguments): never
    {
        global $fault;
        refuse($fault);
    }
}

class SimpleAuth
{
    public function GetAuthorizationCookie(object $r): array
    {
        strlen($r->clientId) === 36 && $r->dnsName !== '' || refuse('InvalidParameters', 'clientId');
        return ['GetAuthorizationCookieResult' => ['PlugInId' => 'SimpleTargeting', 'CookieData' => 'who']];
    }
}

class Reporting
{
    public function ReportEventBatch(object $r): array
    {
        known($r);
        return ['ReportEventBatchResult' => count((array) $r->eventBatch->ReportingEvent) === 2];
    }
}

class Client
{
    public function GetConfig(object $r): array
    {
        return ['GetConfigResult' => ['LastChange' => '2026-10-04T13:17:07Z', 'IsRegistrationRequired' => true,
            'AuthInfo' => ['AuthPlugInInfo' => [['PlugInID' => 'SimpleTargeting', 'ServiceUrl' => 'SimpleAuthWebService/SimpleAuth.asmx', 'Parameter' => '']]],
            'Properties' => ['ConfigurationProperty' => [['Name' => 'ProtocolVersion', 'Value' => '3.2'], ['Name' => 'MaxExtendedUpdatesPerRequest', 'Value' => '1']]]]];
    }

    public function GetCookie(object $r): array
    {
        $r->authCookies->AuthorizationCookie[0]->CookieData === 'who' || refuse('InvalidAuthorizationCookie');
        strtotime($r->lastChange) === strtotime('2026-10-04T13:17:07Z') || refuse('ConfigChanged');
        return ['GetCookieResult' => cookie()];
    }

    public function RegisterComputer(object $r): array
    {
        known($r);
        $r->computerInfo->DnsName !== '' || refuse('InvalidParameters', 'computerInfo');
        return [];
    }

    public function StartCategoryScan(object $r): array
    {
        $all = array_map(fn ($c) => $c->CategoryId, $r->requestedCategories->CategoryRelationship);
        return ['preferredCategoryIds' => ['guid' => array_values(array_diff($all, [UNKNOWN]))],
            'requestedCategoryIdsInError' => ['guid' => array_values(array_intersect($all, [UNKNOWN]))]];
    }

    // A driver for the one device; the server ranks it.
    private function driver(object $p): array
    {
        $device = $p->SystemSpec->Device[0];
        $device->HardwareIDs->string === [DEVICE] && isset($p->CachedDriverIDs) && $p->FilterCategoryIds->CategoryIdentifier[0]->Id === PRODUCT
            || refuse('InvalidParameters', 'SystemSpec');
        $new = in_array(4, numbers($p, 'CachedDriverIDs')) ? [] : [['ID' => 4, 'IsLeaf' => true,
            'Xml' => '<UpdateIdentity UpdateID="' . DRIVER . '" RevisionNumber="1" /><Properties UpdateType="Driver" /><ApplicabilityRules><IsInstallable><drv:WindowsDriverInstallable /></IsInstallable></ApplicabilityRules>',
            'Deployment' => ['ID' => 4, 'Action' => 'Install', 'IsAssigned' => true, 'LastChangeTime' => '2026-10-04', 'HardwareIds' => ['string' => [DEVICE]]]]];
        return ['SyncUpdatesResult' => ['NewUpdates' => ['UpdateInfo' => $new], 'Truncated' => false, 'NewCookie' => cookie()]];
    }

    // The detectoid first; behind it the fix and a revision that nobody can read.
    public function SyncUpdates(object $r): array
    {
        known($r);
        if ($r->parameters->SkipSoftwareSync) {
            return $this->driver($r->parameters);
        }
        $installed = numbers($r->parameters, 'InstalledNonLeafUpdateIDs');
        $has = array_merge($installed, numbers($r->parameters, 'OtherCachedUpdateIDs'));
        $all = [1 => ['Evaluate', false, '<UpdateIdentity UpdateID="' . DETECTOID . '" RevisionNumber="1" /><Properties UpdateType="Detectoid" /><ApplicabilityRules><IsInstalled><True /></IsInstalled></ApplicabilityRules>']];
        if (in_array(1, $installed)) {
            $all[2] = ['Install', true, '<UpdateIdentity UpdateID="' . FIX . '" RevisionNumber="7" /><Properties UpdateType="Software" /><Relationships><Prerequisites><UpdateIdentity UpdateID="' . DETECTOID . '" /></Prerequisites></Relationships><ApplicabilityRules><IsInstallable><True /></IsInstallable></ApplicabilityRules>'];
            $all[3] = ['Install', true, '<UpdateIdentity'];
        }
        $new = [];
        foreach ($all as $id => [$action, $leaf, $xml]) {
            in_array($id, $has) || $new[] = ['ID' => $id, 'IsLeaf' => $leaf, 'Xml' => $xml,
                'Deployment' => ['ID' => $id, 'Action' => $action, 'IsAssigned' => true, 'LastChangeTime' => '2026-10-04', 'Deadline' => '2026-12-01T09:00:00Z']];
        }
        return ['SyncUpdatesResult' => ['NewUpdates' => ['UpdateInfo' => array_slice($new, 0, 1)], 'Truncated' => count($new) > 1, 'NewCookie' => cookie()]];
    }

    public function GetExtendedUpdateInfo(object $r): array
    {
        global $digest;
        known($r);
        $ids = numbers($r, 'revisionIDs');
        count($ids) <= 1 || refuse('InvalidParameters', 'revisionIDs');
        $updates = $files = [];
        if ($ids === [2]) {
            $updates = [['ID' => 2, 'Xml' => '<ExtendedProperties Handler="h"><KBArticleID>5000002</KBArticleID></ExtendedProperties><Files><File Digest="' . base64_encode($digest) . '" DigestAlgorithm="SHA1" FileName="fix.cab" Size="7" /></Files>'],
                ['ID' => 2, 'Xml' => '<LocalizedProperties><Language>en</Language><Title>Fix</Title></LocalizedProperties>']];
            $files = [['FileDigest' => $digest, 'Url' => 'http://192.0.2.1/Content/fix.cab']];
        }
        return ['GetExtendedUpdateInfoResult' => ['Updates' => ['Update' => $updates], 'FileLocations' => ['FileLocation' => $files], 'OutOfScopeRevisionIDs' => ['int' => array_values(array_diff($ids, [1, 2, 3, 4]))]]];
    }

    public function GetFileLocations(object $r): array
    {
        global $digest;
        known($r);
        $files = in_array($digest, (array) ($r->fileDigests->base64Binary ?? [])) ? [['FileDigest' => $digest, 'Url' => 'http://192.0.2.1/Content/fix.cab']] : [];
        return ['GetFileLocationsResult' => ['FileLocations' => ['FileLocation' => $files], 'NewCookie' => cookie()]];
    }

    public function RefreshCache(object $r): array
    {
        known($r);
        $results = [];
        foreach ($r->globalIDs->UpdateIdentity as $u) {
            if ($u->UpdateID === DETECTOID) {
                $results[] = ['RevisionID' => 1, 'GlobalID' => $u, 'IsLeaf' => false,
                    'Deployment' => ['ID' => 1, 'Action' => 'Evaluate', 'IsAssigned' => true, 'LastChangeTime' => '2026-10-04']];
            }
        }
        return ['RefreshCacheResult' => ['RefreshCacheResult' => $results]];
    }
}

$server = new SoapServer("$folder/" . strtolower($service) . '.wsdl', ['features' => SOAP_SINGLE_ELEMENT_ARRAYS]);
$server->setObject($fault === '' ? new $service() : new Refusing());
$server->handle(file_get_contents('php://stdin'));
