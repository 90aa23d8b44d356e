// Package msi reads what a Windows Installer package says of itself: its table Property (product code, version, name and
// the like) and the processor of its summary. The package is a compound file whose streams are the tables of a database;
// their names are packed, their texts lie in a pool that all tables share.
//
// It reads no other table, and no files. Its invariant is that lengths are bounded by the streams they stand in.
package msi

import (
	"encoding/binary"
	"fmt"
	"io"
	"strings"

	"golang.org/x/text/encoding/charmap"

	"github.com/redx-update/redx/internal/format"
	"github.com/redx-update/redx/internal/format/ole"
)

// Bounds of the streams that are read; real pools have a few MB.
const (
	maxPool  = 16 << 20
	maxData  = 64 << 20
	maxTable = 16 << 20
)

// Package is an installer's own facts.
type Package struct {
	Properties map[string]string // the table Property
	Template   string            // of the summary, "x64;1033": processors and languages; "" when there is none
}

// Read reads a package. format.ErrNotThis when it is no compound file, or one of something else.
func Read(r io.ReaderAt, size int64) (Package, error) {
	f, err := ole.Open(r, size)
	if err != nil {
		return Package{}, err
	}
	streams := map[string]*ole.Entry{}
	for _, e := range f.Root().Children {
		if e.Kind == ole.Stream {
			streams[Name(e)] = e
		}
	}
	if streams["!_StringPool"] == nil || streams["!Property"] == nil {
		return Package{}, fmt.Errorf("a compound file without the tables of an installer: %w", format.ErrNotThis)
	}
	var p Package
	if p.Properties, err = properties(f, streams); err != nil {
		return p, err
	}
	if s := streams["\x05SummaryInformation"]; s != nil {
		b, err := content(f, s, maxTable)
		if err != nil {
			return p, err
		}
		p.Template = template(b)
	}
	return p, nil
}

func properties(f *ole.File, streams map[string]*ole.Entry) (map[string]string, error) {
	pool, err := content(f, streams["!_StringPool"], maxPool)
	if err != nil {
		return nil, err
	}
	data, err := content(f, streams["!_StringData"], maxData)
	if err != nil {
		return nil, err
	}
	table, err := content(f, streams["!Property"], maxTable)
	if err != nil {
		return nil, err
	}
	texts, width, err := pooled(pool, data)
	if err != nil {
		return nil, err
	}
	// A table lies column by column: first all names, then all values.
	rows := len(table) / (2 * width)
	all := map[string]string{}
	for i := range rows {
		name, value := number(table[i*width:], width), number(table[(rows+i)*width:], width)
		if name >= len(texts) || value >= len(texts) {
			return all, fmt.Errorf("table Property, row %d: texts %d and %d of %d", i+1, name, value, len(texts))
		}
		all[texts[name]] = texts[value]
	}
	return all, nil
}

func content(f *ole.File, e *ole.Entry, limit int64) ([]byte, error) {
	if e == nil {
		return nil, nil
	}
	if e.Size > limit {
		return nil, fmt.Errorf("stream %s of %d bytes", Name(e), e.Size)
	}
	r, err := f.Open(e)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(r, limit))
	if err != nil {
		return nil, fmt.Errorf("stream %s: %w", Name(e), err)
	}
	return b, nil
}

func number(b []byte, width int) int {
	n := int(b[0]) | int(b[1])<<8
	if width == 3 {
		n |= int(b[2]) << 16
	}
	return n
}

// pooled reads the pool: of each text its length, and how often it is used. The first entry says the code page, and
// whether references have two bytes or three. An unused number has neither; a text of 64 KB and more has no length in
// its first entry, and all of it in the next.
func pooled(pool, data []byte) (texts []string, width int, err error) {
	if len(pool) < 4 {
		return nil, 0, fmt.Errorf("string pool of %d bytes", len(pool))
	}
	head := binary.LittleEndian.Uint32(pool)
	width = 2
	if head>>31 == 1 {
		width = 3
	}
	decode := decoder(head & 0xffff)
	texts = []string{""}
	for pool = pool[4:]; len(pool) >= 4; pool = pool[4:] {
		n, used := int64(binary.LittleEndian.Uint16(pool)), binary.LittleEndian.Uint16(pool[2:])
		if n == 0 && used != 0 && len(pool) >= 8 {
			n = int64(binary.LittleEndian.Uint32(pool[4:]))
			pool = pool[4:]
		}
		if n > int64(len(data)) {
			return texts, width, fmt.Errorf("text %d has %d bytes, and %d are left", len(texts), n, len(data))
		}
		texts = append(texts, decode(data[:n]))
		data = data[n:]
	}
	return texts, width, nil
}

// pages are the code pages with one byte for each character.
var pages = map[uint32]*charmap.Charmap{
	874: charmap.Windows874, 1250: charmap.Windows1250, 1251: charmap.Windows1251, 1252: charmap.Windows1252, 1253: charmap.Windows1253,
	1254: charmap.Windows1254, 1255: charmap.Windows1255, 1256: charmap.Windows1256, 1257: charmap.Windows1257, 1258: charmap.Windows1258,
}

// decoder gives how texts are read. Those of code pages that are not known keep their ASCII alone.
func decoder(page uint32) func([]byte) string {
	if page == 65001 {
		return func(b []byte) string { return strings.ToValidUTF8(string(b), "\ufffd") }
	}
	m := pages[page]
	return func(b []byte) string {
		var s strings.Builder
		for _, c := range b {
			switch {
			case c < 0x80:
				s.WriteByte(c)
			case m == nil:
				s.WriteRune('\ufffd')
			default:
				s.WriteRune(m.DecodeByte(c))
			}
		}
		return s.String()
	}
}

// Bounds of the characters in which names are packed: two of 64 in one, one of 64 in one, and the mark of a table.
const (
	firstPair   = 0x3800
	firstSingle = 0x4800
	tableMark   = 0x4840
)

const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._"

// Name unpacks the name of a stream; that of a table begins with "!".
func Name(e *ole.Entry) string {
	var s strings.Builder
	for _, r := range e.Text() {
		switch {
		case r >= firstPair && r < firstSingle:
			s.WriteByte(letters[(r-firstPair)&0x3f])
			s.WriteByte(letters[(r-firstPair)>>6])
		case r >= firstSingle && r < tableMark:
			s.WriteByte(letters[r-firstSingle])
		case r == tableMark:
			s.WriteByte('!')
		default:
			s.WriteRune(r)
		}
	}
	return s.String()
}
