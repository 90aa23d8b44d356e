package etl

import (
	"encoding/binary"
	"time"

	"github.com/redx-update/redx/internal/winbin"
)

// keyword is what Windows Update marks the events of a component with (observed; a component not
// seen in a real trace has that of Agent).
func keyword(component string) uint64 {
	switch component {
	case "SIH":
		return 0x400000
	case "Deployment":
		return 0x1000000
	case "ComApi":
		return 0x10000
	case "Shared":
		return 0x800
	case "IdleTimer":
		return 0x100
	case "Misc":
		return 0x20
	case "DownloadManager":
		return 2
	default:
		return 1
	}
}

// event is EVENT_HEADER, the item of the provider's traits, the item with the layout, and the text with its NUL.
func (t Trace) event(e Event) []byte {
	le := binary.LittleEndian
	if e.Level == 0 {
		e.Level = 4
	}
	if e.Keyword == 0 {
		e.Keyword = keyword(e.Component)
	}
	b := make([]byte, 80, 512)
	b[2], b[3] = 0x13, 0xc0 // EVENT_HEADER of a 64-bit machine
	le.PutUint16(b[4:], 1)  // extended items follow
	le.PutUint32(b[8:], e.TID)
	le.PutUint32(b[12:], e.PID)
	le.PutUint64(b[16:], t.stamp(e.Time))
	copy(b[24:], t.Provider.LE())
	b[43] = 11 // channel of self-describing events
	b[44] = e.Level
	le.PutUint64(b[48:], e.Keyword)
	le.PutUint64(b[56:], e.Processor)
	b = item(b, 12, true, t.traits())
	b = item(b, 11, false, layout(e.Component))
	b = append(b, winbin.PutUTF16(e.Text)...)
	b = append(b, 0, 0)
	le.PutUint16(b, uint16(len(b)))
	return b
}

// traits is the provider's name behind the length of all of it.
func (t Trace) traits() []byte {
	b := binary.LittleEndian.AppendUint16(nil, uint16(len(t.Traits)+3))
	return append(append(b, t.Traits...), 0)
}

// layout is the length of all of it, no tags, the event's name, and the field Info of NUL-terminated UTF-16.
func layout(component string) []byte {
	const field = "\x00Info\x00\x01"
	b := binary.LittleEndian.AppendUint16(nil, uint16(3+len(component)+len(field)))
	return append(append(append(b, 0), component...), field...)
}

// item appends an extended item, padded to 8 bytes.
func item(b []byte, kind uint16, more bool, data []byte) []byte {
	le := binary.LittleEndian
	b = le.AppendUint16(b, uint16((8+len(data)+7)&^7))
	b = le.AppendUint16(b, kind)
	var linked uint16
	if more {
		linked = 1
	}
	b = le.AppendUint16(b, linked)
	b = le.AppendUint16(b, uint16(len(data)))
	return align(append(b, data...))
}

// head is a SYSTEM_TRACE_HEADER with TRACE_LOGFILE_HEADER, and the names of session and file.
func (t Trace) head(buffers int, events []Event) []byte {
	le := binary.LittleEndian
	b := make([]byte, 32+280)
	le.PutUint16(b, 2)
	b[2], b[3] = 2, 0xc0
	le.PutUint32(b[8:], 1) // any thread and process
	le.PutUint32(b[12:], 4)
	le.PutUint64(b[16:], t.First)
	h := b[32:]
	le.PutUint32(h[0:], bufferSize)
	copy(h[4:], []byte{10, 0, 1, 5})
	le.PutUint32(h[8:], 22631)
	le.PutUint32(h[12:], 1)
	le.PutUint64(h[16:], winbin.PutFiletime(t.end(events)))
	le.PutUint32(h[24:], 156250)
	le.PutUint32(h[28:], 128)
	le.PutUint32(h[32:], 0x11002009)
	le.PutUint32(h[36:], uint32(buffers))
	le.PutUint32(h[40:], 1)
	le.PutUint32(h[44:], 8)
	le.PutUint64(h[56:], 10) // what were pointers in memory
	le.PutUint64(h[64:], 7)
	le.PutUint64(h[248:], winbin.PutFiletime(t.Start)-t.First)
	le.PutUint64(h[256:], frequency)
	le.PutUint64(h[264:], winbin.PutFiletime(t.Start))
	le.PutUint32(h[272:], 1) // the clock is QPC
	for _, name := range []string{t.Session, t.LogFile} {
		b = append(b, winbin.PutUTF16(name)...)
		b = append(b, 0, 0)
	}
	le.PutUint16(b[4:], uint16(len(b)))
	return b
}

// end is the time of the latest event, or Start.
func (t Trace) end(events []Event) time.Time {
	last := t.Start
	for _, e := range events {
		if e.Time.After(last) {
			last = e.Time
		}
	}
	return last
}
