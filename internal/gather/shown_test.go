package gather_test

import (
	"strings"
	"testing"

	"github.com/redx-update/redx/internal/winbin"
)

const (
	settings = "2024-11 Cumulative Update for Windows 11 Version 24H2 for x64-based Systems (KB5046617)\n"
	features = "The request to add or remove features on the specified server failed.\nOne or more features were not installed.\n"
	packages = `HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\Packages\Package_for_KB4503292~31bf3856ad364e35~amd64~~6.1.1.6` + "\n"
)

// What people copy off the screen, one cause each or none.
var screens = map[string]struct{ text, want string }{
	"DISM, in French":        {"C:\\>dism /online /cleanup-image /restorehealth\nErreur : 0x800f081f", "repair-source-missing"},
	"DISM waits, in decimal": {"dism /online /cleanup-image /restorehealth\nError: 3017", "pending-operation-interrupted"},
	"DISM and no rights":     {"dism /online /cleanup-image /restorehealth\nError: 740\nElevated permissions are required.", ""},
	"DISM and a wrong word":  {"dism /online /restorehealth\nError: 87\nThe option is unknown.", ""},
	"DISM, then the log": {
		"dism /online /cleanup-image /restorehealth\nError: 0x800f081f\n\n(p)\tCSI Payload Corrupt\t(n)\t\t\tamd64_microsoft-windows-a_31bf3856ad364e35_10.0.19041.1_none_0123456789abcdef\\a.dll\n" +
			"Repair failed: Missing replacement payload.", "component-payload-missing",
	},
	"a cmdlet":                    {"Repair-WindowsImage : The source files could not be found. Error 0x800f081f", "repair-source-missing"},
	"a cmdlet over the network":   {"Get-WindowsUpdate : Access is denied. (Exception from HRESULT: 0x80070005 (E_ACCESSDENIED))", ""},
	"a search by a script":        {`Exception calling "Search" with "1" argument(s): "Exception from HRESULT: 0x8024402C"`, "network-or-proxy"},
	"the role wizard":             {features + "The referenced assembly could not be found. Error: 0x80073701", "component-manifest-missing"},
	"the role wizard is content":  {features + "Restart the server. Error: none", ""},
	"Settings":                    {settings + "Failed to install on \u200e11/\u200e14/\u200e2024 - 0x800f0984", "delta-base-missing"},
	"Settings, a general code":    {settings + "Install error - 0x80070002", ""},
	"Settings, failed first":      {settings + "Successfully installed on 11/15/2024\n" + settings + "Failed to install on 11/14/2024 - 0x800f0984", ""},
	"the client of a manager":     {`<![LOG[Scan failed with error = 0x8024402c.]LOG]!><time="08:31:23.660-60" component="WUAHandler" type="3">`, "network-or-proxy"},
	"Settings, the engine's code": {settings + "Failed to install on 3/11/2021 - 0xc80003fa", "datastore-damaged"},
	"Settings, installed":         {settings + "Successfully installed on 11/14/2024", ""},
	"Settings, a damaged payload": {settings + "Download error - 0x80246002", "payload-damaged"},
	"history of Windows 7":        {"Security Update for Windows 7 (KB2761226)\nInstallation status: Failed\nError details: Code 80246012", "payload-missing-download"},
	"a search of Windows 7":       {"Error(s) found:\nCode 80072F8F   Windows Update encountered an unknown error.", "clock-or-tls-wrong"},
	"a search of Windows 10":      {"There were some problems, this may help: (0x80072ee2)", "network-or-proxy"},
	"a transfer's log":            {"Message   : Download paused\nErrorCode : 0x80D02002", "delivery-optimization-failed"},
	"a stuck start":               {`!! 0xc0000034 !! 142/48211 (\Registry\Machine\COMPONENTS)`, "pending-operation-interrupted"},
	"sfc waits":                   {"There is a system repair pending which requires reboot to complete. Restart Windows and run sfc again.", "pending-operation-interrupted"},
	"a bad package":               {packages + "    CurrentState    REG_DWORD    0xffffff90", "package-state-bad"},
	"an ordinary package":         {packages + "    CurrentState    REG_DWORD    0x70", ""},

	"a title with its number in another place": {"Definition Update for Windows Defender - KB2267602 (Definition 1.215.2232.0)\n\nInstallation status: Failed\n\nError details: Code 80246002", "payload-damaged"},
	"a transfer in a narrow window": {
		"2023-03-15 06:45:09.9912233 2060  9184  DownloadManager DO job\n{11223344-5566-4778-899A-ABBCCDDEEFF0} failed, updateId = {22334455-6677-4889-9AAB-BCCDDEEFF001}.1,\n" +
			"hr = 0x80190194. File URL =\nhttp://wsus-01:8530/Content/51/0FEDCBA98765432100123456789ABCDEF0123451.psf", "server-content-missing",
	},
	"another in a narrow window": {
		"2023-03-15 06:45:09.9912233 2060  9184  DownloadManager DO job\n{11223344-5566-4778-899A-ABBCCDDEEFF0} completed successfully, updateId = {22334455-6677-4889-9AAB-BCCDDEEFF001}.1\n" +
			"2023-03-15 06:45:10.9912233 2060  9184  Agent Exit code = 0x00000000", "",
	},

	"what came of nothing to send":   {"2024-02-14\t01:01:01:123\t1024\t e90\tReport\tWARNING: Reporter failed to upload events with hr = 80072ee2.", ""},
	"a search that failed":           {"2024-02-14\t01:01:01:123\t1024\t e90\tPT\tWARNING: SyncUpdates failure, error = 0x80072EE2", "network-or-proxy"},
	"blanks for tabs":                {"2024-02-14 01:01:01:123 1024 f1c PT WARNING: SyncUpdates failure, error = 0x80072F8F", "clock-or-tls-wrong"},
	"a log of DISM without its head": {"DISM   DISM OS Provider: PID=1 TID=2 No stack - CDISMOSServiceManager::get_ServicingStackDirectory(hr:0x80070003)", "servicing-stack-missing"},
	"a map that is made anew": {
		`wuaueng.dll (1104,D,35) SUS20ClientDataStore: Error -1919 validating header page on flush map file "C:\x\DataStore.jfm".`, "",
	},
	"mended, by the file's name": {
		"(f)\tCSI Payload File Missing\t0x00000000\ta.dll\tamd64_microsoft-windows-a_31bf3856ad364e35_6.1.7601.17514_none_0123456789abcdef\n" +
			"(fix)\tCSI Payload File Missing\tCSI File Replaced\tFile: a.dll From: C:\\x.cab", "",
	},
	"another file mended": {
		"(f)\tCSI Payload File Missing\t0x00000000\ta.dll\tamd64_microsoft-windows-a_31bf3856ad364e35_6.1.7601.17514_none_0123456789abcdef\n" +
			"(fix)\tCSI Payload File Missing\tCSI File Replaced\tFile: b.dll From: C:\\x.cab", "component-payload-missing",
	},
}

func TestScreens(t *testing.T) {
	for name, tc := range screens {
		if tc.want == "" { // of a text in which there is nothing else, redx says that it does not know it
			tc.text += "\n2024-02-14 01:01:01, Info                  CBS    Starting TrustedInstaller initialization."
		}
		leads(t, name, "excerpt.txt", []byte(tc.text+"\n"), tc.want)
		leads(t, name+", quoted", "mail.txt", []byte("> "+strings.ReplaceAll(tc.text, "\n", "\n> ")+"\n"), tc.want)
		leads(t, name+", UTF-16", "x.log", append([]byte{0xff, 0xfe}, winbin.PutUTF16(crlf(tc.text))...), tc.want)
	}
}
