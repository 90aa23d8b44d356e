package gather_test

import (
	"strings"
	"testing"
)

// saved begins what Event Viewer saves as text.
const saved = "Level\tDate and Time\tSource\tEvent ID\tTask Category\n"

// Events that were saved, listed or copied in other ways than block by block, and what an update ended with where nothing else is
// at hand.
var eventExcerpts = map[string]struct{ text, want string }{
	"saved as text":          {saved + "Error\t6/2/2020 8:11:45 AM\tESENT\t454\tLogging/Recovery\t\"Catalog Database (1992,R,98) Catalog Database: Recovery failed with unexpected error -501.\"", "catalog-database-damaged"},
	"saved with commas":      {"Error,6/2/2020 8:11:45 AM,ESENT,454,Logging/Recovery,\"svchost (1992,R,98) SUS20ClientDataStore: Recovery failed with unexpected error -546.\"", "datastore-damaged"},
	"saved, of another":      {saved + "Error\t6/2/2020 8:11:45 AM\tESENT\t454\tLogging/Recovery\t\"SearchIndexer (1,R,98) Windows: Recovery failed with unexpected error -501.\"", ""},
	"saved, a failed update": {saved + "Error\t2/3/2024 8:11:45 AM\tMicrosoft-Windows-WindowsUpdateClient\t20\tWindows Update Agent\tInstallation Failure: error 0x80246002: Some Update (KB5034123).", "payload-damaged"},
	"in PowerShell's table":  {"   ProviderName: Microsoft-Windows-WindowsUpdateClient\n\n2/3/2023 9:14:02 AM             20 Error            Installation Failure: error 0x80246002: Some Update (KB5034123).\n2/3/2023 9:10:01 AM             44 Information      Started.", "payload-damaged"},
	"listed by PowerShell":   {"   123 Jun 02 08:11  Error       ESENT                  454 svchost (1992,R,98) SUS20ClientDataStore: failed with unexpected error -546.", "datastore-damaged"},
	"broken lines": {
		"svchost (7264,D,50) SUS20ClientDataStore: The database page read from the file \"C:\\WINDOWS\\\nSoftwareDistribution\\DataStore\\DataStore.edb\" at offset 4127 failed verification. The read will fail\nwith error -1018 (0xfffffc06).", "datastore-damaged",
	},
	"broken lines, another's": {"svchost (7264,D,50) Other: The database page read from the file\nfailed with error -1018 (0xfffffc06).", ""},
	"a transfer's word": {
		"BITS stopped transferring the WU Client Download transfer job that is associated with the http://sus.example:8530/Content/0F/7C2D54B6A8F1E3D5C7B9A0E2F4D6C8B0A2E4F60F.exe URL. The status code is 0x80190194.", "server-content-missing",
	},
	"another transfer's word": {"BITS stopped transferring the Browser transfer job that is associated with the http://cdn.example/a.crx URL. The status code is 0x80190194.", ""},
	"a queue that was emptied": {
		"Source: Microsoft-Windows-Bits-Client\nEvent ID: 16391\nDescription:\nThe BITS job list is not in a recognized format.", "bits-queue-damaged",
	},
	"a queue that was emptied, in words": {"The BITS job list is not in a recognized format. It has been cleared.", "bits-queue-damaged"},
	"an update server": {
		"Source: Windows Server Update Services\nEvent ID: 364\nDescription:\nContent file download failed.\nReason: HTTP status 404: not there.\n" +
			"Source File: /d/x/a.cab\nDestination File: E:\\WSUS\\WsusContent\\3C\\6D1C0E6D7A8F9B0C1D2E3F405162738495A6B73C.cab", "server-content-missing",
	},
	"an update server, bare": {
		"Content file download failed.\nReason: HTTP status 404: not there.\nSource File: /d/x/a.cab\nDestination File: E:\\WSUS\\WsusContent\\3C\\6D1C0E6D7A8F9B0C1D2E3F405162738495A6B73C.cab", "server-content-missing",
	},
	"an update server without room": {
		"Source: Windows Server Update Services\nEvent ID: 364\nDescription:\nContent file download failed.\nReason: There is not enough space on the disk.\n" +
			"Source File: /d/x/a.cab\nDestination File: E:\\WSUS\\WsusContent\\3C\\6D1C0E6D7A8F9B0C1D2E3F405162738495A6B73C.cab", "",
	},
	"labels that are not known": {
		"Origine: ESENT\nID evento: 454\nCategoria: Recupero\nDescrizione:\nwuaueng.dll (5824,R,98) SUS20ClientDataStore: errore imprevisto -543.", "datastore-damaged",
	},
	"sfc, without its head": {
		"CSI    00000376 [SR] Cannot repair member file [l:10]'bcrypt.dll' of Microsoft-Windows-BCrypt-DLL, version 10.0.19041.546, arch amd64, " +
			"nonSxS, pkt {l:8 b:31bf3856ad364e35} in the store, file is missing", "component-payload-missing",
	},
	"sfc, without its head, and well": {"CSI    00000376 [SR] Verify complete", ""},
	"a pane's head":                   {"Ereignis 25, WindowsUpdateClient\n\nFehler bei der Suche: Fehler 0x80072F7D.", "clock-or-tls-wrong"},
	"a pane's head, of another":       {"Event 25, Kernel-Power\n\nError 0x80072F7D.", ""},
	"no number, and a broken line":    {"Installation Failure: Windows failed to install the following update with error\n0x80D02002: Feature update to Windows 10, version 1903.", "delivery-optimization-failed"},
	"an app's failure":                {"Installation Failure: Windows failed to install the following update with error 0x80070005: 9WZDNCRFJ3PT-Contoso.Music.", ""},
	"found by a search":               {"CBS.log:12:" + strings.TrimSuffix(strings.Replace(lost, "%[2]s", amd64, 1), "\n"), "component-payload-missing"},
	"quoted, of Notepad":              {"> Package KB4038792 failed to be changed to the Installed state. Status: 0x800f0831.", "package-manifest-missing"},
	"servicing's word":                {"Package KB4038792 failed to be changed to the Installed state. Status: 0x800f0831.", "package-manifest-missing"},

	"a package's manifest": {failedInstall("800f0831", "Installation Failure: error 0x800f0831: Some Update (KB5034123)."), "package-manifest-missing"},
	"an assembly":          {failedInstall("80073701", "Installation Failure: error 0x80073701: Some Update (KB5034123)."), "component-manifest-missing"},
	"a source":             {failedInstall("800f081f", "Installation Failure: error 0x800f081f: Some Update (KB5034123)."), "repair-source-missing"},
	"a start that is due":  {failedInstall("80070bc9", "Installation Failure: error 0x80070bc9: Some Update (KB5034123)."), "pending-operation-interrupted"},
	"the engine's code":    {failedInstall("c80003fa", "Installation Failure: error 0xc80003fa: Some Update (KB5034123)."), "datastore-damaged"},
	"a held file":          {failedInstall("c8000408", "Installation Failure: error 0xc8000408: Some Update (KB5034123)."), ""},
	"a general code":       {failedInstall("80070002", "Installation Failure: error 0x80070002: Some Update (KB5034123)."), ""},
	"failed, then it went in": {failedInstall("80073701", "Installation Failure: error 0x80073701: Some Update (KB5034123).") + "\n" +
		strings.Replace(row("183 [AGENT_INSTALLING_SUCCEEDED]", anUpdate, "0", "Success\tContent Install", "Installation Successful: Some Update (KB5034123)."), "04:12", "05:12", 1), ""},

	"the list of Windows 7": {"2020-01-15\t04:12:59:447\t1096\t10f4\tAgent\tLogHistory called. idUpdate={" + anUpdate + "}.200, resultMapped=80242017, resultUnMapped=0", "servicing-stack-update-needed"},
	"the list, well later": {
		"2020-01-15\t04:12:59:447\t1096\t10f4\tAgent\tLogHistory called. idUpdate={" + anUpdate + "}.200, resultMapped=80246012, resultUnMapped=0\n" +
			"2020-01-15\t05:12:59:447\t1096\t10f4\tAgent\tLogHistory called. idUpdate={" + anUpdate + "}.200, resultMapped=0, resultUnMapped=0", "",
	},
	"the list, all well": {"2020-01-15\t04:12:59:447\t1096\t10f4\tAgent\tLogHistory called. idUpdate={" + anUpdate + "}.200, resultMapped=0, resultUnMapped=0", ""},
	"a signature":        {"2009-06-11\t10:07:36:281\t1080\t f1c\tMisc\tWARNING: Digital Signatures on file C:\\x\\wuident.cab are not trusted: Error 0x80092003", "catalog-database-damaged"},
	"no signature":       {"2009-06-11\t10:07:36:281\t1080\t f1c\tMisc\tWARNING: Digital Signatures on file C:\\x\\wuident.cab are not trusted: Error 0x800b0100", ""},
}

func TestEventExcerpts(t *testing.T) {
	for name, tc := range eventExcerpts {
		if tc.want == "" { // of a text in which there is nothing else, redx says that it does not know it
			tc.text += "\n\nSource: Microsoft-Windows-WindowsUpdateClient\nEvent ID: 26\nFound 0 updates.\n"
		}
		leads(t, name, "excerpt.txt", []byte(tc.text+"\n"), tc.want)
		leads(t, name+", of Notepad", "of Notepad.log", []byte("\uFEFF"+crlf(tc.text)), tc.want)
	}
}
