package live

import (
	"fmt"

	"github.com/redx-update/redx/internal/win"
)

// Source is redx's name in the event log Application.
const Source = "redx"

// Event is the number of an event of redx. Numbers are never given to anything else; docs/repair-live.md lists them.
type Event uint32

// The events.
const (
	Begun          Event = 100 // a repair, or the undoing of one, begins to change something
	Done           Event = 101
	TakenBack      Event = 102 // whole, because it could not be done whole
	RestartNeeded  Event = 103
	LeftOpen       Event = 104 // neither done nor taken back; goes on when Windows starts next
	DoneInPart     Event = 105 // of what cannot be undone; it goes no further
	RecoveryBegun  Event = 120 // goes on with what was interrupted
	RecoveryFailed Event = 121
)

func (e Event) kind() win.EventKind {
	switch e {
	case LeftOpen, DoneInPart, RecoveryFailed:
		return win.EventError
	case TakenBack, RestartNeeded:
		return win.EventWarning
	default:
		return win.EventInfo
	}
}

// maxEventText is how many bytes of a text are written; Windows takes 31839 characters.
const maxEventText = 8 << 10

// Report writes an event. A repair never fails for want of one, so an error is for telling only.
func (m *Machine) Report(e Event, text string) error {
	if len(text) > maxEventText {
		text = text[:maxEventText]
	}
	if err := m.sys.Report(Source, e.kind(), uint32(e), text); err != nil {
		return fmt.Errorf("tell the event log: %w", err)
	}
	return nil
}

// ForgetSource removes redx from the list of those that write events; what it wrote stays.
func (m *Machine) ForgetSource() error { return m.sys.RemoveSource(Source) }
