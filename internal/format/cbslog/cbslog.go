// Package cbslog reads CBS.log, the log of Windows' component based servicing, and the CbsPersist logs it is rolled
// into. It splits lines; it does not judge them.
package cbslog

import (
	"bytes"
	"io"

	"github.com/redx-update/redx/internal/format/textline"
)

// Entry is one line. Its byte slices are valid until the next call of Scan.
type Entry struct {
	Line int
	Text []byte
}

// Scanner reads one entry after another.
type Scanner struct {
	lines *textline.Reader
	entry Entry
}

// NewScanner reads from r.
func NewScanner(r io.Reader) *Scanner { return &Scanner{lines: textline.NewReader(r)} }

// Scan advances to the next entry.
func (s *Scanner) Scan() bool {
	if !s.lines.Next() {
		return false
	}
	s.entry = Entry{Line: s.lines.No(), Text: bytes.TrimSpace(s.lines.Bytes())}
	return true
}

// Entry is the current entry.
func (s *Scanner) Entry() Entry { return s.entry }

// Err is the source's error.
func (s *Scanner) Err() error { return s.lines.Err() }
