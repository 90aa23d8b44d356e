// Package etl reads event trace logs (ETL) as Windows Update leaves them: Logs\WindowsUpdate, SIH, waasmedic.
//
// It decodes self-describing events (TraceLogging), which current Windows writes. It does not decode events that need
// something from elsewhere: the symbols of a program (WPP, what Windows 10 wrote until about 2018), a manifest, or a
// MOF class. Those it gives without text, and counts by provider. It does not unpack compressed traces; it says that
// they are compressed. Layout: the structures of evntrace.h and evntcons.h, and what real traces show.
//
// Events come in the order of the file. Buffers are filled one per processor, so that neighbours may lie a little apart
// in time: sort by Time (stable) where the order matters. Invariant: one buffer is held at a time, at most 16 MB.
package etl

import (
	"errors"
	"io"
	"iter"
	"time"

	"github.com/redx-update/redx/internal/format"
	"github.com/redx-update/redx/internal/guid"
)

// ErrCompressed is wrapped when a trace, or one of its buffers, is compressed.
var ErrCompressed = errors.New("compressed trace events")

// ErrSymbols is wrapped by Counts.Err when a trace holds events, and none of them could be read without the symbols or
// the manifest of its provider.
var ErrSymbols = errors.New("events need the symbols or the manifest of their provider")

// Kind is what an event needs to be read.
type Kind uint8

// The kinds; only the first can be read from the trace alone.
const (
	SelfDescribing Kind = iota // it carries its own layout; Component and Text are set
	WPP                        // a message of a program's own symbols
	Manifest                   // an event of a provider's manifest
	Classic                    // an event of a MOF class
)

func (k Kind) String() string {
	return [...]string{"self-describing", "WPP", "manifest", "classic"}[k&3]
}

// Event is one event of a trace.
type Event struct {
	Record    int       // 1-based, in the order of the file
	Offset    int64     // of its header in the file
	Time      time.Time // UTC, to 100 ns; zero when the trace does not tell
	PID, TID  uint32    // 0 when the event does not tell, as a WPP event may
	Provider  guid.GUID // of a WPP event: its message GUID, which names a source file
	Level     uint8     // 1 critical to 5 verbose; 0 not told
	Kind      Kind
	Component string // name of the event: the component of Get-WindowsUpdateLog
	Text      string // its field Info; other fields as name=value, see fields.go
	Symbols   bool   // Text cannot be had from the trace alone: Kind is not SelfDescribing
}

// Info is what the head of a trace says of it.
type Info struct {
	Session    string    // name of the logging session
	LogFile    string    // the path it was written under
	Start, End time.Time // UTC; End is zero when the session did not end well
	Boot       time.Time // UTC
	BufferSize int
	Buffers    int // as written by the session; a trace cut short has fewer
	Lost       int // events lost, by the session's own count
	Processors int
	Compressed bool

	clock clock
}

// File is an open trace.
type File struct {
	r    io.ReaderAt
	size int64
	info Info
}

// Open reads the head of a trace.
func Open(r io.ReaderAt, size int64) (*File, error) {
	info, err := readHead(r, size)
	if err != nil {
		return nil, err
	}
	return &File{r: r, size: size, info: info}, nil
}

// Info gives what the head of the trace says.
func (f *File) Info() Info { return f.info }

// Events gives all events in the order of the file. An error is damage at one place; reading goes on behind it, with
// the next buffer if the length of an event cannot be trusted.
func (f *File) Events() iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		w := walker{f: f, yield: yield}
		w.file()
	}
}

// maxProviders bounds the maps of Counts; a real trace of Windows Update has a handful.
const maxProviders = 4096

// Counts says what is in a trace.
type Counts struct {
	Events   int // all that Events gives
	Decoded  int
	Symbols  map[guid.GUID]int // WPP and classic events, by provider
	Manifest map[guid.GUID]int // events of a manifest, by provider
	Skipped  int               // records of the kernel and of the session itself, which Events does not give
	Damaged  int
}

// Count reads the whole trace. Providers beyond the first 4096 are counted under the nil GUID.
func (f *File) Count() Counts {
	c := Counts{Symbols: map[guid.GUID]int{}, Manifest: map[guid.GUID]int{}}
	w := walker{f: f, yield: func(e Event, err error) bool {
		c.add(e, err)
		return true
	}}
	w.file()
	c.Skipped = w.skipped
	return c
}

func (c *Counts) add(e Event, err error) {
	if err != nil {
		c.Damaged++
		return
	}
	c.Events++
	switch e.Kind {
	case SelfDescribing:
		c.Decoded++
	case Manifest:
		tally(c.Manifest, e.Provider)
	default:
		tally(c.Symbols, e.Provider)
	}
}

func tally(m map[guid.GUID]int, id guid.GUID) {
	if _, known := m[id]; !known && len(m) >= maxProviders {
		id = guid.GUID{}
	}
	m[id]++
}

// Err wraps ErrSymbols when no event could be decoded and there are some; else it is nil.
func (c Counts) Err() error {
	if c.Events == 0 || c.Decoded > 0 {
		return nil
	}
	return &format.Error{What: "the trace was written for a reader that has more than the file", Err: ErrSymbols}
}
