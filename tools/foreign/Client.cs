// Every operation of MS-WUSP, by .NET's proxies that Mono's wsdl generates from the specification's WSDLs:
// Client.exe BASE-URL WSDL-FOLDER [soap12]. Each operation that went well is a line on stdout.
using System;
using System.Collections.Generic;
using System.Linq;
using System.Web.Services.Protocols;
using System.Xml;
using Client = RedxClient;
using Auth = RedxSimpleauth;
using Reports = RedxReporting;

static class Program
{
    const string Me = "5c7f4f80-3896-4d10-8a38-469286a0feb2";
    static readonly Guid category = new Guid("ab000100-0000-0000-0000-000000000000"), unknown = new Guid("ab00ff00-0000-0000-0000-000000000000");
    static readonly DateTime now = DateTime.UtcNow;

    static void Ok(string name, bool condition)
    {
        if (!condition) { Console.Error.WriteLine(name + ": unexpected answer"); Environment.Exit(1); }
        Console.WriteLine("ok " + name);
    }

    static void Fault(string code, string message, Action call)
    {
        try { call(); }
        catch (SoapException e)
        {
            Func<string, string> part = name => { var n = e.Detail.SelectSingleNode(name); return n == null ? "" : n.InnerText; };
            Ok("fault " + code, part("ErrorCode") == code && part("Message") == message && part("ID").Length == 36);
            return;
        }
        Ok("fault " + code, false);
    }

    static void Main(string[] args)
    {
        var root = args[0];
        var version = args.Contains("soap12") ? SoapProtocolVersion.Soap12 : SoapProtocolVersion.Soap11;
        var ws = new Client.Client { Url = root + "/ClientWebService/Client.asmx", SoapVersion = version };
        var auth = new Auth.SimpleAuth { Url = root + "/SimpleAuthWebService/SimpleAuth.asmx", SoapVersion = version };
        var reports = new Reports.WebService { Url = root + "/ReportingWebService/ReportingWebService.asmx", SoapVersion = version };

        var config = ws.GetConfig("1.8");
        Ok("GetConfig", config.AuthInfo.Single().PlugInID == "SimpleTargeting" && config.IsRegistrationRequired
            && config.Properties.Single(p => p.Name == "MaxExtendedUpdatesPerRequest").Value == "50");

        var who = auth.GetAuthorizationCookie(Me, null, "mono.example");
        Ok("GetAuthorizationCookie", who.CookieData.Length > 40);

        var mine = new[] { new Client.AuthorizationCookie { PlugInId = who.PlugInId, CookieData = who.CookieData } };
        var cookie = ws.GetCookie(mine, new Client.Cookie { Expiration = now }, config.LastChange, now, "1.8");
        Ok("GetCookie", cookie.EncryptedData.Length > 40 && cookie.Expiration.ToUniversalTime() > now);
        Fault("ConfigChanged", "", () => ws.GetCookie(mine, null, now.AddDays(-9), now, "1.8"));
        Fault("RegistrationRequired", "", () => ws.SyncUpdates(cookie, new Client.SyncUpdateParameters()));

        ws.RegisterComputer(cookie, new Client.ComputerInfo { DnsName = "mono.example", BiosReleaseDate = now, OSMajorVersion = 10 });
        Ok("RegisterComputer", true);

        Guid[] inError;
        var preferred = ws.StartCategoryScan(new[] {
            new Client.CategoryRelationship { IndexOfAndGroup = 0, CategoryId = category },
            new Client.CategoryRelationship { IndexOfAndGroup = 1, CategoryId = unknown } }, out inError);
        Ok("StartCategoryScan", preferred.Single() == category && inError.Single() == unknown);

        var installed = new List<int>();
        var cached = new List<int>();
        var found = new SortedDictionary<int, string>();
        for (var i = 0; i < 20; i++)
        {
            var info = ws.SyncUpdates(cookie, new Client.SyncUpdateParameters {
                InstalledNonLeafUpdateIDs = installed.ToArray(), OtherCachedUpdateIDs = cached.ToArray() });
            cookie = info.NewCookie;
            if (info.NewUpdates == null || info.NewUpdates.Length == 0) break;
            foreach (var u in info.NewUpdates)
            {
                found[u.ID] = u.Deployment.Action.ToString();
                (u.IsLeaf ? cached : installed).Add(u.ID);
            }
        }
        Ok("SyncUpdates", string.Join(" ", found.Select(f => f.Key + f.Value))
            == "1Evaluate 2Evaluate 3Evaluate 10Install 11Install 20Install 21Bundle 22Bundle");
        Fault("InvalidParameters", "parameters.InstalledNonLeafUpdateIDs",
            () => ws.SyncUpdates(cookie, new Client.SyncUpdateParameters { InstalledNonLeafUpdateIDs = new int[401] }));

        var drivers = ws.SyncUpdates(cookie, new Client.SyncUpdateParameters { SkipSoftwareSync = true,
            SystemSpec = new[] { new Client.Device { HardwareIDs = new[] { "PCI\\VEN_1" } } } });
        Ok("SyncUpdates of drivers", drivers.NewUpdates.Single().Deployment.HardwareIds.Single() == "PCI\\VEN_1");

        var printers = ws.SyncPrinterCatalog(cookie, installed.ToArray(), new[] { 50 });
        Ok("SyncPrinterCatalog", printers.NewUpdates.Single().ID == 51 && printers.OutOfScopeRevisionIDs.Single() == 50);

        var identity = new Client.UpdateIdentity { UpdateID = new Guid("ab000a00-0000-0000-0000-000000000000"), RevisionNumber = 100 };
        Ok("RefreshCache", ws.RefreshCache(cookie, new[] { identity }).Single().RevisionID == 10);

        var extended = ws.GetExtendedUpdateInfo(cookie, new[] { 10, 40 },
            new[] { Client.XmlUpdateFragmentType.Extended, Client.XmlUpdateFragmentType.LocalizedProperties }, new[] { "en-US", "en" }, null, null);
        var file = extended.FileLocations.First();
        Ok("GetExtendedUpdateInfo", extended.Updates.Length == 2 && extended.OutOfScopeRevisionIDs.Single() == 40
            && file.Url.StartsWith(root + "/Content/"));

        if (version == SoapProtocolVersion.Soap11) // the WSDL has it for SOAP 1.1 only
        {
            var extended2 = ws.GetExtendedUpdateInfo2(cookie, new[] { identity }, new[] { Client.XmlUpdateFragmentType.FileUrl }, null, null);
            Ok("GetExtendedUpdateInfo2", extended2.FileLocations.First().Url == file.Url);
        }

        var places = ws.GetFileLocations(cookie, new[] { file.FileDigest });
        Ok("GetFileLocations", places.FileLocations.Single().Url == file.Url && places.NewCookie.EncryptedData.Length > 40);

        var e1 = new Reports.ReportingEvent {
            BasicData = new Reports.BasicData { TargetID = new Reports.ComputerTargetIdentifier { Sid = Me }, TimeAtTarget = now, EventInstanceID = new Guid(Me),
                NamespaceID = 1, EventID = 182, SourceID = 101, Win32HResult = -2147024894, AppName = "AutomaticUpdates",
                UpdateID = new Reports.UpdateRevisionIdentifier { UpdateID = identity.UpdateID, RevisionNumber = 100 } },
            ExtendedData = new Reports.ExtendedData { ReplacementStrings = new[] { "0x80070002" }, OSVersion = new Reports.DetailedVersion { Major = 10 } },
            PrivateData = new Reports.PrivateData() };
        Ok("ReportEventBatch", reports.ReportEventBatch(
            new Reports.Cookie { Expiration = cookie.Expiration, EncryptedData = cookie.EncryptedData }, now, new[] { e1 }));
        Fault("InvalidCookie", "", () => ws.RefreshCache(new Client.Cookie { EncryptedData = new byte[] { 1 } }, new Client.UpdateIdentity[0]));
    }
}
