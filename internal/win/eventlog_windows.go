package win

import (
	"errors"
	"fmt"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
	"golang.org/x/sys/windows/svc/eventlog"
)

// AddEventSource makes a source of events known to the log Application. Its events show their text as it is; the
// numbers that they can have are those from 1 to 1000. One that is there already is left alone.
func AddEventSource(name string) error {
	// The message file is Windows' own EventCreate.exe, whose every message is the text that it is given.
	err := eventlog.InstallAsEventCreate(name, eventlog.Error|eventlog.Warning|eventlog.Info)
	if err == nil {
		return nil
	}
	if k, there := registry.OpenKey(registry.LOCAL_MACHINE, eventSources+`\`+name, registry.QUERY_VALUE); there == nil {
		return k.Close()
	}
	return fmt.Errorf("make the event source %s known: %w", name, err)
}

const eventSources = `SYSTEM\CurrentControlSet\Services\EventLog\Application`

// RemoveEventSource ends that a source is known. Events that it has written stay, and show without their text. One that
// is not there is no error.
func RemoveEventSource(name string) error {
	err := eventlog.Remove(name)
	if err == nil || errors.Is(err, registry.ErrNotExist) {
		return nil
	}
	return fmt.Errorf("remove the event source %s: %w", name, err)
}

// maxEvent is how much of a text an event takes: Windows takes 31,839 characters, and of a longer one nothing.
const maxEvent = 30_000

// WriteEvent writes an event to the log Application. Of a text that is too long the beginning is written.
func WriteEvent(source string, kind EventKind, id uint32, text string) error {
	s, err1 := windows.UTF16PtrFromString(source)
	p, err2 := windows.UTF16PtrFromString(text[:min(len(text), maxEvent)])
	err := errors.Join(err1, err2)
	if err != nil {
		return fmt.Errorf("write event %d: %w", id, err)
	}
	h, err := windows.RegisterEventSource(nil, s)
	if err != nil {
		return fmt.Errorf("write event %d of %s: %w", id, source, err)
	}
	defer windows.DeregisterEventSource(h) //nolint:errcheck // nothing is lost with it
	if err := windows.ReportEvent(h, uint16(kind), 0, id, 0, 1, 0, &p, nil); err != nil {
		return fmt.Errorf("write event %d of %s: %w", id, source, err)
	}
	return nil
}
