// Package etl writes event trace logs (ETL) like those of Windows Update, for lab images and tests.
//
// It is no tracing session: it knows one processor, the clock QPC at 10 MHz, and self-describing events with the one
// field Info, as Windows Update writes them. Layout: evntrace.h and evntcons.h, and what real traces show; a test holds
// that its events equal real ones byte for byte. No independent reader of the format exists outside Windows, so that
// nothing else vouches for the file as a whole. Invariant: the same input gives the same bytes.
package etl

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/winbin"
)

const (
	bufferSize = 4096 // as the real traces have
	bufferHead = 72
	frequency  = 10_000_000

	// maxEvent is what fits one buffer.
	maxEvent = bufferSize - bufferHead
)

// Trace is what stands in the head of a trace.
type Trace struct {
	Session  string    // "WindowsUpdate_trace_log" when empty
	LogFile  string    // the Windows path that it pretends to be written under
	Start    time.Time // of the session; UTC
	First    uint64    // clock at Start, in 100 ns since boot; an hour when 0
	Provider guid.GUID // that of Windows Update when zero
	Traits   string    // name of the provider's group; "WUTraceLogging" when empty
}

// Event is one line of Get-WindowsUpdateLog.
type Event struct {
	Time      time.Time // UTC, not before 1601
	PID, TID  uint32
	Component string
	Text      string
	Level     uint8  // 4 (information) when 0
	Keyword   uint64 // that of the component when 0
	Processor uint64 // kernel and user time of the thread, as EVENT_HEADER has it
}

// WindowsUpdate is the provider of Logs\WindowsUpdate (observed).
var WindowsUpdate = guid.MustParse("0b7a6f19-47c4-454e-8c5c-e868d637e4d8")

// Encode gives the bytes of a trace. It fails when an event does not fit one buffer: about 1900 characters.
func Encode(t Trace, events []Event) ([]byte, error) {
	t = t.withDefaults()
	var buffers [][]byte
	cur := newBuffer()
	for i, e := range events {
		if strings.Contains(e.Component+e.Text, "\x00") {
			return nil, fmt.Errorf("trace event %d has a NUL in its text", i)
		}
		rec := t.event(e)
		if len(rec) > maxEvent {
			return nil, fmt.Errorf("trace event %d has %d bytes, at most %d", i, len(rec), maxEvent)
		}
		if len(cur)+len(rec) > bufferSize {
			buffers = append(buffers, cur)
			cur = newBuffer()
		}
		cur = align(append(cur, rec...))
	}
	if len(cur) > bufferHead {
		buffers = append(buffers, cur)
	}
	head := append(newBuffer(), t.head(len(buffers)+1, events)...)
	if len(head) > bufferSize {
		return nil, errors.New("names of trace session and file are too long")
	}
	out := seal(align(head), t.First, 0, headerBuffer, len(buffers) == 0)
	for i, b := range buffers {
		out = append(out, seal(b, t.First, uint64(i+1), 0, i == len(buffers)-1)...)
	}
	return out, nil
}

func (t Trace) withDefaults() Trace {
	if t.Session == "" {
		t.Session = "WindowsUpdate_trace_log"
	}
	if t.Provider.IsZero() {
		t.Provider = WindowsUpdate
	}
	if t.Traits == "" {
		t.Traits = "WUTraceLogging"
	}
	if t.First == 0 {
		t.First = 3600 * frequency
	}
	return t
}

// stamp is the clock at a time, which must lie behind the boot of the pretended machine.
func (t Trace) stamp(at time.Time) uint64 {
	return t.First + winbin.PutFiletime(at) - winbin.PutFiletime(t.Start)
}

func newBuffer() []byte { return make([]byte, bufferHead, bufferSize) }

func align(b []byte) []byte {
	for len(b)%8 != 0 {
		b = append(b, 0)
	}
	return b
}

// headerBuffer is ETW_BUFFER_TYPE_HEADER.
const headerBuffer = 4

// seal fills WMI_BUFFER_HEADER and the rest of the buffer.
func seal(b []byte, stamp, number uint64, kind uint16, last bool) []byte {
	le := binary.LittleEndian
	used := uint32(len(b))
	le.PutUint32(b[0:], bufferSize)
	le.PutUint32(b[4:], used)
	le.PutUint32(b[8:], used)
	if kind != headerBuffer {
		le.PutUint64(b[16:], stamp)
		le.PutUint64(b[24:], number)
	}
	le.PutUint32(b[44:], 3) // state: to be written
	le.PutUint32(b[48:], used)
	le.PutUint16(b[52:], 0x20) // the processor's number is an index
	if last || kind == headerBuffer {
		le.PutUint16(b[52:], 0x21) // flushed at the end of the session
	}
	le.PutUint16(b[54:], kind)
	for len(b) < bufferSize {
		b = append(b, 0xff)
	}
	return b
}
