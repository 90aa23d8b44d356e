package etl

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/winbin"
)

// Encodings of fields (TraceLoggingProvider.h, TlgIn_t).
const (
	inUnicode     = 1
	inANSI        = 2
	inInt8        = 3
	inUint64      = 10
	inFloat       = 11
	inDouble      = 12
	inBool32      = 13
	inBinary      = 14
	inGUID        = 15
	inPointer     = 16
	inFiletime    = 17
	inSystemtime  = 18
	inSID         = 19
	inHex32       = 20
	inHex64       = 21
	inCounted     = 22
	inCountedANSI = 23
	inStruct      = 24
	inCountedBin  = 25

	maxDepth = 8
)

// Ways to show a number (TlgOut_t).
const (
	outBoolean = 3
	outHex     = 4
	outWin32   = 13
	outStatus  = 14
	outHresult = 15
)

// values reads an event's data forward; bad is set when they end before the fields do, or cannot be told apart.
type values struct {
	b       []byte
	pointer int
	most    int // bytes of text before the event is given up
	bad     bool
}

func (v *values) take(n int) []byte {
	if n < 0 || n > len(v.b) {
		v.bad, v.b = true, nil
		return nil
	}
	b := v.b[:n]
	v.b = v.b[n:]
	return b
}

// counted reads a 16-bit count of bytes, and the bytes.
func (v *values) counted() []byte {
	if n := v.take(2); n != nil {
		return v.take(int(binary.LittleEndian.Uint16(n)))
	}
	return nil
}

// write appends the value of a field: arrays as [a, b], structures as {name=value ...}.
func (v *values) write(out *strings.Builder, l *layout, fd field, depth int) {
	if fd.counts {
		if n := v.take(2); n != nil {
			fd.count = int(binary.LittleEndian.Uint16(n))
		}
	}
	if !fd.fixed && !fd.counts {
		v.element(out, l, fd, depth)
		return
	}
	at := *l
	out.WriteByte('[')
	for i := 0; i < fd.count && !v.bad && out.Len() <= v.most; i++ {
		if i > 0 {
			out.WriteString(", ")
		}
		*l = at // the fields of a structure are described once
		before := len(v.b)
		v.element(out, l, fd, depth)
		v.bad = v.bad || len(v.b) == before // elements of no bytes: a small event could make much text of them
	}
	out.WriteByte(']')
	if fd.count == 0 && fd.in == inStruct {
		l.skipStruct(fd, depth)
	}
}

func (l *layout) skipStruct(fd field, depth int) {
	for i := 0; i < int(fd.out) && !l.bad && depth < maxDepth; i++ {
		if inner := l.field(); inner.in == inStruct {
			l.skipStruct(inner, depth+1)
		}
	}
	l.bad = l.bad || depth >= maxDepth
}

func (v *values) element(out *strings.Builder, l *layout, fd field, depth int) {
	if fd.in != inStruct {
		out.WriteString(v.scalar(fd))
		return
	}
	if depth >= maxDepth {
		v.bad = true
		return
	}
	out.WriteByte('{')
	for i := 0; i < int(fd.out) && !v.bad && !l.bad && out.Len() <= v.most; i++ {
		if i > 0 {
			out.WriteByte(' ')
		}
		inner := l.field()
		out.WriteString(inner.name)
		out.WriteByte('=')
		v.write(out, l, inner, depth+1)
	}
	out.WriteByte('}')
}

func (v *values) scalar(fd field) string {
	switch fd.in {
	case 0:
		return ""
	case inUnicode:
		n := len16(v.b)
		s := winbin.UTF16(v.take(min(2*n, len(v.b))))
		v.take(min(2, len(v.b))) // the last text of an event may lack its NUL
		return s
	case inANSI:
		n := bytes.IndexByte(v.b, 0)
		if n < 0 {
			return narrow(v.take(len(v.b)))
		}
		s := narrow(v.take(n))
		v.take(1)
		return s
	case inCounted:
		return winbin.UTF16(v.counted())
	case inCountedANSI:
		return narrow(v.counted())
	case inBinary, inCountedBin:
		return hex.EncodeToString(v.counted())
	case inSID:
		return v.sid()
	}
	return v.fixed(fd)
}

// fixed reads the encodings of a fixed length.
func (v *values) fixed(fd field) string {
	n := 0
	switch {
	case fd.in >= inInt8 && fd.in <= inUint64:
		n = 1 << ((fd.in - inInt8) / 2)
	case fd.in == inFloat, fd.in == inBool32, fd.in == inHex32:
		n = 4
	case fd.in == inDouble, fd.in == inFiletime, fd.in == inHex64:
		n = 8
	case fd.in == inGUID, fd.in == inSystemtime:
		n = 16
	case fd.in == inPointer:
		n = v.pointer
	default:
		v.bad = true
	}
	b := v.take(n)
	if v.bad {
		return ""
	}
	if n == 16 {
		return wide(fd, b)
	}
	var raw [8]byte
	copy(raw[:], b)
	return number(fd, binary.LittleEndian.Uint64(raw[:]), n)
}

func wide(fd field, b []byte) string {
	if fd.in == inGUID {
		return guid.FromLE(b).String()
	}
	part := func(i int) int { return int(binary.LittleEndian.Uint16(b[2*i:])) }
	return fmt.Sprintf("%04d-%02d-%02dT%02d:%02d:%02d.%03d", part(0), part(1), part(3), part(4), part(5), part(6), part(7))
}

// number shows n bytes as the field wants them: hexadecimal for addresses and codes, decimal otherwise.
func number(fd field, raw uint64, n int) string {
	switch {
	case fd.in == inFloat:
		return strconv.FormatFloat(float64(math.Float32frombits(uint32(raw))), 'g', -1, 32)
	case fd.in == inDouble:
		return strconv.FormatFloat(math.Float64frombits(raw), 'g', -1, 64)
	case fd.in == inFiletime:
		if t := winbin.Filetime(raw); !t.IsZero() {
			return t.Format(time.RFC3339Nano)
		}
		return strconv.FormatUint(raw, 10)
	case fd.in == inBool32 || fd.out == outBoolean:
		return strconv.FormatBool(raw != 0)
	case fd.out == outStatus, fd.out == outHresult, fd.out == outWin32 && raw > 0xffff:
		return fmt.Sprintf("0x%08x", raw)
	case fd.in == inHex32, fd.in == inHex64, fd.in == inPointer, fd.out == outHex:
		return fmt.Sprintf("0x%x", raw)
	case fd.in%2 == 1: // signed
		shift := 64 - 8*n
		return strconv.FormatInt(int64(raw<<shift)>>shift, 10)
	}
	return strconv.FormatUint(raw, 10)
}

// sid reads revision, count of parts, a 48-bit big-endian authority and the parts.
func (v *values) sid() string {
	head := v.take(8)
	if head == nil || head[1] > 15 {
		v.bad = true
		return ""
	}
	var authority [8]byte
	copy(authority[2:], head[2:])
	s := fmt.Sprintf("S-%d-%d", head[0], binary.BigEndian.Uint64(authority[:]))
	parts := v.take(4 * int(head[1]))
	for i := 0; i+4 <= len(parts); i += 4 {
		s += "-" + strconv.FormatUint(uint64(binary.LittleEndian.Uint32(parts[i:])), 10)
	}
	return s
}

// narrow reads UTF-8 where it is valid, else Windows-1252.
func narrow(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	out := make([]byte, 0, len(b))
	for _, c := range b {
		out = utf8.AppendRune(out, charmap.Windows1252.DecodeByte(c))
	}
	return string(out)
}
