package poqexec

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/winbin"
)

var at = time.Date(2024, 1, 11, 2, 14, 55, 0, time.UTC)

func sample() []byte {
	return fmt.Appendf(nil, "%x: 12c;Move File: Source = \\SystemRoot\\a, Destination = \\SystemRoot\\b\r\n%x: c0000034;failed\r\n",
		winbin.PutFiletime(at), winbin.PutFiletime(at))
}

func TestScanner(t *testing.T) {
	want := []Entry{{Line: 1, Time: at}, {Line: 2, Time: at, Code: 0xc0000034}}
	var got []Entry
	s := NewScanner(bytes.NewReader(sample()))
	for s.Scan() {
		e := *s.Entry()
		e.Text = nil
		got = append(got, e)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("entries differ (-want +got):\n%s", d)
	}
}

func TestSniff(t *testing.T) {
	for head, want := range map[string]bool{
		string(sample()):                true,
		"0123456789abcdef: a GUID part": false,
		"2024-01-11 x":                  false,
		"":                              false,
	} {
		if got := Sniff([]byte(head)); got != want {
			t.Errorf("Sniff(%q) = %v, want %v", head, got, want)
		}
	}
}

func FuzzPoqexec(f *testing.F) {
	f.Add(sample())
	f.Fuzz(func(t *testing.T, data []byte) {
		Sniff(data)
		s := NewScanner(bytes.NewReader(data))
		lines := 0
		for s.Scan() {
			lines++
		}
		if lines > len(data) {
			t.Fatalf("%d lines in %d bytes", lines, len(data))
		}
	})
}
