package win

// EventKind says how grave an event is, as the log has it.
type EventKind uint16

// The kinds of event.
const (
	EventError   EventKind = 1
	EventWarning EventKind = 2
	EventInfo    EventKind = 4
)
