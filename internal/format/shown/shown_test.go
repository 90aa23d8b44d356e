package shown_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/format/shown"
	"github.com/redx-update/redx/internal/testdata"
	"github.com/redx-update/redx/internal/winbin"
)

func records(t *testing.T, text string) []shown.Record {
	t.Helper()
	out, err := shown.Records(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	for i := range out {
		out[i].Text = ""
	}
	return out
}

const title = "2024-11 Cumulative Update for Windows 11 Version 24H2 for x64-based Systems (KB5046617)"

var cases = map[string]struct {
	text string
	want []shown.Record
}{
	"DISM": {
		"C:\\>dism /online /cleanup-image /restorehealth\r\n\r\nVersion: 10.0.1\r\n[====  ]\r\nError: 0x800f081f\r\n\r\nThe source files could not be found.",
		[]shown.Record{{Kind: shown.ToolFailed, Line: 5, Code: 0x800f081f}},
	},
	"DISM, in German, in decimal": {
		"Tool zur Imageverwaltung\nFehler: 3017\nDie Protokolldatei ist C:\\Windows\\Logs\\DISM\\dism.log",
		[]shown.Record{{Kind: shown.ToolFailed, Line: 2, Code: 0x80070bc9}},
	},
	"DISM, in Japanese": {"dism\nエラー: 0x800f0823", []shown.Record{{Kind: shown.ToolFailed, Line: 2, Code: 0x800f0823}}},
	"DISM, not named": {
		"Strumento Gestione\nVersione: 10.0.19041.844\n\nVersione immagine: 10.0.19042.985\n\nErrore: 0x800f081f",
		[]shown.Record{{Kind: shown.ToolFailed, Line: 6, Code: 0x800f081f}},
	},
	"a cmdlet": {
		"Enable-WindowsOptionalFeature : The files\nwere not found. Code 0x800f081f\nAt line:1 char:1",
		[]shown.Record{{Kind: shown.ToolFailed, Line: 2, Code: 0x800f081f, Name: "Enable-WindowsOptionalFeature"}},
	},
	"a script": {
		`Exception calling "Search" with "1" argument(s): "Exception from HRESULT: 0x8024402C"`,
		[]shown.Record{{Kind: shown.ToolFailed, Line: 1, Code: 0x8024402c, Name: "the update agent"}},
	},
	"net, in German": {
		"C:\\Windows\\system32>net start wuauserv\r\nSystemfehler 1058 aufgetreten.\r\n",
		[]shown.Record{{Kind: shown.ServiceFailed, Line: 2, Code: 0x80070422, Name: "wuauserv"}},
	},
	"net, in Chinese": {"C:\\>net start bits\n发生系统错误 1058。\n", []shown.Record{{Kind: shown.ServiceFailed, Line: 2, Code: 0x80070422, Name: "bits"}}},
	"net, alone":      {"System error 1058 has occurred.\n", []shown.Record{{Kind: shown.ServiceFailed, Line: 1, Code: 0x80070422}}},
	"net, a name in quotes": {
		"C:\\>net start \"Windows Update\"\nSystem error 2 has occurred.",
		[]shown.Record{{Kind: shown.ServiceFailed, Line: 2, Code: 0x80070002, Name: "Windows Update"}},
	},
	"sc": {"C:\\>sc query bits\n[SC] EnumQueryServicesStatus:OpenService FAILED 1060:", []shown.Record{{Kind: shown.ServiceFailed, Line: 2, Code: 0x80070424, Name: "bits"}}},
	"the list of services": {
		"Windows could not start the Windows Update service on Local Computer.\n\nError 1058: It is disabled.",
		[]shown.Record{{Kind: shown.ServiceFailed, Line: 3, Code: 0x80070422, Name: "Windows Update"}},
	},
	"the list of services, in German": {
		"Der Dienst \"Windows Update\" auf \"Lokaler Computer\" konnte nicht gestartet werden.\nFehler 1058: Er ist deaktiviert.",
		[]shown.Record{{Kind: shown.ServiceFailed, Line: 2, Code: 0x80070422, Name: "Windows Update"}},
	},
	"sc shows": {"SERVICE_NAME: wuauserv\n        START_TYPE         : 4   DISABLED", []shown.Record{{Kind: shown.ServiceFailed, Line: 2, Code: 0x80070422, Name: "wuauserv"}}},
	"PowerShell, a service that is not there": {
		"    + CategoryInfo          : ObjectNotFound: (wuauserv:String) [Get-Service], ServiceCommandException",
		[]shown.Record{{Kind: shown.ServiceFailed, Line: 1, Code: 0x80070424, Name: "wuauserv"}},
	},
	"a call": {"Ausnahme von HRESULT: 0x8024500C", []shown.Record{{Kind: shown.ToolFailed, Line: 1, Code: 0x8024500c, Name: "the update agent"}}},
	"a script of Windows Script Host": {
		"WUA_Search.vbs(11, 1) (null): 0x8024500C", []shown.Record{{Kind: shown.ToolFailed, Line: 1, Code: 0x8024500c, Name: "the update agent"}},
	},
	"a cmdlet of PowerShell 7": {
		"Add-WindowsCapability: \nLine |\n   1 |  Add-WindowsCapability -Online\n     | Add-WindowsCapability failed. Error code = 0x800f0954",
		[]shown.Record{{Kind: shown.ToolFailed, Line: 4, Code: 0x800f0954, Name: "Add-WindowsCapability"}},
	},
	"a dialog, in quotes":      {"Settings say \"this may help: (0x80070424)\"", []shown.Record{{Kind: shown.AgentFailed, Line: 1, Code: 0x80070424}}},
	"the standalone installer": {"Installer encountered an error: 0x80070070", []shown.Record{{Kind: shown.ToolFailed, Line: 1, Code: 0x80070070}}},
	"the standalone installer, in German": {
		"Das Installationsprogramm hat einen Fehler festgestellt: 0x800f0823", []shown.Record{{Kind: shown.ToolFailed, Line: 1, Code: 0x800f0823}},
	},
	"the dialog of features": {
		"Windows couldn’t complete the requested changes.\nWindows couldn't connect to the Internet.\nError code: 0x800F0954",
		[]shown.Record{{Kind: shown.ToolFailed, Line: 3, Code: 0x800f0954, Name: "Windows features"}},
	},
	"the role wizard": {"One or more roles failed.\nThe assembly was not found. Error: 0x80073701", []shown.Record{{Kind: shown.ToolFailed, Line: 2, Code: 0x80073701}}},
	"sfc":             {"There is a system repair pending which requires reboot to complete.", []shown.Record{{Kind: shown.RepairPending, Line: 1}}},
	"a stuck start": {
		"!! 0xc0000034 !! 142/48211 (\\Registry\\Machine\\COMPONENTS)\nFatal error C0000034 applying update operation 1 of 2 (x)",
		[]shown.Record{
			{Kind: shown.StartFailed, Line: 1, Code: 0xc0000034, Path: `\Registry\Machine\COMPONENTS`},
			{Kind: shown.StartFailed, Line: 2, Code: 0xc0000034, Path: "x"},
		},
	},
	"Settings": {title + "\nFailed to install on \u200e11/\u200e14/\u200e2024 - 0x800f0984", []shown.Record{{Kind: shown.UpdateFailed, Line: 2, Code: 0x800f0984, Title: title}}},
	"Settings, in German": {
		title + "\nFehler bei der Installation am 14.11.2024 – 0x80246012", []shown.Record{{Kind: shown.UpdateFailed, Line: 2, Code: 0x80246012, Title: title}},
	},
	"Settings, in a line":      {title + " - Error 0x80246002", []shown.Record{{Kind: shown.UpdateFailed, Line: 1, Code: 0x80246002, Title: title}}},
	"Settings, while it loads": {title + "\nDownload error - 0x80246002", []shown.Record{{Kind: shown.UpdateFailed, Line: 2, Code: 0x80246002, Title: title, Download: true}}},
	"the client of a manager": {
		`<![LOG[Scan failed with error = 0x8024402c.]LOG]!><time="08:31:23.660-60" component="WUAHandler" type="3">`,
		[]shown.Record{{Kind: shown.AgentFailed, Line: 1, Code: 0x8024402c, Name: "WUAHandler"}},
	},
	"a new version": {
		"Windows 11, version 24H2\nLast failed install attempt on 3/1/2025 - 0x80070003",
		[]shown.Record{{Kind: shown.UpdateFailed, Line: 2, Code: 0x80070003, Title: "Windows 11, version 24H2"}},
	},
	"the history of Windows 7": {
		"Security Update (KB2761226)\nInstallation date: 11/15/2012\nInstallation status: Failed\nError details: Code 80070005\nUpdate type: Important",
		[]shown.Record{{Kind: shown.UpdateFailed, Line: 4, Code: 0x80070005, Title: "Security Update (KB2761226)"}},
	},
	"a search of Windows 7":  {"Windows could not search for new updates\nError(s) found:\nCode 80072EE2  Windows Update ran into a problem.", []shown.Record{{Kind: shown.AgentFailed, Line: 3, Code: 0x80072ee2}}},
	"a search of Windows 10": {"Es gab Probleme. Das kann helfen: (0x80072ee2)", []shown.Record{{Kind: shown.AgentFailed, Line: 1, Code: 0x80072ee2}}},
	"a log of transfers":     {"Message     : x\nErrorCode   : 0x80D02002", []shown.Record{{Kind: shown.AgentFailed, Line: 2, Code: 0x80d02002}}},
	"a key": {
		`HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\Packages\Package_for_KB4503292~31bf~amd64~~6.1.1.6` +
			"\n    CurrentState    REG_DWORD    0xffffff90",
		[]shown.Record{{Kind: shown.PackageState, Line: 2, Name: "Package_for_KB4503292~31bf~amd64~~6.1.1.6", State: -112}},
	},
	"an exported key": {
		`[HKEY_LOCAL_MACHINE\X\Component Based Servicing\Packages\Package_for_KB1000001~31bf~amd64~~6.1.1.6]` + "\n\"CurrentState\"=dword:ffffffc0",
		[]shown.Record{{Kind: shown.PackageState, Line: 2, Name: "Package_for_KB1000001~31bf~amd64~~6.1.1.6", State: -64}},
	},
	"a list of states": {
		"Package_for_A~31bf3856ad364e35~amd64~~1.1.1.1   112\nPackage_for_B~31bf3856ad364e35~amd64~~1.1.1.1   -64",
		[]shown.Record{{Kind: shown.PackageState, Line: 2, Name: "Package_for_B~31bf3856ad364e35~amd64~~1.1.1.1", State: -64}},
	},
}

func TestRecords(t *testing.T) {
	for name, tt := range cases {
		if diff := cmp.Diff(tt.want, records(t, tt.text)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if wide := append([]byte{0xff, 0xfe}, winbin.PutUTF16(tt.text)...); !shown.Sniff(wide) {
			t.Errorf("%s: not known in UTF-16", name)
		}
	}
}

// What only looks like it says nothing: advice, success, the parts of other texts.
func TestNothingShown(t *testing.T) {
	for name, text := range map[string]string{
		"advice":                 "Error 0x80070002 or 0x80070003 means that files are missing. For 0x800f081f run DISM /Online /Cleanup-Image /RestoreHealth.",
		"one version":            "Version: 10.0.19041.844\nError: 0x800f081f",
		"a code of its own":      "Error: 0x800f081f",
		"another tool's error":   "chkdsk C:\nError: 3017",
		"what DISM says of it":   "dism /online /get-features\nIndex: 3017\nVersion: 10\nError: none",
		"DISM is done":           "dism /online /cleanup-image /restorehealth\nThe operation completed successfully.",
		"sfc is done":            "Windows Resource Protection did not find any integrity violations.",
		"another cmdlet":         "Get-Item : Cannot find path. Exception from HRESULT: 0x80070002\n+ FullyQualifiedErrorId : x",
		"a cmdlet, then prose":   "Get-WindowsUpdate : nothing to do\n\nSomebody else had 0x8024402C there.",
		"installed":              title + "\nSuccessfully installed on 11/14/2024",
		"failed, then installed": title + "\nSuccessfully installed on 11/15/2024\n" + title + "\nFailed to install on 11/14/2024 - 0x800f0984",
		"searched again": `<![LOG[Scan failed with error = 0x8024402c.]LOG]!><component="WUAHandler">` + "\n" +
			`<![LOG[Successfully completed scan.]LOG]!><component="WUAHandler">`,
		"another's log":                  `<![LOG[Download failed, error = 0x8024402c.]LOG]!><component="DataTransferService">`,
		"a package's name":               "Package_for_KB5046617~31bf3856ad364e35~amd64~~1.1.1.1\nStatus - 0x80246002",
		"a title and other lines":        title + "\nMore info\na\nb\nc\nd\nStatus - 0x80070002",
		"a title and a remark":           title + "\nI read that 0x80070002 is a missing file",
		"the search went well":           "Windows Update\nCode page 1252 is in use",
		"an ordinary state":              `X\Component Based Servicing\Packages\Package_for_KB1~31bf~amd64~~1.1 ` + "\nCurrentState    REG_DWORD    0x70",
		"a state of nothing":             "CurrentState    REG_DWORD    0xffffff90",
		"a start that goes on":           "Applying update operation 12 of 48211 (\\Registry\\Machine)",
		"net, alone, a code of anything": "System error 2 has occurred.\n",
		"sc shows one well":              "SERVICE_NAME: wuauserv\n        START_TYPE         : 3   DEMAND_START",
		"sc shows a process":             "C:\\>sc queryex bits\nSERVICE_NAME: bits\n        STATE              : 4  RUNNING\n        PID                : 1060",
		"sc shows one that never ran":    "SERVICE_NAME: wuauserv\n        STATE              : 1  STOPPED\n        WIN32_EXIT_CODE    : 1077  (0x435)",
		"net, all well":                  "C:\\>net start bits\nThe service was started successfully.\nVersion 10.0.1058",
		"net, stopped":                   "C:\\>net stop bits\nThe service is not started.\nMore help: NET HELPMSG 3521.",
		"another prompt in between":      "C:\\>net start bits\nC:\\>ping host\nReply of 1058 bytes",
		"a call of something else":       "Exception from HRESULT: 0x80070422",
		"an error of no service":         "Error 1058 in my own program.",
		"an installer that is done":      "Installer encountered no error: 0x00000000",
		"a script that fails otherwise":  "x.vbs(11, 1) Microsoft VBScript runtime error: Permission denied",
		"features, and all is well":      "The requested changes were completed.\nError code: 0x800F0954",
		"a transfer that was asked for":  "LevelName   : Info\nErrorCode   : 0x80D02003",
		"a whole log of transfers":       strings.Repeat("ErrorCode   : 0x0\n", 30) + "ErrorCode   : 0x80D02002\nErrorCode   : 0x80D02002",
		"a transfer that is fine":        "ErrorCode   : 0x0\nErrorCode   : 0x80070002",
	} {
		if got := records(t, text); len(got) > 0 || shown.Sniff([]byte(text)) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func FuzzRecords(f *testing.F) {
	for _, c := range cases {
		f.Add([]byte(c.text))
	}
	testdata.Seeds(f, "windows/logs/*", "windows/labelled/*")
	f.Fuzz(func(t *testing.T, b []byte) {
		out, err := shown.Records(strings.NewReader(string(b)))
		if err != nil {
			t.Fatal(err)
		}
		line := 0
		for _, r := range out {
			if r.Kind == 0 || r.Line < line || r.Code != 0 && !r.Code.Failed() || r.Kind == shown.PackageState && r.State >= 0 {
				t.Fatalf("%+v", r)
			}
			line = r.Line
		}
	})
}
