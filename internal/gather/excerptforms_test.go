package gather_test

import (
	"bytes"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/doctor/check"
	"github.com/redx-update/redx/internal/winbin"
	writecab "github.com/redx-update/redx/internal/write/cab"
)

// around are lines of a healthy log, to stand before and behind an excerpt.
const around = "2016-01-01 01:01:01, Info                  CBS    Session: 30_1 initialized by client WindowsUpdateAgent.\n" +
	"2016-01-01 01:01:01, Info                  CBS    Not able to query DisableWerReporting flag.  Assuming not set... [HRESULT = 0x80070002 - ERROR_FILE_NOT_FOUND]\n" +
	"2016-01-01 01:01:02, Info                  CBS    Session: 30_1 finalized. Reboot required: no [HRESULT = 0x00000000 - S_OK]\n"

// excerptForms are the shapes in which the same text comes: encodings, line ends, names of files, a packed log.
var excerptForms = map[string]struct {
	file string
	make func(t *testing.T, text string) []byte
}{
	"of Notepad":         {"CBS (2).log", func(_ *testing.T, s string) []byte { return []byte("\uFEFF" + crlf(s)) }},
	"UTF-16":             {"cbs-excerpt.txt", func(_ *testing.T, s string) []byte { return append([]byte{0xff, 0xfe}, winbin.PutUTF16(crlf(s))...) }},
	"UTF-16, big-endian": {"CBS.log.txt", func(_ *testing.T, s string) []byte { return bigEndian("\uFEFF" + crlf(s)) }},
	"ANSI beside it":     {"log", func(_ *testing.T, s string) []byte { return append([]byte(crlf(s)), "\r\nf\xfcr Gr\xf6\xdfe\r\n"...) }},
	"blank lines":        {"x.log", func(_ *testing.T, s string) []byte { return []byte("\n\n" + strings.ReplaceAll(s, "\n", "\n\n")) }},
	"no last line end":   {"y.log", func(_ *testing.T, s string) []byte { return []byte(strings.TrimRight(s, "\n")) }},
	"packed":             {"CbsPersist_20240111080000.cab", packed},
}

// otherLog tells excerpts of setup, drivers and DISM.
var otherLog = regexp.MustCompile(` (?:MIG|SP|DISM) |\binf: `)

func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

func bigEndian(s string) []byte {
	b := winbin.PutUTF16(s)
	for i := 0; i+1 < len(b); i += 2 {
		b[i], b[i+1] = b[i+1], b[i]
	}
	return b
}

func packed(t *testing.T, s string) []byte {
	t.Helper()
	at := time.Date(2024, 1, 11, 8, 0, 0, 0, time.UTC)
	b, err := writecab.Encode([]writecab.File{writecab.Bytes("CbsPersist_20240111080000.log", at, []byte(s))}, writecab.Options{Method: writecab.LZX})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// What an excerpt leads to does not depend on how it was saved, nor on healthy lines before and behind it.
func TestExcerptForms(t *testing.T) {
	for _, tc := range excerpts {
		name, _, _ := strings.Cut(tc.text, "\n")
		for form, f := range excerptForms {
			if form == "packed" && otherLog.MatchString(tc.text) {
				continue // Windows packs the logs of servicing alone
			}
			leads(t, form+" "+name, f.file, f.make(t, tc.text+"\n"), tc.want)
		}
		if strings.Contains(tc.text, " CBS ") || strings.Contains(tc.text, " CSI ") {
			leads(t, "among others "+name, "CBS.log", []byte(around+tc.text+"\n"+around), tc.want)
			leads(t, "cut off "+name, "CBS.log", []byte("ound\n"+tc.text+"\n"+around[:len(around)-40]), tc.want)
		}
	}
}

func leads(t *testing.T, name, file string, data []byte, want string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), file)
	writeFile(t, path, bytes.Clone(data))
	var wanted []string
	if want != "" {
		wanted = []string{want}
	}
	if got := roots(doctor.Examine(ofLogs(t, path), check.All())); !slices.Equal(got, wanted) {
		t.Errorf("%.80s: leads to %q, want %q", name, got, wanted)
	}
}

const (
	begins = "2024-01-11 03:12:41, Info                  CBS    Session: %[1]s initialized by client WindowsUpdateAgent.\n"
	lost   = "2024-01-11 03:14:55, Info                  CBS    Failed to find file: %[2]s [HRESULT = 0x80070002 - ERROR_FILE_NOT_FOUND]\n"
	noMUM  = "2024-01-11 03:14:55, Info                  CBS    Store corruption, manifest missing for package: Package_1_for_KB5032189~31bf3856ad364e35~arm64~~10.0.1.7\n"
	failed = "2024-01-11 03:14:56, Info                  CBS    Session: %[1]s finalized. Reboot required: no [HRESULT = 0x80070002 - ERROR_FILE_NOT_FOUND]\n"
	ended  = "2024-01-12 03:14:56, Info                  CBS    Session: %[1]s finalized. Reboot required: no [HRESULT = 0x00000000 - S_OK]\n"
	works  = "2024-01-12 03:14:50, Info                  CBS    Exec: Processing complete.  Session: %[1]s, Package: Package_for_RollupFix~31bf3856ad364e35~amd64~~26100.1742.1.10, Identifier: KB5043080 [HRESULT = 0x00000000 - S_OK]\n"

	arm   = `arm64_microsoft-windows-directwrite_31bf3856ad364e35_10.0.26100.1742_none_4a9c1c6f0f7e2d31\DWrite.dll`
	wow   = `wow64_microsoft-windows-directwrite_31bf3856ad364e35_10.0.26100.1742_none_4a9c1c6f0f7e2d32\DWrite.dll`
	msil  = `msil_system.windows.forms_b77a5c561934e089_10.0.26100.1_none_4a9c1c6f0f7e2d33\System.Windows.Forms.dll`
	amd64 = `amd64_microsoft-windows-directwrite_31bf3856ad364e35_10.0.26100.1742_none_4a9c1c6f0f7e2d34\DWrite.dll`
)

// Whole sessions: what several of them lead to, and what comes to nothing because a later one went well.
func TestExcerptSessions(t *testing.T) {
	session := func(id, file string, lines ...string) string {
		out := ""
		for _, l := range lines {
			out += strings.NewReplacer("%[1]s", id, "%[2]s", file).Replace(l)
		}
		return out
	}
	for name, tt := range map[string]struct{ log, want string }{
		"arm64":                         {session("31_1", arm, begins, lost, failed), "component-payload-missing"},
		"wow64":                         {session("31_1", wow, begins, lost, failed), "component-payload-missing"},
		"msil":                          {session("31_1", msil, begins, lost, failed), "component-payload-missing"},
		"the end alone":                 {session("31_1", amd64, lost, failed), "component-payload-missing"},
		"the beginning alone":           {session("31_1", amd64, begins, lost), "component-payload-missing"},
		"a package, then another":       {session("31_1", "", begins, noMUM, failed) + session("32_1", "", begins, works, ended), ""},
		"failed, and others are fine":   {session("30_1", "", begins, ended) + session("31_1", amd64, begins, lost, failed) + session("32_1", "", begins, ended), "component-payload-missing"},
		"nothing failed in it":          {session("31_1", amd64, begins, works, ended), ""},
		"a session without an end":      {session("31_1", "", begins, noMUM), "package-manifest-missing"},
		"the same fault in two of them": {session("31_1", amd64, begins, lost, failed) + session("32_1", amd64, begins, lost, failed), "component-payload-missing"},
	} {
		leads(t, name, "CBS.log", []byte(tt.log), tt.want)
	}
	two := session("31_1", amd64, begins, lost, failed) + session("32_1", "", begins, noMUM, failed)
	path := filepath.Join(t.TempDir(), "CBS.log")
	writeFile(t, path, []byte(two))
	got := roots(doctor.Examine(ofLogs(t, path), check.All()))
	if slices.Sort(got); !slices.Equal(got, []string{"component-payload-missing", "package-manifest-missing"}) {
		t.Errorf("two sessions with a cause each: got %q", got)
	}
}
