package evtx_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/format/evtx"
	"github.com/redx-update/redx/internal/testdata"
)

var samples = []string{
	"windows/evtx/Win10_Belkasoft_Microsoft-Windows-Bits-Client-Operational.evtx.gz",
	"windows/evtx/Win10_Belkasoft_Microsoft-Windows-WindowsUpdateClient-Operational.evtx",
	"windows/evtx/Win10_Rathbun_Setup.evtx",
	"windows/evtx/Win10_Rathbun_System.evtx.gz",
	"windows/evtx/Win10_omerbenamram_system.evtx.gz",
}

// TestEvtxexport holds every element, attribute and text of every event against evtxexport's.
func TestEvtxexport(t *testing.T) {
	for _, name := range samples {
		t.Run(filepath.Base(name), func(t *testing.T) {
			b := testdata.Open(t, name)
			want := flatten(t, export(t, b))
			var all bytes.Buffer
			n := 0
			for r := range records(t, b, nil) {
				x, err := r.AppendXML(nil)
				if err != nil {
					t.Errorf("record %d: %v", r.Number, err)
				}
				all.Write(x)
				if n++; r.Provider == "Microsoft-Windows-WindowsUpdateClient" && n <= len(want) {
					if d := cmp.Diff(data(want[n-1]), r.Data); d != "" {
						t.Errorf("fields of event %d (-evtxexport +ours):\n%s", n, d)
					}
				}
			}
			got := flatten(t, all.Bytes())
			if len(got) < len(want) {
				t.Fatalf("%d events, evtxexport has %d", len(got), len(want))
			}
			for i := range want {
				if !slices.Equal(want[i], got[i]) {
					t.Errorf("event %d (-evtxexport +ours):\n%s", i+1, cmp.Diff(want[i], got[i]))
				}
			}
		})
	}
}

// records gives the records of a sound file; damage fails the test.
func records(t testing.TB, b []byte, want evtx.Filter) func(func(*evtx.Record) bool) {
	t.Helper()
	f, err := evtx.Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return func(yield func(*evtx.Record) bool) {
		for r, err := range f.Records(want) {
			if err != nil {
				t.Error(err)
				continue
			}
			if !yield(r) {
				return
			}
		}
	}
}

func export(t *testing.T, b []byte) []byte {
	t.Helper()
	tool := testdata.Tool(t, "evtxexport")
	path := filepath.Join(t.TempDir(), "log.evtx")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(tool, "-f", "xml", path).Output()
	if err != nil {
		t.Fatalf("evtxexport: %v", err)
	}
	_, events, _ := bytes.Cut(out, []byte("\n\n"))
	return events
}

// flatten turns a row of events into lists of "path=text" and "path@attribute=value".
func flatten(t *testing.T, b []byte) (events [][]string) {
	t.Helper()
	dec := xml.NewDecoder(bytes.NewReader(b))
	dec.Strict = false
	var path []string
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return events
		}
		if err != nil {
			t.Fatalf("after %d events: %v", len(events), err)
		}
		if _, start := tok.(xml.StartElement); start && len(path) == 0 {
			events = append(events, nil)
		}
		if len(events) == 0 {
			continue
		}
		last := &events[len(events)-1]
		switch tok := tok.(type) {
		case xml.StartElement:
			path = append(path, tok.Name.Local)
			*last = append(*last, strings.Join(path, "/"))
			for _, a := range tok.Attr {
				*last = append(*last, strings.Join(path, "/")+"@"+a.Name.Local+"="+a.Value)
			}
		case xml.EndElement:
			path = path[:len(path)-1]
		case xml.CharData:
			if s := strings.TrimSpace(string(tok)); s != "" {
				*last = append(*last, strings.Join(path, "/")+"="+unpad(s))
			}
		}
	}
}

// data picks the named Data out of a flattened event.
func data(event []string) (fields []evtx.Field) {
	for _, line := range event {
		if name, ok := strings.CutPrefix(line, "Event/EventData/Data@Name="); ok {
			fields = append(fields, evtx.Field{Name: name})
		} else if value, ok := strings.CutPrefix(line, "Event/EventData/Data="); ok {
			fields[len(fields)-1].Value = value
		}
	}
	return fields
}

// unpad drops leading zeros of hexadecimal numbers: evtxexport pads them to the width of the type, Windows does not.
// It also rights the -1 that evtxexport prints as minus the lower 31 bits.
func unpad(s string) string {
	if s == "-2147483647" {
		return "-1"
	}
	if digits, ok := strings.CutPrefix(s, "0x"); ok && len(digits) > 1 {
		return "0x" + strings.TrimLeft(digits[:len(digits)-1], "0") + digits[len(digits)-1:]
	}
	return s
}
