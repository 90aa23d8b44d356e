package textline_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/format/textline"
	"github.com/redx-update/redx/internal/winbin"
)

func lines(r io.Reader) ([]string, *textline.Reader) {
	lr := textline.NewReader(r)
	var got []string
	for lr.Next() {
		got = append(got, string(lr.Bytes()))
	}
	return got, lr
}

func TestLines(t *testing.T) {
	wide := func(s string) string { return string(winbin.PutUTF16(s)) }
	big := func(s string) string {
		b := winbin.PutUTF16(s)
		for i := 0; i < len(b); i += 2 {
			b[i], b[i+1] = b[i+1], b[i]
		}
		return string(b)
	}
	for _, c := range []struct {
		name, in string
		want     []string
	}{
		{"empty", "", nil},
		{"only a mark", "\xef\xbb\xbf", nil},
		{"no ending", "a", []string{"a"}},
		{"LF", "a\n\nb\n", []string{"a", "", "b"}},
		{"CRLF", "a\r\n\r\nb\r\n", []string{"a", "", "b"}},
		{"bare CR", "a\r\rb\r", []string{"a", "", "b"}},
		{"mixed", "a\rb\r\nc\nd\n\re", []string{"a", "b", "c", "d", "", "e"}},
		{"twice translated CRLF", "a\r\r\nb", []string{"a", "", "b"}},
		{"BOM", "\xef\xbb\xbfä\nb", []string{"ä", "b"}},
		{"mark in the middle stays", "a\n\ufeffb", []string{"a", "\ufeffb"}},
		{"UTF-16LE with BOM", "\xff\xfe" + wide("añ€𝄞\r\nb\n"), []string{"añ€𝄞", "b"}},
		{"UTF-16LE without BOM", wide("2022-01-01 a log\r\nb"), []string{"2022-01-01 a log", "b"}},
		{"UTF-16BE with BOM", "\xfe\xff" + big("añ\r\nb"), []string{"añ", "b"}},
		{"UTF-16 with an odd last byte", "\xff\xfe" + wide("ab\n") + "c", []string{"ab", "�"}},
		{"UTF-16 with a lone surrogate", "\xff\xfea\x00\x00\xd8b\x00", []string{"a�b"}},
		{"ANSI", "Stra\xdfe\nplain\n\x80", []string{"Straße", "plain", "€"}},
		{"zeros are not UTF-16", strings.Repeat("\x00", 40), []string{strings.Repeat("\x00", 40)}},
	} {
		for _, source := range []struct {
			name string
			wrap func(io.Reader) io.Reader
		}{
			{"whole", func(r io.Reader) io.Reader { return r }},
			{"byte by byte", iotest.OneByteReader},
			{"data with EOF", iotest.DataErrReader},
		} {
			got, r := lines(source.wrap(strings.NewReader(c.in)))
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%s, %s (-want +got):\n%s", c.name, source.name, diff)
			}
			if r.Err() != nil || r.No() != len(c.want) {
				t.Errorf("%s, %s: got error %v, %d lines, want no error and %d", c.name, source.name, r.Err(), r.No(), len(c.want))
			}
		}
	}
}

// Every ending at every place around the edge of the buffer, whatever the pieces that the source gives.
func TestBufferEdge(t *testing.T) {
	const window = 256 << 10
	for _, ending := range []string{"\n", "\r\n", "\r", "\r\r\n", "\n\r"} {
		for back := range 4 {
			// Lines of 100 bytes up to the one that ends at the edge.
			var in strings.Builder
			for in.Len() < window-300 {
				in.WriteString(strings.Repeat("x", 98) + "\r\n")
			}
			in.WriteString(strings.Repeat("y", window-back-in.Len()))
			in.WriteString(ending + "last")
			want := strings.Split(strings.ReplaceAll(strings.ReplaceAll(in.String(), "\r\n", "\n"), "\r", "\n"), "\n")
			for _, r := range []io.Reader{
				strings.NewReader(in.String()),
				iotest.HalfReader(strings.NewReader(in.String())),
				io.MultiReader(strings.NewReader(in.String()[:window-back+1]), strings.NewReader(in.String()[window-back+1:])),
			} {
				got, _ := lines(r)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Fatalf("%q %d before the edge (-want +got):\n%s", ending, back, diff)
				}
			}
		}
	}
}

func TestOverlong(t *testing.T) {
	long := strings.Repeat("é", textline.MaxLine) // twice MaxLine in bytes
	for _, ending := range []string{"\n", "\r\n", "\r"} {
		in := "x" + long + ending + strings.Repeat("a", textline.MaxLine) + ending + long + long + long
		r := textline.NewReader(strings.NewReader(in))
		type line struct {
			No, Len int
			Cut     bool
			Tail    string
		}
		var got []line
		for r.Next() {
			b := r.Bytes()
			got = append(got, line{r.No(), len(b), r.Cut(), string(b[len(b)-2:])})
		}
		want := []line{
			{1, textline.MaxLine - 1, true, "é"}, // the rune at the cut is left out
			{2, textline.MaxLine, false, "aa"},
			{3, textline.MaxLine, true, "é"},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", ending, diff)
		}
	}
}

func TestOverlongANSI(t *testing.T) {
	r := textline.NewReader(strings.NewReader(strings.Repeat("\xe4", textline.MaxLine*9) + "\nnext"))
	if !r.Next() || !r.Cut() || !strings.HasPrefix(string(r.Bytes()), "äää") {
		t.Errorf("got %.20q, cut %v; want a cut line of ä", r.Bytes(), r.Cut())
	}
	if !r.Next() || string(r.Bytes()) != "next" || r.Cut() || r.No() != 2 {
		t.Errorf("got %q, line %d; want next, line 2", r.Bytes(), r.No())
	}
}

func TestSourceFails(t *testing.T) {
	broken := errors.New("broken")
	got, r := lines(io.MultiReader(strings.NewReader("a\nb"), iotest.ErrReader(broken)))
	if diff := cmp.Diff([]string{"a", "b"}, got); diff != "" {
		t.Errorf("lines before the error (-want +got):\n%s", diff)
	}
	if !errors.Is(r.Err(), broken) {
		t.Errorf("got error %v, want %v", r.Err(), broken)
	}
	wide := append([]byte{0xff, 0xfe}, winbin.PutUTF16("a\nb")...)
	got, r = lines(io.MultiReader(bytes.NewReader(wide), iotest.ErrReader(broken)))
	if diff := cmp.Diff([]string{"a", "b"}, got); diff != "" || !errors.Is(r.Err(), broken) {
		t.Errorf("UTF-16: got error %v, want %v; lines (-want +got):\n%s", r.Err(), broken, diff)
	}
}

type silent struct{}

func (silent) Read([]byte) (int, error) { return 0, nil }

func TestSourceGivesNothing(t *testing.T) {
	if got, r := lines(silent{}); got != nil || !errors.Is(r.Err(), io.ErrNoProgress) {
		t.Errorf("got %q, error %v; want nothing and io.ErrNoProgress", got, r.Err())
	}
}

// A file with only bare CR, or with an overlong line, must cost no more than one look at each byte.
func TestLinearTime(t *testing.T) {
	for _, ending := range []string{"\r", "\n", ""} {
		in := bytes.Repeat([]byte("0123456789"+ending), 1<<18)
		got := 0
		r := textline.NewReader(bytes.NewReader(in))
		for r.Next() {
			got++
		}
		if want := max(1, len(ending)<<18); got != want {
			t.Errorf("%q: got %d lines, want %d", ending, got, want)
		}
	}
}

func TestConstantMemory(t *testing.T) {
	in := strings.Repeat(strings.Repeat("x", 120)+"\r\n", 1<<15)
	allocs := testing.AllocsPerRun(3, func() {
		r := textline.NewReader(strings.NewReader(in))
		for r.Next() {
		}
	})
	if allocs > 5 {
		t.Errorf("got %.0f allocations for %d lines, want no more than the reader's own", allocs, 1<<15)
	}
}

func BenchmarkReader(b *testing.B) {
	for _, ending := range []string{"\n", "\r\n", "\r"} {
		in := strings.Repeat(strings.Repeat("x", 120)+ending, 1<<16)
		b.Run(fmt.Sprintf("%q", ending), func(b *testing.B) {
			b.SetBytes(int64(len(in)))
			for b.Loop() {
				r := textline.NewReader(strings.NewReader(in))
				for r.Next() {
				}
			}
		})
	}
}
