#!/usr/bin/python3
"""Every operation of MS-WUSP, by zeep from the specification's WSDLs:
client.py BASE-URL WSDL-FOLDER [soap12] [BASE-URL of the files, when it is another].

zeep reads answers strictly by their schema. Each operation that went well is a line on stdout.
"""
import datetime
import sys

import zeep
from zeep.exceptions import Fault

base, folder = sys.argv[1], sys.argv[2]
files = next((a for a in sys.argv[3:] if a.startswith("http")), base)
suffix = "Soap12" if "soap12" in sys.argv[3:] else "Soap"
CLIENT = "http://www.microsoft.com/SoftwareDistribution/Server/ClientWebService"
REPORTS = "http://www.microsoft.com/SoftwareDistribution"
ME = "5c7f4f80-3896-4d10-8a38-469286a0febc"
NOW = datetime.datetime.now(datetime.timezone.utc)


def service(file, namespace, name, path):
    client = zeep.Client(f"{folder}/{file}.wsdl", settings=zeep.Settings(strict=True))
    return client, client.create_service(f"{{{namespace}}}{name}{suffix}", base + path)


_, auth = service("simpleauth", CLIENT.replace("ClientWeb", "SimpleAuthWeb"), "SimpleAuth", "/SimpleAuthWebService/SimpleAuth.asmx")
types, ws = service("client", CLIENT, "Client", "/ClientWebService/Client.asmx")
_, reports = service("reporting", REPORTS, "WebService", "/ReportingWebService/WebService.asmx")


def ok(name, condition, got):
    if not condition:
        sys.exit(f"{name}: unexpected answer: {got}")
    print("ok", name)


def fault(code, message, call):
    try:
        got = call()
    except Fault as f:
        detail = {e.tag: e.text for e in f.detail}
        ok(f"fault {code}", detail["ErrorCode"] == code and (detail["Message"] or "") == message and len(detail["ID"]) == 36, detail)
    else:
        sys.exit(f"no fault {code}: {got}")


config = ws.GetConfig(protocolVersion="1.8")
properties = {p.Name: p.Value for p in config.Properties.ConfigurationProperty}
plugin = config.AuthInfo.AuthPlugInInfo[0]
ok("GetConfig", plugin.PlugInID == "SimpleTargeting" and plugin.ServiceUrl == "SimpleAuthWebService/SimpleAuth.asmx"
   and properties["MaxExtendedUpdatesPerRequest"] == "50" and properties["ProtocolVersion"] == "3.2", config)

who = auth.GetAuthorizationCookie(clientId=ME, targetGroupName="", dnsName="zeep.example")
ok("GetAuthorizationCookie", who.PlugInId == "SimpleTargeting" and who.CookieData, who)


def get_cookie(last=config.LastChange, old=None):
    return ws.GetCookie(authCookies={"AuthorizationCookie": [{"PlugInId": who.PlugInId, "CookieData": who.CookieData}]},
                        oldCookie=old, lastChange=last, currentTime=NOW, protocolVersion="1.8")


cookie = get_cookie()
ok("GetCookie", cookie.EncryptedData and cookie.Expiration > NOW, cookie)
fault("ConfigChanged", "", lambda: get_cookie(last=NOW - datetime.timedelta(days=9)))
fault("RegistrationRequired", "", lambda: ws.SyncUpdates(cookie, {"ExpressQuery": False, "SkipSoftwareSync": False}))

info = dict.fromkeys(["OSMajorVersion", "OSMinorVersion", "OSBuildNumber", "OSServicePackMajorNumber", "OSServicePackMinorNumber",
                      "SuiteMask", "OldProductType", "NewProductType", "SystemMetrics", "ClientVersionMajorNumber",
                      "ClientVersionMinorNumber", "ClientVersionBuildNumber", "ClientVersionQfeNumber"], 1)
ok("RegisterComputer", ws.RegisterComputer(cookie, {"DnsName": "zeep.example", "BiosReleaseDate": NOW, "OEM": "<&>", **info}) is None, None)

CATEGORY, UNKNOWN = "ab000100-0000-0000-0000-000000000000", "ab00ff00-0000-0000-0000-000000000000"
scan = ws.StartCategoryScan({"CategoryRelationship": [{"IndexOfAndGroup": 0, "CategoryId": CATEGORY},
                                                      {"IndexOfAndGroup": 1, "CategoryId": UNKNOWN}]})
ok("StartCategoryScan", scan.preferredCategoryIds.guid == [CATEGORY] and scan.requestedCategoryIdsInError.guid == [UNKNOWN], scan)


def parameters(installed, cached, **more):
    return {"ExpressQuery": False, "InstalledNonLeafUpdateIDs": {"int": installed}, "OtherCachedUpdateIDs": {"int": cached},
            "SkipSoftwareSync": False, **more}


installed, cached, found = [], [], {}
for _ in range(20):
    result = ws.SyncUpdates(cookie, parameters(installed, cached))
    cookie = result.NewCookie
    new = result.NewUpdates.UpdateInfo if result.NewUpdates else []
    if not new:
        break
    for u in new:
        found[u.ID] = u
        (cached if u.IsLeaf else installed).append(u.ID)
ok("SyncUpdates", sorted(found) == [1, 2, 3, 10, 11, 20, 21, 22] and found[10].Deployment.Action == "Install"
   and found[1].Deployment.Action == "Evaluate" and found[21].Deployment.Action == "Bundle" and "UpdateIdentity" in found[10].Xml
   and result.DriverSyncNotNeeded == "false" and not result.Truncated, sorted(found))
scan = ws.SyncUpdates(cookie, parameters(installed, cached + [40], FilterCategoryIds={"CategoryIdentifier": [{"Id": CATEGORY}]},
                                         NeedTwoGroupOutOfScopeUpdates=True))
ok("SyncUpdates of a category", scan.OutOfScopeRevisionIDs.int == [40], scan)
fault("InvalidParameters", "parameters.InstalledNonLeafUpdateIDs", lambda: ws.SyncUpdates(cookie, parameters([1] * 401, [])))

device = {"HardwareIDs": {"string": ["PCI\\VEN_1&DEV_2", "PCI\\VEN_1"]}, "CompatibleIDs": {"string": ["PCI\\CC_02"]},
          "installedDriver": {"MatchingID": "PCI\\CC_02", "DriverVerDate": NOW, "DriverVerVersion": 1 << 48, "DriverRank": 0x00FF2001}}
drivers = ws.SyncUpdates(cookie, {"ExpressQuery": False, "SystemSpec": {"Device": [device]}, "CachedDriverIDs": {"int": []},
                                  "SkipSoftwareSync": True, "ComputerSpec": {"HardwareIDs": {"guid": [CATEGORY]}},
                                  "FeatureScoreMatchingKey": "AMD64.10.0"})
ok("SyncUpdates of drivers", [u.ID for u in drivers.NewUpdates.UpdateInfo] == [50]
   and drivers.NewUpdates.UpdateInfo[0].Deployment.HardwareIds.string == ["PCI\\VEN_1"], drivers)

printers = ws.SyncPrinterCatalog(cookie, {"int": installed}, {"int": []})
ok("SyncPrinterCatalog", [u.ID for u in printers.NewUpdates.UpdateInfo] == [51], printers)

identity = {"UpdateID": "ab000a00-0000-0000-0000-000000000000", "RevisionNumber": 100}
refreshed = ws.RefreshCache(cookie, {"UpdateIdentity": [identity, {"UpdateID": UNKNOWN, "RevisionNumber": 1}]})
ok("RefreshCache", [(r.RevisionID, r.GlobalID.UpdateID, r.Deployment.Action) for r in refreshed] == [(10, identity["UpdateID"], "Install")], refreshed)

extended = ws.GetExtendedUpdateInfo(cookie, {"int": [10, 40]}, {"XmlUpdateFragmentType": ["Core", "Extended", "LocalizedProperties", "Eula"]},
                                    {"string": ["en-US", "en"]})
location = extended.FileLocations.FileLocation[0]
ok("GetExtendedUpdateInfo", len(extended.Updates.Update) == 4 and extended.OutOfScopeRevisionIDs.int == [40]
   and extended.Updates.Update[0].Xml.startswith("<UpdateIdentity ") and location.Url.startswith(files + "/Content/"), extended)
fault("InvalidParameters", "revisionIDs", lambda: ws.GetExtendedUpdateInfo(cookie, {"int": [10] * 51}, {"XmlUpdateFragmentType": ["Extended"]}))

if suffix == "Soap":  # the WSDL has it for SOAP 1.1 only
    extended2 = ws.GetExtendedUpdateInfo2(cookie, {"UpdateIdentity": [identity]}, {"XmlUpdateFragmentType": ["Extended", "FileUrl"]}, {"string": ["en"]})
    ok("GetExtendedUpdateInfo2", extended2.FileLocations.FileLocation[0].FileDigest == location.FileDigest
       and len(extended2.Updates.Update) == 1, extended2)

places = ws.GetFileLocations(cookie, {"base64Binary": [location.FileDigest, bytes(20)]})
ok("GetFileLocations", [f.Url for f in places.FileLocations.FileLocation] == [location.Url] and places.NewCookie.EncryptedData, places)

event = {"BasicData": {"TargetID": {"Sid": ME}, "SequenceNumber": 0, "TimeAtTarget": NOW, "EventInstanceID": ME, "NamespaceID": 1,
                       "EventID": 182, "SourceID": 101, "UpdateID": {"UpdateID": identity["UpdateID"], "RevisionNumber": 100},
                       "Win32HResult": -2147024894, "AppName": "AutomaticUpdates"},
         "ExtendedData": {"ReplacementStrings": {"string": ["0x80070002", "<update>"]}, "MiscData": {"string": ["Q=1"]},
                          "ProcessorArchitecture": "Amd64Compatible", "OSLocaleID": 1033,
                          "OSVersion": dict.fromkeys(["Major", "Minor", "Build", "Revision", "ServicePackMajor", "ServicePackMinor"], 10)},
         "PrivateData": {}}
ok("ReportEventBatch", reports.ReportEventBatch({"Expiration": cookie.Expiration, "EncryptedData": cookie.EncryptedData}, NOW,
                                                {"ReportingEvent": [event]}) is True, None)
fault("InvalidCookie", "", lambda: ws.RefreshCache({"Expiration": NOW, "EncryptedData": b"forged"}, {"UpdateIdentity": []}))
