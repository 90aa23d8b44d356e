package cbslog_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/format/cbslog"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/servicing"
	"github.com/redx-update/redx/internal/update"
)

func TestHResult(t *testing.T) {
	type want struct {
		Code   hresult.Code
		Symbol string
		OK     bool
	}
	for in, w := range map[string]want{
		"Failed. [HRESULT = 0x80070002 - ERROR_FILE_NOT_FOUND]":                     {0x80070002, "ERROR_FILE_NOT_FOUND", true},
		"Session: 1_2 finalized. Reboot required: no [HRESULT = 0x00000000 - S_OK]": {0, "S_OK", true},
		"Failed to OpenPackage [HRESULT = 0x800f0805]":                              {0x800f0805, "", true},
		"Failed [HRESULT = 0x80240010 - U":                                          {0x80240010, "", true},
		"Failed [HRESULT = 0x80240010 - Unknown Error]":                             {0x80240010, "", true},
		"Failed [HRESULT = ":                         {},
		"Failed, HRESULT=0x800f081f":                 {0x800f081f, "", true},
		"get_ServicingStackDirectory(hr:0x80070003)": {0x80070003, "", true},
		"falling back: hr = 0x80070002":              {0x80070002, "", true},
		"(F) Failed in StartService for [30]\"clr\" with error code 2[gle=0x80004005]": {0x80070002, "", true},
		"(F) 80070002 [Warning,Facility=FACILITY_NTWIN32,Code=ERROR_FILE_NOT_FOUND] #17049# from Windows::COM::X(...)[gle=0x80070005]": {
			0x80070002, "ERROR_FILE_NOT_FOUND", true,
		},
		"(F) STATUS_OBJECT_NAME_NOT_FOUND #1# from SysCreateFile[gle=0xd0000034]": {0xd0000034, "", true},
		"Doqe: Recording result: 0x80070003, for Inf: ntprint4.inf":               {0x80070003, "", true},
		"Disposition from Analyze: 0x1":                                           {},
		"Perf: LRU Cache Clear @0x27b07aa70e0":                                    {},
		"at 0x80070002ab":                                                         {},
		"with error code 2a":                                                      {},
		"no code":                                                                 {},
		"":                                                                        {},
	} {
		code, symbol, ok := cbslog.HResult(in)
		if diff := cmp.Diff(w, want{code, symbol, ok}); diff != "" {
			t.Errorf("%q (-want +got):\n%s", in, diff)
		}
	}
}

func TestStatus(t *testing.T) {
	name, ok := cbslog.Status(`0000 @ (F) STATUS_OBJECT_NAME_NOT_FOUND #1# from SysCreateFile on:[3]"abc"`)
	if name != "STATUS_OBJECT_NAME_NOT_FOUND" || !ok {
		t.Errorf("got %q, %v", name, ok)
	}
	if name, ok := cbslog.Status("(F) 80070002 [Warning]"); ok {
		t.Errorf("got %q for a number", name)
	}
}

func TestStrings(t *testing.T) {
	for in, want := range map[string][]string{
		`of [l:36{18}]"Microsoft-Windows." and [l:2{1}]"x"`: {"Microsoft-Windows.", "x"},
		`for [30]"clr_optimization_v4.0.30319_32" with`:     {"clr_optimization_v4.0.30319_32"},
		`[l:9]'ntdll.dll'; [l:3 ml:140]'a'b' end`:           {"ntdll.dll", "a'b"},
		`[ml:26{13},l:24{12}]"pending.xml!"`:                {"pending.xml!"},
		`[l:4]'äöüß'`:                                       {"äöüß"},
		`[l:99]'wrong length' and [x]"none" [7]none`:        {"wrong length"},
		`{l:32 b:00} [gle=0x80004005] [`:                    nil,
		`[99999999999999999999]"a"`:                         nil,
		`[5]"open`:                                          nil,
		`[0]""[1]"b"`:                                       {"", "b"},
		strings.Repeat("[", 50):                             nil,
		"[2000]'a'" + strings.Repeat("x", 1998) + "'":       {"a"}, // so long a length is not counted out
	} {
		if diff := cmp.Diff(want, cbslog.Strings(in)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", in, diff)
		}
	}
}

var (
	twain = servicing.Component{
		Arch: "amd64", Name: "microsoft-windows-twain", Token: "31bf3856ad364e35", Version: "10.0.19041.1", Culture: "none",
		Hash: "0123456789abcdef",
	}
	owner = servicing.Component{
		Arch: "x86", Name: "servicing", Token: "31bf3856ad364e35", Version: "6.0.6000.16386", Culture: "none",
		Hash: "23ddbf36a8a961bc",
	}
	kb = servicing.Package{Name: "Package_for_KB1234567", Token: "31bf3856ad364e35", Arch: "amd64", Version: "10.0.1.2"}
)

func TestParseCorruption(t *testing.T) {
	for in, want := range map[string]cbslog.Corruption{
		"(p)\tCSI Payload Corrupt\t(n)\t\t\t" + twain.String() + `\twain.dll`: {
			Mark: "p", Kind: "CSI Payload Corrupt", Flag: "n", Target: twain.String() + `\twain.dll`, File: "twain.dll", Component: twain,
		},
		"(p)\tCSI Payload Corrupt\t(w)\t(Fixed)\t" + twain.String() + `\twain.dll`: {
			Mark: "p", Kind: "CSI Payload Corrupt", Flag: "w", Fixed: true, Target: twain.String() + `\twain.dll`,
			File: "twain.dll", Component: twain,
		},
		"(p)\tCSI Payload Corrupt\t\t\t" + twain.String() + `\sub\twain 32.dll`: { // 6.x
			Mark: "p", Kind: "CSI Payload Corrupt", Target: twain.String() + `\sub\twain 32.dll`, File: `sub\twain 32.dll`, Component: twain,
		},
		"(p) CSI Payload Corrupt (n) " + twain.String() + `\twain.dll`: { // pasted
			Mark: "p", Kind: "CSI Payload Corrupt", Flag: "n", Target: twain.String() + `\twain.dll`, File: "twain.dll", Component: twain,
		},
		"(p)\tCSI Manifest Corrupt\t(b)\t\t" + twain.String(): {
			Mark: "p", Kind: "CSI Manifest Corrupt", Flag: "b", Target: twain.String(), Component: twain,
		},
		"(p)\tCBS MUM Missing\t(n)\t\t" + kb.String(): {
			Mark: "p", Kind: "CBS MUM Missing", Flag: "n", Target: kb.String(), Package: kb,
		},
		"(f)\tCBS MUM Missing\t0x00000002\tservicing\\Packages\\" + kb.String() + ".mum": {
			Mark: "f", Kind: "CBS MUM Missing", Status: "0x00000002", Target: `servicing\Packages\` + kb.String() + ".mum",
			File: `servicing\Packages\` + kb.String() + ".mum", Package: kb,
		},
		"(f)\tCSI Manifest All Zeros\t0x00000000\twinsxs\\Manifests\\" + twain.String() + ".manifest\t" + twain.String(): {
			Mark: "f", Kind: "CSI Manifest All Zeros", Status: "0x00000000", Target: `winsxs\Manifests\` + twain.String() + ".manifest",
			File: `winsxs\Manifests\` + twain.String() + ".manifest", Component: twain, Owner: twain,
		},
		"(f) CSI Payload File Missing 0x00000000 admparse.dll " + twain.String() + " " + owner.String(): {
			Mark: "f", Kind: "CSI Payload File Missing", Status: "0x00000000", Target: "admparse.dll", File: "admparse.dll",
			Component: twain, Owner: owner,
		},
		"(fix)\tCSI Payload File Missing\tCSI File Replaced\tFile: bootmgr From: C:\\x.cab": {
			Mark: "fix", Kind: "CSI Payload File Missing", Fixed: true, Target: "bootmgr", File: "bootmgr",
		},
		"(fix)\tCBS MUM Missing\tCBS File Replaced\tPackage_1_for_KB1000001~31bf3856ad364e35~amd64~~6.0.1.0.mum from Cabinet: C:\\x.cab": {
			Mark: "fix", Kind: "CBS MUM Missing", Fixed: true, Target: "Package_1_for_KB1000001~31bf3856ad364e35~amd64~~6.0.1.0.mum",
			File:    "Package_1_for_KB1000001~31bf3856ad364e35~amd64~~6.0.1.0.mum",
			Package: servicing.Package{Name: "Package_1_for_KB1000001", Token: "31bf3856ad364e35", Arch: "amd64", Version: "6.0.1.0"},
		},
		"(fix) CSI Payload File Missing 0x00000000 bootmgr " + twain.String(): {
			Mark: "fix", Kind: "CSI Payload File Missing", Fixed: true, Status: "0x00000000", Target: "bootmgr", File: "bootmgr",
			Component: twain,
		},
		"(p) only": {Mark: "p", Kind: "only"},
	} {
		got, ok := cbslog.ParseCorruption(in)
		if diff := cmp.Diff(want, got); diff != "" || !ok {
			t.Errorf("%q: ok %v (-want +got):\n%s", in, ok, diff)
		}
	}
	for _, in := range []string{"", "(p)", "(px)\tCSI", "p) x", "(F) 80070002", "(fix", strings.Repeat("(p)\tx", 10000)} {
		if got, ok := cbslog.ParseCorruption(in); ok {
			t.Errorf("%.20q: got %+v, want none", in, got)
		}
	}
}

func TestParseSession(t *testing.T) {
	for in, want := range map[string]cbslog.SessionLine{
		"Session: 30_23 initialized by client LanguageFeaturesOnDemand, external staging directory: (null), external registry directory: (null)": {
			ID: "30_23", Client: "LanguageFeaturesOnDemand", Begins: true,
		},
		"Session: 30_23 initialized by client DISM Package Manager Provider":           {ID: "30_23", Client: "DISM Package Manager Provider", Begins: true},
		"Session: 30_23 finalized. Reboot required: no [HRESULT = 0x00000000 - S_OK]":  {ID: "30_23", Ends: true},
		"Session: 30_23 finalized. Reboot required: yes [HRESULT = 0x00000000 - S_OK]": {ID: "30_23", Ends: true, Reboot: true},
		"Session: 30_23": {ID: "30_23"},
		"Exec: Processing started.  Client: X, Session(Corruption Repairing): 30_23": {ID: "30_23"},
		"Exec: Processing complete":        {},
		"Session: new":                     {},
		"Session: ___":                     {},
		"Lock removed: CCbsSessionManager": {},
	} {
		got, ok := cbslog.ParseSession(in)
		if diff := cmp.Diff(want, got); diff != "" || ok != (want.ID != "") {
			t.Errorf("%q: ok %v (-want +got):\n%s", in, ok, diff)
		}
	}
}

func TestParts(t *testing.T) {
	version, core, ok := cbslog.ParseStack(`Loaded Servicing Stack v10.0.19041.5547 with Core: C:\x\cbscore.dll`)
	if version != "10.0.19041.5547" || core != `C:\x\cbscore.dll` || !ok {
		t.Errorf("ParseStack: got %q, %q, %v", version, core, ok)
	}
	at, ok := cbslog.ParseUniversalTime("Universal Time is: 2022-09-15 05:18:07.052")
	if want := time.Date(2022, 9, 15, 5, 18, 7, 52e6, time.UTC); !at.Equal(want) || !ok {
		t.Errorf("ParseUniversalTime: got %v, %v; want %v", at, ok, want)
	}
	id, ok := cbslog.ParseUpdate("WU creates the package, AppID:<<PROCESS>>: a.exe, UpdateID:{33D6CF13-224E-459B-AD4F-AF8C5E3CC469}, revision: 202")
	if want := (update.ID{GUID: guid.MustParse("33d6cf13-224e-459b-ad4f-af8c5e3cc469"), Revision: 202}); id != want || !ok {
		t.Errorf("ParseUpdate: got %v, %v; want %v", id, ok, want)
	}
	for in, want := range map[string]servicing.File{
		"Failed to find file: " + twain.String() + `\a.dll [HRESULT = 0x80070002 - ERROR_FILE_NOT_FOUND]`: {Component: twain, Name: "a.dll"},
		"Failed to find file: " + twain.String() + `DWrite.dll [HRESULT = 0x80070002]`:                    {Component: twain, Name: "DWrite.dll"},
		`Failed to find file: C:\x.mum`: {Name: `C:\x.mum`},
		"Failed to find file: ":         {},
		"Failed to find it":             {},
	} {
		got, ok := cbslog.ParseMissingFile(in)
		if diff := cmp.Diff(want, got); diff != "" || ok != (want.Name != "") {
			t.Errorf("%q: ok %v (-want +got):\n%s", in, ok, diff)
		}
	}
	for in, want := range map[string]cbslog.DriverResult{
		"Doqe: Recording result: 0x80070003, for Inf: ntprint4.inf":  {INF: "ntprint4.inf", Code: 0x80070003},
		"INSTALL index: 69, phase: 1, result 3, inf: ntprint4.inf":   {INF: "ntprint4.inf", Code: 0x80070003},
		"INSTALL index: 69, phase: 1, result 0, inf: a.inf":          {INF: "a.inf"},
		"INSTALL index: 69, phase: 1, result 0x80070002, inf: a.inf": {INF: "a.inf", Code: 0x80070002},
	} {
		got, ok := cbslog.ParseDriver(in)
		if diff := cmp.Diff(want, got); diff != "" || !ok {
			t.Errorf("%q: ok %v (-want +got):\n%s", in, ok, diff)
		}
	}
}

func TestParseMemberFile(t *testing.T) {
	c := servicing.Component{Name: "Microsoft-Windows-X", Version: "10.0.17763.1", Arch: "amd64", Token: "31bf3856ad364e35"}
	old := servicing.Component{Name: "Microsoft-Windows-X", Version: "6.1.7600.16385", Arch: "x86", Token: "31bf3856ad364e35", Culture: "neutral"}
	for in, want := range map[string]cbslog.MemberFile{
		"Cannot repair member file [l:5]'a.lnk' of Microsoft-Windows-X, version 10.0.17763.1, arch amd64, nonSxS, pkt {l:8 b:31bf3856ad364e35} in the store, file is missing": {
			File: "a.lnk", Component: c, Missing: true,
		},
		"Cannot repair member file [l:10{5}]\"a.lnk\" of Microsoft-Windows-X, Version = 6.1.7600.16385, pA = PROCESSOR_ARCHITECTURE_INTEL (0), Culture neutral, VersionScope = 1 nonSxS, PublicKeyToken = {l:8 b:31bf3856ad364e35}, Type neutral, TypeName neutral, PublicKey neutral in the store, hash mismatch": {
			File: "a.lnk", Component: old,
		},
		"Repaired member file [l:5]'a.lnk'": {File: "a.lnk", Repaired: true},
	} {
		got, ok := cbslog.ParseMemberFile(in)
		if diff := cmp.Diff(want, got); diff != "" || !ok {
			t.Errorf("%q: ok %v (-want +got):\n%s", in, ok, diff)
		}
	}
	if got, ok := cbslog.ParseMemberFile("Verifying 100 components"); ok {
		t.Errorf("got %+v, want none", got)
	}
}
