package etl

import (
	"encoding/binary"

	"github.com/redx-update/redx/internal/format"
	"github.com/redx-update/redx/internal/guid"
)

// Kinds of record headers (third byte of a record; TRACE_HEADER_TYPE_*).
const (
	kindSystem32   = 1
	kindSystem64   = 2
	kindCompact32  = 3
	kindCompact64  = 4
	kindFull32     = 10
	kindInstance32 = 11
	kindPerfInfo32 = 16
	kindPerfInfo64 = 17
	kindEvent32    = 18
	kindEvent64    = 19
	kindFull64     = 20
	kindInstance64 = 21
)

// Bits of a record's fourth byte. A WPP message has the message bit and no kind.
const (
	isHeader  = 0x80
	isMessage = 0x10
)

// walker goes through the buffers and their records.
type walker struct {
	f       *File
	yield   func(Event, error) bool
	record  int
	skipped int
	stopped bool
}

func (w *walker) damage(off int64, what string, args ...any) {
	w.give(Event{}, format.At(off, what, args...))
}

func (w *walker) give(e Event, err error) {
	if !w.stopped && !w.yield(e, err) {
		w.stopped = true
	}
}

func (w *walker) file() {
	size := int64(w.f.info.BufferSize)
	buf := make([]byte, min(size, w.f.size))
	for off := int64(0); off < w.f.size && !w.stopped; off += size {
		b := buf[:min(size, w.f.size-off)]
		if n, err := w.f.r.ReadAt(b, off); n < len(b) {
			w.give(Event{}, &format.Error{Offset: off, What: "trace buffer", Err: format.Cut(err)})
			b = b[:n]
		}
		if !w.buffer(b, off) {
			return
		}
	}
}

// buffer walks one buffer; it reports whether the next one lies where it should.
func (w *walker) buffer(b []byte, off int64) bool {
	if len(b) < bufferHead {
		w.damage(off, "trace buffer of %d bytes", len(b))
		return true
	}
	if binary.LittleEndian.Uint16(b[52:])&compressedBuffer != 0 {
		w.give(Event{}, &format.Error{Offset: off, What: "trace buffer", Err: ErrCompressed})
		return !w.f.info.Compressed // those are packed one behind the other
	}
	stated, used := int64(binary.LittleEndian.Uint32(b)), int64(binary.LittleEndian.Uint32(b[4:]))
	if stated == 0 && used == 0 {
		return true // never filled: a trace of a session that still runs, or did not end well
	}
	if stated != int64(w.f.info.BufferSize) || used > stated {
		w.damage(off, "trace buffer of %d bytes with %d in use, in a trace with buffers of %d", stated, used, w.f.info.BufferSize)
		return true
	}
	if used > int64(len(b)) {
		w.damage(off, "trace buffer is cut short: %d of %d bytes", len(b), used)
	}
	w.records(b[:min(used, int64(len(b)))], off)
	return true
}

func (w *walker) records(b []byte, off int64) {
	for at := bufferHead; at+8 <= len(b) && !w.stopped; {
		rec := b[at:]
		if binary.LittleEndian.Uint32(rec) == 0xffffffff {
			return // the filling behind the last record
		}
		n, least := length(rec)
		if n < least || n > len(rec) {
			w.damage(off+int64(at), "trace record of kind 0x%02x%02x with %d bytes, %d left in its buffer", rec[3], rec[2], n, len(rec))
			return
		}
		w.one(rec[:n], off+int64(at))
		at += (n + 7) &^ 7
	}
}

// length gives the bytes of a record and the least that its kind needs; 0 of at least 1 for an unknown kind.
func length(rec []byte) (n, least int) {
	first, third := int(binary.LittleEndian.Uint16(rec)), int(binary.LittleEndian.Uint16(rec[4:]))
	if rec[3]&isHeader == 0 {
		return 0, 1
	}
	if rec[3]&isMessage != 0 {
		return first, 8
	}
	switch rec[2] {
	case kindSystem32, kindSystem64:
		return third, systemHead
	case kindCompact32, kindCompact64:
		return third, 24
	case kindPerfInfo32, kindPerfInfo64:
		return third, 16
	case kindFull32, kindFull64:
		return first, 48
	case kindInstance32, kindInstance64:
		return first, 56
	case kindEvent32, kindEvent64:
		return first, eventHead
	}
	return 0, 1
}

func (w *walker) one(rec []byte, off int64) {
	e := Event{Record: w.record + 1, Offset: off}
	switch {
	case rec[3]&isMessage != 0:
		w.f.message(&e, rec)
	case rec[2] == kindEvent32 || rec[2] == kindEvent64:
		if err := w.f.event(&e, rec); err != nil {
			w.record++
			w.give(Event{}, err)
			return
		}
	case rec[2] == kindFull32 || rec[2] == kindFull64:
		w.f.classic(&e, rec)
	default:
		w.skipped++
		return
	}
	e.Symbols = e.Kind != SelfDescribing
	w.record++
	w.give(e, nil)
}

// classic reads EVENT_TRACE_HEADER.
func (f *File) classic(e *Event, rec []byte) {
	e.Kind = Classic
	e.Level = rec[5]
	e.TID, e.PID = binary.LittleEndian.Uint32(rec[8:]), binary.LittleEndian.Uint32(rec[12:])
	e.Time = f.info.clock.at(binary.LittleEndian.Uint64(rec[16:]))
	e.Provider = guid.FromLE(rec[24:40])
}

// message reads what a WPP message tells without symbols; each part is there if its bit in the options is set.
func (f *File) message(e *Event, rec []byte) {
	e.Kind = WPP
	options := binary.LittleEndian.Uint16(rec[6:])
	rest := rec[8:]
	take := func(bit uint16, n int) []byte {
		if options&bit == 0 || len(rest) < n {
			return nil
		}
		b := rest[:n]
		rest = rest[n:]
		return b
	}
	take(1, 4) // sequence number
	if id := take(2, 16); id != nil {
		e.Provider = guid.FromLE(id)
	} else {
		take(4, 4) // number of a component
	}
	if t := take(8, 8); t != nil {
		e.Time = f.info.clock.at(binary.LittleEndian.Uint64(t))
	}
	if ids := take(32, 8); ids != nil {
		e.TID, e.PID = binary.LittleEndian.Uint32(ids), binary.LittleEndian.Uint32(ids[4:])
	}
}
