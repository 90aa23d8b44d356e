// Package pfro reads PFRO.log, in which Windows notes at each start which pending file renames failed. It splits
// lines; it judges nothing. Layout as people have published it, and as seen on a public PFRO.log of Windows 10
// (numbers are not padded).
//
//	1/11/2024 3:14:55 - PFRO Error: \??\C:\Windows\Temp\a.tmp, |delete operation|, 0xc0000034
//	1/11/2024 3:14:55 - 2 Successful PFRO operations
package pfro

import (
	"bytes"
	"io"
	"regexp"
	"strconv"
	"time"

	"github.com/redx-update/redx/internal/format/textline"
	"github.com/redx-update/redx/internal/hresult"
)

// Entry is one line. Text is valid until the next call of Scan.
type Entry struct {
	Line int
	Time time.Time // the machine's wall clock; zero where the line has none
	Text []byte
	// Path and Target are set in a failure: what was to be renamed, and to what ("" for a deletion).
	Path, Target string
	Code         hresult.Code // an NTSTATUS; 0 where the line has none
}

// NewScanner reads from r; it does not close it.
func NewScanner(r io.Reader) *textline.Scanner[Entry] { return textline.NewScanner(r, parse) }

var (
	stamp   = regexp.MustCompile(`^(\d{1,2}/\d{1,2}/\d{4} \d{1,2}:\d{1,2}:\d{1,2}) - `)
	failure = regexp.MustCompile(`^PFRO Error: (.+?), ?\|?(.*?)\|?, ?(0x[0-9a-fA-F]{8})`)
)

func parse(no int, line []byte) Entry {
	e := Entry{Line: no, Text: bytes.TrimSpace(line)}
	if m := stamp.FindSubmatch(e.Text); m != nil {
		if t, err := time.Parse("1/2/2006 15:4:5", string(m[1])); err == nil {
			e.Time, e.Text = t, e.Text[len(m[0]):]
		}
	}
	m := failure.FindSubmatch(e.Text)
	if m == nil {
		return e
	}
	n, err := strconv.ParseUint(string(m[3][2:]), 16, 32)
	if err != nil {
		return e
	}
	e.Path, e.Code = string(m[1]), hresult.Code(n)
	if !bytes.Contains(m[2], []byte("delete")) {
		e.Target = string(m[2])
	}
	return e
}

// Sniff reports whether the head of a file, in any of textline's encodings, is a PFRO.log.
func Sniff(head []byte) bool {
	s := NewScanner(bytes.NewReader(head))
	for n := 0; n < 20 && s.Scan(); n++ {
		if bytes.Contains(s.Entry().Text, []byte("PFRO")) {
			return true
		}
	}
	return false
}
