package cbslog

import (
	"io"
	"iter"

	"github.com/redx-update/redx/internal/format"
)

// Events reads a whole log in constant memory and gives what tells something, in the order of the lines; a Summary
// comes when it is complete. keep, which may be nil, picks further entries by texts that the caller knows; they come as
// kind Other. An error, the source's, comes last.
func Events(r io.Reader, keep func(*Entry) bool) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		s, t := NewScanner(r), Tracker{}
		for s.Scan() {
			e := s.Entry()
			told := t.Add(e)
			for _, ev := range told {
				if !yield(ev, nil) {
					return
				}
			}
			if keep != nil && (len(told) == 0 || told[len(told)-1].Line != e.Line) && keep(e) && !yield(t.Event(e), nil) {
				return
			}
		}
		for _, ev := range t.Flush() {
			if !yield(ev, nil) {
				return
			}
		}
		if err := s.Err(); err != nil {
			yield(Event{}, &format.Error{Line: s.Entry().Line, What: "read the log", Err: err})
		}
	}
}
