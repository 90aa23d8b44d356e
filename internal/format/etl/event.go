package etl

import (
	"bytes"
	"encoding/binary"
	"strings"

	"github.com/redx-update/redx/internal/format"
	"github.com/redx-update/redx/internal/guid"
)

const (
	eventHead = 80 // EVENT_HEADER

	hasExtended = 1    // EVENT_HEADER_FLAG_EXTENDED_INFO
	is32Bit     = 0x20 // EVENT_HEADER_FLAG_32_BIT_HEADER: pointers have 4 bytes

	schemaItem   = 11 // EVENT_HEADER_EXT_TYPE_EVENT_SCHEMA_TL
	traceLogging = 11 // channel of events that carry their layout
	infoField    = "Info"
	maxGrowth    = 32 // bytes of text for a byte of the event; arrays of structures repeat names
)

// event reads EVENT_HEADER, and the text if the event describes itself.
func (f *File) event(e *Event, rec []byte) *format.Error {
	flags := binary.LittleEndian.Uint16(rec[4:])
	e.TID, e.PID = binary.LittleEndian.Uint32(rec[8:]), binary.LittleEndian.Uint32(rec[12:])
	e.Time = f.info.clock.at(binary.LittleEndian.Uint64(rec[16:]))
	e.Provider = guid.FromLE(rec[24:40])
	e.Level = rec[44]
	e.Kind = Manifest
	body := rec[eventHead:]
	var schema []byte
	if flags&hasExtended != 0 {
		var ok bool
		if schema, body, ok = extended(body); !ok {
			return format.At(e.Offset, "extended items of a trace event run past its end")
		}
	}
	if schema == nil {
		return nil
	}
	e.Kind = SelfDescribing
	pointer := 8
	if flags&is32Bit != 0 {
		pointer = 4
	}
	if !e.decode(schema, body, pointer) {
		return format.At(e.Offset, "self-describing trace event whose fields run past its end")
	}
	return nil
}

// extended goes through the items in front of an event's data: bytes with the padding, kind, 1 if another one follows,
// bytes without the padding. It returns the layout of the event, if there is one, and the data.
func extended(b []byte) (schema, body []byte, ok bool) {
	for {
		if len(b) < 8 {
			return nil, nil, false
		}
		whole, size := int(binary.LittleEndian.Uint16(b)), int(binary.LittleEndian.Uint16(b[6:]))
		if whole < 8 || whole > len(b) || size > whole-8 {
			return nil, nil, false
		}
		if binary.LittleEndian.Uint16(b[2:]) == schemaItem {
			schema = b[8 : 8+size]
		}
		more := binary.LittleEndian.Uint16(b[4:])&1 != 0
		if b = b[whole:]; !more {
			return schema, b, true
		}
	}
}

// decode reads the name of the event and its fields: size, tags, name, then per field its name and type. The field
// Info, if it is text, stands bare; every other as name=value.
func (e *Event) decode(schema, data []byte, pointer int) bool {
	s := layout{b: schema}
	s.skip(2)
	s.tags()
	e.Component = s.name()
	v := values{b: data, pointer: pointer, most: maxGrowth * (len(schema) + len(data))}
	var out strings.Builder
	for len(s.b) > 0 && !s.bad {
		fd := s.field()
		if s.bad {
			break
		}
		if out.Len() > 0 {
			out.WriteByte(' ')
		}
		if fd.name != infoField || !fd.isText() {
			out.WriteString(fd.name)
			out.WriteByte('=')
		}
		v.write(&out, &s, fd, 0)
		if v.bad || out.Len() > v.most {
			return false
		}
	}
	e.Text = out.String()
	return !s.bad
}

// layout reads an event's description forward; bad is set when it ends too early.
type layout struct {
	b   []byte
	bad bool
}

func (l *layout) skip(n int) {
	if n > len(l.b) {
		l.bad, l.b = true, nil
		return
	}
	l.b = l.b[n:]
}

func (l *layout) byte() byte {
	if len(l.b) == 0 {
		l.bad = true
		return 0
	}
	v := l.b[0]
	l.b = l.b[1:]
	return v
}

// tags skips bytes up to the first whose high bit is clear. They hold 28 bits in all.
func (l *layout) tags() {
	for range 4 {
		if l.byte()&0x80 == 0 {
			return
		}
	}
	l.bad, l.b = true, nil
}

func (l *layout) name() string {
	n := bytes.IndexByte(l.b, 0)
	if n < 0 {
		l.bad, l.b = true, nil
		return ""
	}
	s := strings.ToValidUTF8(string(l.b[:n]), "\uFFFD")
	l.b = l.b[n+1:]
	return s
}

// field is the description of one field (TraceLoggingProvider.h: the low 5 bits of its type are the encoding).
type field struct {
	name   string
	in     byte // encoding
	out    byte // how to show it; of a structure: how many fields it has
	fixed  bool // an array of count
	counts bool // an array, its count is in the data
	count  int
}

func (l *layout) field() field {
	fd := field{name: l.name()}
	t := l.byte()
	fd.in = t & 31
	if t&0x80 != 0 {
		if fd.out = l.byte(); fd.out&0x80 != 0 {
			fd.out &= 0x7f
			l.tags()
		}
	}
	switch t & 0x60 {
	case 0x20:
		fd.fixed = true
		fd.count = int(l.byte()) | int(l.byte())<<8
	case 0x40:
		fd.counts = true
	case 0x60:
		l.skip(int(l.byte()) | int(l.byte())<<8)
	}
	return fd
}

func (fd field) isText() bool {
	return !fd.fixed && !fd.counts && (fd.in == inUnicode || fd.in == inANSI || fd.in == inCounted || fd.in == inCountedANSI)
}
