package term_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/redx-update/redx/internal/term"
)

func TestPaint(t *testing.T) {
	colour := term.Style{Colour: true}
	for _, tt := range []struct {
		style      term.Style
		attr       term.Attr
		text, want string
	}{
		{colour, term.Red, "X", "\x1b[31mX\x1b[0m"},
		{colour, term.Red, "", ""},
		{colour, "", "X", "X"},
		{term.Style{}, term.Red, "X", "X"},
	} {
		if got := tt.style.Paint(tt.attr, tt.text); got != tt.want {
			t.Errorf("%q in %q: got %q, want %q", tt.text, tt.attr, got, tt.want)
		}
	}
}

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"C:\\Ordner\\für 更新 😀.cab": "C:\\Ordner\\für 更新 😀.cab",
		"a\x1b[2Jb":                "a [2Jb",
		"a\x1b]0;title\x07b":       "a ]0;title b",
		"a\u009b31mb":              "a 31mb", // C1: CSI in one character
		"a\r\nb\tc\x00\x7f":        "a  b c  ",
		"gpj.\u202egnp":            "gpj. gnp",
		"a\u2066b\u2028c":          "a b c",
		"a\x9bb":                   "a\uFFFDb", // the same as a byte that is no UTF-8
	} {
		if got := term.Printable(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestDetect(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	none := func(string) string { return "" }
	if s := term.Detect(file, file, none); s.Colour || s.Progress || s.Width != 100 {
		t.Errorf("a file: got %+v", s)
	}
	device, err := os.Open(os.DevNull) // a character device, as terminals are
	if err != nil {
		t.Fatal(err)
	}
	defer device.Close()
	if s := term.Detect(device, device, none); s.Colour || s.Progress {
		t.Errorf("the null device is no terminal: got %+v", s)
	}
	for name, value := range map[string]string{"NO_COLOR": "1", "TERM": "dumb"} {
		env := func(k string) string {
			if k == name {
				return value
			}
			return ""
		}
		if s := term.Detect(device, device, env); s.Colour {
			t.Errorf("%s=%s: coloured all the same", name, value)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, tt := range []struct {
		text  string
		width int
		want  []string
	}{
		{"", 10, []string{""}},
		{"one two  three", 7, []string{"one two", "three"}},
		{"für dich da", 8, []string{"für dich", "da"}}, // characters count, not bytes
		{"a verylongword b", 6, []string{"a", "verylongword", "b"}},
	} {
		if got := term.Wrap(tt.text, tt.width); !slices.Equal(got, tt.want) {
			t.Errorf("%q at %d: got %q, want %q", tt.text, tt.width, got, tt.want)
		}
	}
}
