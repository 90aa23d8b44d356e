package evtx

import (
	"encoding/binary"
	"math"
	"strconv"
)

// Value types (MS-EVEN6 2.2.12, BinXml grammar). A set high bit makes an array of them.
const (
	typeNull       = 0x00
	typeString     = 0x01
	typeANSI       = 0x02
	typeInt8       = 0x03
	typeUint8      = 0x04
	typeInt16      = 0x05
	typeUint16     = 0x06
	typeInt32      = 0x07
	typeUint32     = 0x08
	typeInt64      = 0x09
	typeUint64     = 0x0a
	typeFloat      = 0x0b
	typeDouble     = 0x0c
	typeBool       = 0x0d
	typeBinary     = 0x0e
	typeGUID       = 0x0f
	typeSize       = 0x10
	typeFiletime   = 0x11
	typeSystemtime = 0x12
	typeSID        = 0x13
	typeHex32      = 0x14
	typeHex64      = 0x15
	typeBinXML     = 0x21
	typeArray      = 0x80
)

// value is one substitution of a record, or a literal, still as it stands in the chunk.
type value struct {
	typ byte
	b   []byte
}

// null reports what makes an optional part of a template disappear.
func (v value) null() bool { return v.typ == typeNull || len(v.b) == 0 }

// width gives the bytes of one item of a type of fixed size, 0 for the others.
func width(typ byte) int {
	switch typ {
	case typeInt8, typeUint8:
		return 1
	case typeInt16, typeUint16:
		return 2
	case typeInt32, typeUint32, typeHex32, typeFloat, typeBool:
		return 4
	case typeInt64, typeUint64, typeHex64, typeDouble, typeFiletime:
		return 8
	case typeGUID, typeSystemtime:
		return 16
	}
	return 0
}

// append renders the value. Types and sizes that do not fit together, and unknown types, come out as hexadecimal, so
// that nothing is lost.
func (v value) append(dst []byte, xml bool) []byte {
	w := width(v.typ)
	if w > len(v.b) {
		return appendHex(dst, v.b)
	}
	switch v.typ {
	case typeNull:
		return dst
	case typeString:
		return appendUTF16(dst, trimNUL(v.b), xml)
	case typeANSI:
		return appendANSI(dst, v.b, xml)
	case typeFloat:
		f := math.Float32frombits(binary.LittleEndian.Uint32(v.b))
		return strconv.AppendFloat(dst, float64(f), 'g', -1, 32)
	case typeDouble:
		return strconv.AppendFloat(dst, math.Float64frombits(binary.LittleEndian.Uint64(v.b)), 'g', -1, 64)
	case typeBool:
		return strconv.AppendBool(dst, binary.LittleEndian.Uint32(v.b) != 0)
	case typeGUID:
		return appendGUID(dst, v.b)
	case typeFiletime:
		return appendTime(dst, filetime(binary.LittleEndian.Uint64(v.b)))
	case typeSystemtime:
		if t := systemtime(v.b); !t.IsZero() {
			return appendTime(dst, t)
		}
	case typeSID:
		return appendSID(dst, v.b)
	case typeSize, typeHex32, typeHex64:
		if len(v.b) == 4 || len(v.b) == 8 {
			return strconv.AppendUint(append(dst, "0x"...), v.uint(), 16)
		}
	case typeInt8, typeInt16, typeInt32, typeInt64:
		return strconv.AppendInt(dst, v.int(w), 10)
	case typeUint8, typeUint16, typeUint32, typeUint64:
		return strconv.AppendUint(dst, v.uint(), 10)
	}
	if v.typ&typeArray != 0 {
		return v.appendItems(dst, xml, ", ", math.MaxInt)
	}
	return appendHex(dst, v.b)
}

// uint reads up to 8 bytes as a number.
func (v value) uint() uint64 {
	var x uint64
	b := v.b
	if w := width(v.typ); w > 0 && w < len(b) {
		b = b[:w]
	}
	for i := min(len(b), 8) - 1; i >= 0; i-- {
		x = x<<8 | uint64(b[i])
	}
	return x
}

func (v value) int(w int) int64 {
	shift := 64 - 8*w
	return int64(v.uint()<<shift) >> shift
}

// items gives the parts of an array: strings end in NUL, the rest has a fixed size.
func (v value) items(yield func(value) bool) {
	typ, b := v.typ&^typeArray, v.b
	for len(b) > 0 {
		n := width(typ)
		switch typ {
		case typeString:
			n = endUTF16(b)
		case typeANSI:
			n = endANSI(b)
		case typeSize:
			n = 8
		case typeSID:
			n = 8
			if len(b) >= 2 {
				n = 8 + 4*int(b[1])
			}
		}
		if n == 0 || n > len(b) {
			n = len(b)
		}
		if !yield(value{typ, b[:n]}) {
			return
		}
		b = b[n:]
	}
}

// appendItems stops when it has appended more than most bytes.
func (v value) appendItems(dst []byte, xml bool, sep string, most int) []byte {
	first, start := true, len(dst)
	for item := range v.items {
		if len(dst)-start > most {
			break
		}
		if !first {
			dst = append(dst, sep...)
		}
		first = false
		dst = item.append(dst, xml)
	}
	return dst
}

func endUTF16(b []byte) int {
	for i := 0; i+1 < len(b); i += 2 {
		if b[i] == 0 && b[i+1] == 0 {
			return i + 2
		}
	}
	return len(b)
}

func endANSI(b []byte) int {
	for i, c := range b {
		if c == 0 {
			return i + 1
		}
	}
	return len(b)
}

func trimNUL(b []byte) []byte {
	for len(b) >= 2 && b[len(b)-1] == 0 && b[len(b)-2] == 0 {
		b = b[:len(b)-2]
	}
	return b
}

// appendANSI takes the bytes for Latin-1: the code page of the writer is not recorded.
func appendANSI(dst, b []byte, xml bool) []byte {
	for _, c := range b {
		switch {
		case c == 0:
			return dst
		case xml:
			dst = appendEscaped(dst, rune(c))
		default:
			dst = append(dst, string(rune(c))...)
		}
	}
	return dst
}
