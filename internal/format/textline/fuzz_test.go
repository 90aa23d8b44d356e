package textline_test

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/redx-update/redx/internal/format/textline"
	"github.com/redx-update/redx/internal/testdata"
	"github.com/redx-update/redx/internal/winbin"
)

// FuzzLines holds the package's promises on any input: lines are UTF-8 and bounded, their number does not depend on
// the pieces in which the source gives its bytes, and in an 8-bit source it is the number of endings.
func FuzzLines(f *testing.F) {
	f.Add([]byte("a\r\nb\rc\nd"))
	f.Add([]byte("\xef\xbb\xbfStra\xc3\x9fe\r\r\n\xdf"))
	f.Add(append([]byte{0xff, 0xfe}, winbin.PutUTF16("wide\r\nlines\U0001d11e")...))
	f.Add(winbin.PutUTF16("wide without a mark\n"))
	f.Add([]byte(strings.Repeat("long", textline.MaxLine/3) + "\rnext"))
	testdata.Seeds(f, "windows/logs/*.log")
	f.Fuzz(func(t *testing.T, in []byte) {
		whole := textline.NewReader(bytes.NewReader(in))
		pieces := textline.NewReader(iotest.HalfReader(onlyReader{bytes.NewReader(in)}))
		n := 0
		for whole.Next() {
			n++
			if !pieces.Next() || !bytes.Equal(whole.Bytes(), pieces.Bytes()) || whole.Cut() != pieces.Cut() {
				t.Fatalf("line %d: whole %q, in pieces %q", n, whole.Bytes(), pieces.Bytes())
			}
			if b := whole.Bytes(); !utf8.Valid(b) || len(b) > 3*textline.MaxLine || bytes.ContainsAny(b, "\r\n") {
				t.Fatalf("line %d: bad line of %d bytes: %q", n, len(b), b)
			}
		}
		if pieces.Next() || whole.Next() || whole.No() != n {
			t.Fatalf("a line after the end; %d counted, %d given", whole.No(), n)
		}
		if bytes.IndexByte(in, 0) < 0 && !bytes.HasPrefix(in, []byte{0xff, 0xfe}) && !bytes.HasPrefix(in, []byte{0xfe, 0xff}) {
			if want := count(bytes.TrimPrefix(in, []byte{0xef, 0xbb, 0xbf})); n != want {
				t.Fatalf("got %d lines, want %d", n, want)
			}
		}
	})
}

type onlyReader struct{ io.Reader }

func count(b []byte) int {
	s := strings.ReplaceAll(strings.ReplaceAll(string(b), "\r\n", "\n"), "\r", "\n")
	n := strings.Count(s, "\n")
	if s != "" && !strings.HasSuffix(s, "\n") {
		n++
	}
	return n
}
