package gather

import (
	"bytes"

	"github.com/redx-update/redx/internal/format/cbslog"
)

// wrappedEntry is an entry that ends before the thing that its first words promise, as happens to lines that were pasted
// out of a narrow window. It is kept until it is known whether the next line has the rest.
type wrappedEntry struct {
	entry cbslog.Entry
	text  []byte // its own copy
	on    bool
	left  int
}

// line takes the next entry of the log, joined to the one before it where that was cut off.
func (s *servicingReader) line(e *cbslog.Entry) {
	w := &s.wrapped
	if w.on && e.Continuation && w.left > 0 && len(e.Text) > 0 && len(w.text)+len(e.Text) < maxHeldText {
		w.text = append(append(w.text, ' '), e.Text...)
		w.left--
		if w.left == 0 || !cutOff(w.text) {
			s.unwrap()
		}
		return
	}
	s.unwrap()
	if e.HasTime && cutOff(e.Text) {
		w.entry, w.on, w.left = *e, true, maxGoesOn
		w.text = append(w.text[:0], e.Text...)
		return
	}
	s.entry(e)
}

// unwrap gives the kept entry on as it is.
func (s *servicingReader) unwrap() {
	if w := &s.wrapped; w.on {
		w.on = false
		w.entry.Text = w.text
		s.entry(&w.entry)
	}
}

// cutOff reports a line that lacks the end which lines of its first words have.
func cutOff(b []byte) bool {
	starts := func(prefix string) bool { return len(b) >= len(prefix) && string(b[:len(prefix)]) == prefix }
	switch {
	case len(b) == 0:
		return false
	case b[0] == 'F' && starts("Failed to find file:"):
		return !bytes.Contains(b, []byte("HRESULT")) || b[len(b)-1] != ']'
	case b[0] == 'S' && starts("Store corruption, manifest missing for package:"):
		return bytes.Count(b, []byte("~")) < 4
	case b[0] == 'D' && starts("Doqe: Recording result:"):
		return !bytes.HasSuffix(bytes.ToLower(b), []byte(".inf"))
	case b[0] == 'I' && starts("INSTALL index:"):
		return !bytes.HasSuffix(bytes.ToLower(b), []byte(".inf"))
	}
	return false
}
