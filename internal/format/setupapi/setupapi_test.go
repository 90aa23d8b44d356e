package setupapi

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/testdata"
)

const sample = `[Device Install Log]
     OS Version = 10.0.19045

[BeginLog]

>>>  [Device Install (Hardware initiated) - USB\VID_1]
>>>  Section start 2024/01/11 03:14:55.120
     inf: Opened INF: 'C:\Windows\INF\oem1.inf'
!    inf: Unable to load INF: 'C:\Windows\System32\DriverStore\FileRepository\x.inf_amd64_0123456789abcdef\x.inf'(00000003)
!!!  sto: Failed to import driver package. Error = 0x00000003
!!!  dvi: Error 2: The system cannot find the file specified.
<<<  Section end 2024/01/11 03:14:55.300
<<<  [Exit status: FAILURE(0x00000003)]
between
`

func TestScanner(t *testing.T) {
	type row struct {
		Line              int
		Section, Category string
		Level             Level
		Exit              string
		Code              hresult.Code
	}
	var got []row
	s := NewScanner(strings.NewReader(sample))
	for s.Scan() {
		e := s.Entry()
		c, _ := ParseCode(e.Text)
		if c != 0 || e.Line == 14 {
			got = append(got, row{e.Line, e.Section, e.Category, e.Level, e.Exit, c})
		}
	}
	section := `Device Install (Hardware initiated) - USB\VID_1`
	want := []row{
		{9, section, "inf", Warning, "", 0x80070003},
		{11, section, "dvi", Error, "", 0x80070002},
		{13, section, "", Plain, "FAILURE(0x00000003)", 0x80070003},
		{Line: 14},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("entries differ (-want +got):\n%s", d)
	}
}

// Lines that lost their marks are known when all of them have a category and one names an INF file.
func TestSniffPlain(t *testing.T) {
	for text, want := range map[string]bool{
		"inf: Opened INF: 'C:\\Windows\\INF\\oem27.inf'\nsto: {Stage}\n": true,
		"ound\n     inf:      Unable to load INF: 'x.inf'(00000003)\n":   true,
		"dvi: {Build Driver List}\ndvi:      Searching\n":                false,
		"inf: the autorun.inf of a disc\nand other words\n":              false,
		"": false,
	} {
		if Sniff([]byte(text)) != want {
			t.Errorf("%q: sniffed %v", text, !want)
		}
	}
}

func TestParseCode(t *testing.T) {
	for text, want := range map[string]hresult.Code{
		"exit(0x00000000)":                     0,
		"Exit status: FAILURE(0xe0000247)":     0xe0000247,
		"Error 0xe0000219: No class installer": 0xe0000219,
		"Error 99999999999: too large":         0,
		"x.inf(00000002)":                      0x80070002,
	} {
		if got, ok := ParseCode([]byte(text)); got != want || ok != (want != 0) {
			t.Errorf("ParseCode(%q) = %v %v, want %v", text, got.Hex(), ok, want.Hex())
		}
	}
}

func TestRealLog(t *testing.T) {
	data := testdata.Open(t, "windows/logs/setupapi.dev.log")
	if !Sniff(data) {
		t.Error("not recognised")
	}
	s := NewScanner(bytes.NewReader(data))
	sections := map[string]int{}
	var start time.Time
	for s.Scan() {
		if e := s.Entry(); e.Section != "" {
			sections[e.Section]++
			start = e.Time
		}
	}
	// The section is open to the end of the sample, and its head lines belong to it.
	_, section, _ := bytes.Cut(data, []byte(">>>"))
	want := bytes.Count(section, []byte("\n")) + 1
	if sections["Uninstall Driver Updates"] != want || start != time.Date(2022, 9, 14, 21, 28, 18, 119e6, time.UTC) {
		t.Errorf("sections %v (want %d lines), started %v", sections, want, start)
	}
}

func FuzzSetupapi(f *testing.F) {
	f.Add([]byte(sample))
	testdata.Seeds(f, "windows/logs/setupapi*.log")
	f.Fuzz(func(t *testing.T, data []byte) {
		Sniff(data)
		s := NewScanner(bytes.NewReader(data))
		lines := 0
		for s.Scan() {
			lines++
			ParseCode(s.Entry().Text)
		}
		if lines > len(data) {
			t.Fatalf("%d lines in %d bytes", lines, len(data))
		}
	})
}
