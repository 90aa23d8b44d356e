package pfro

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/winbin"
)

const sample = "1/11/2024 3:14:55 - PFRO Error: \\??\\C:\\a.tmp, |delete operation|, 0xc0000034\r\n" +
	"1/11/2024 3:14:55 - PFRO Error: \\??\\C:\\b.dll, \\??\\C:\\c.dll, 0xc0000022\r\n" +
	"1/11/2024 3:4:5 - 2 Successful PFRO operations\r\n\r\nnothing\r\n"

func TestScanner(t *testing.T) {
	at := time.Date(2024, 1, 11, 3, 14, 55, 0, time.UTC)
	want := []Entry{
		{Line: 1, Time: at, Path: `\??\C:\a.tmp`, Code: 0xc0000034},
		{Line: 2, Time: at, Path: `\??\C:\b.dll`, Target: `\??\C:\c.dll`, Code: 0xc0000022},
		{Line: 3, Time: time.Date(2024, 1, 11, 3, 4, 5, 0, time.UTC)}, // Windows does not pad
		{Line: 4},
		{Line: 5},
	}
	wide := append([]byte{0xff, 0xfe}, winbin.PutUTF16(sample)...)
	if !Sniff(wide) || Sniff([]byte("1/11/2024 something else")) {
		t.Error("Sniff is wrong")
	}
	var got []Entry
	s := NewScanner(bytes.NewReader(wide))
	for s.Scan() {
		e := *s.Entry()
		e.Text = nil
		got = append(got, e)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("entries differ (-want +got):\n%s", d)
	}
}

func FuzzPFRO(f *testing.F) {
	f.Add([]byte(sample))
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
