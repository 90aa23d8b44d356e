package evtx

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/winbin"
)

// pen writes BinXml by hand, for what the writer does not write.
type pen struct{ b []byte }

func (p *pen) raw(b ...byte) { p.b = append(p.b, b...) }
func (p *pen) u16(v int)     { p.b = binary.LittleEndian.AppendUint16(p.b, uint16(v)) }
func (p *pen) u32(v int)     { p.b = binary.LittleEndian.AppendUint32(p.b, uint32(v)) }

func (p *pen) chars(s string) {
	p.u16(len([]rune(s)))
	p.raw(winbin.PutUTF16(s)...)
}

// name writes a name in place.
func (p *pen) name(s string) {
	p.u32(len(p.b) + 4)
	p.raw(0, 0, 0, 0, 0, 0)
	p.chars(s)
	p.u16(0)
}

func (p *pen) open(token byte, dep bool, name string) {
	if p.raw(token); dep {
		p.u16(noDep)
	}
	p.u32(0)
	p.name(name)
	if token&tokenMore != 0 {
		p.u32(0)
	}
}

// record writes a record around the BinXml that write puts at its place in the chunk.
func (p *pen) record(number int, write func(p *pen)) {
	start := len(p.b)
	p.raw('*', '*', 0, 0)
	p.u32(0)
	p.u32(number)
	p.raw(make([]byte, 12)...)
	write(p)
	size := len(p.b) + 4 - start
	p.u32(size)
	binary.LittleEndian.PutUint32(p.b[start+4:], uint32(size))
}

// asLog makes a log of one chunk with the records that write writes.
func asLog(write func(p *pen)) []byte {
	const at = headerBlock
	b := make([]byte, at+chunkSize)
	copy(b, fileSignature)
	copy(b[at:], chunkMagic)
	p := pen{b[at : at+chunkHeader : at+chunkHeader]}
	write(&p)
	copy(b[at:], p.b)
	binary.LittleEndian.PutUint32(b[at+48:], uint32(len(p.b)))
	return b
}

func asRecord(write func(p *pen)) []byte {
	return asLog(func(p *pen) { p.record(1, write) })
}

// only gives the one record's XML, data, and the damage inside it.
func only(t *testing.T, b []byte) (xml string, data []Field, damage error) {
	t.Helper()
	f, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for r, err := range f.Records(nil) {
		if r == nil {
			continue // the checksums
		}
		n++
		out, err2 := r.AppendXML(nil)
		if (err == nil) != (err2 == nil) {
			t.Errorf("fields: %v, XML: %v", err, err2)
		}
		xml, data, damage = string(out), append(data, r.Data...), err
	}
	if n != 1 {
		t.Fatalf("%d records, want 1", n)
	}
	return xml, data, damage
}

// TestDirect reads a record without a template, with all kinds of text, and elements without dependency identifiers.
func TestDirect(t *testing.T) {
	for _, dep := range []bool{true, false} {
		b := asRecord(func(p *pen) {
			p.raw(tokenFragment, 1, 1, 0)
			p.open(tokenOpen, dep, "UserData")
			p.raw(tokenCloseStart)
			p.open(tokenOpen|tokenMore, dep, "Thing")
			p.raw(tokenAttribute)
			p.name("size")
			p.raw(tokenText, typeString)
			p.chars(`1"2`)
			p.raw(tokenCloseStart, tokenText|tokenMore, typeString)
			p.chars("a<")
			p.raw(tokenEntityRef)
			p.name("amp")
			p.raw(tokenCharRef)
			p.u16(0x2116)
			p.raw(tokenPITarget)
			p.name("ignored")
			p.raw(tokenPIData)
			p.chars("as well")
			p.raw(tokenCDATA)
			p.chars("]z")
			p.raw(tokenEnd)
			p.open(tokenOpen, dep, "Nothing")
			p.raw(tokenCloseEmpty, tokenEnd, tokenEOF)
		})
		xml, data, err := only(t, b)
		const want = `<UserData><Thing size="1&quot;2">a&lt;&amp;№]z</Thing><Nothing/></UserData>`
		if xml != want || err != nil {
			t.Errorf("got %s, %v, want %s", xml, err, want)
		}
		if d := cmp.Diff([]Field{{"size", `1"2`}, {"Thing", "a<&№]z"}}, data); d != "" {
			t.Errorf("-want +got\n%s", d)
		}
	}
}

// firstTemplate is where a template stands that the first record begins with.
const firstTemplate = chunkHeader + recordHeader + 10

// define writes the beginning of a template instance, with the definition, up to the values.
func (p *pen) define(body func()) {
	p.raw(tokenTemplate, 1, 9, 9, 9, 9)
	p.u32(len(p.b) + 4)
	p.u32(0)
	p.raw(9, 9, 9, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	size := len(p.b)
	p.u32(0)
	p.open(tokenOpen, true, "EventData")
	p.raw(tokenCloseStart)
	body()
	p.raw(tokenEnd, tokenEOF)
	binary.LittleEndian.PutUint32(p.b[size:], uint32(len(p.b)-size-4))
}

// instance writes an instance of a template with one Data for each value.
func instance(p *pen, vals ...value) {
	p.define(func() {
		for i, v := range vals {
			p.open(tokenOpen|tokenMore, true, "Data")
			p.raw(tokenAttribute)
			p.name("Name")
			p.raw(tokenText, typeString)
			p.chars(fmt.Sprint("v", i))
			p.raw(tokenCloseStart, tokenSubst)
			p.u16(i)
			p.raw(v.typ, tokenEnd)
		}
	})
	p.u32(len(vals))
	for _, v := range vals {
		p.u16(len(v.b))
		p.raw(v.typ, 0)
	}
	for _, v := range vals {
		p.raw(v.b...)
	}
}

func TestValues(t *testing.T) {
	sid := []byte{1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0}
	for _, tc := range []struct {
		v    value
		want string
	}{
		{value{typeNull, nil}, ""},
		{value{typeString, winbin.PutUTF16("a\x01\U0001f600\x00")}, "a\x01\U0001f600"},
		{value{typeString, []byte{0x00, 0xd8, 'x', 0}}, "\ufffdx"},
		{value{typeANSI, []byte("gr\xfcn\x00")}, "grün"},
		{value{typeInt8, []byte{0xff}}, "-1"},
		{value{typeUint8, []byte{0xff}}, "255"},
		{value{typeInt16, []byte{0xfe, 0xff}}, "-2"},
		{value{typeUint16, []byte{0xfe, 0xff}}, "65534"},
		{value{typeInt32, []byte{0, 0, 0, 0x80}}, "-2147483648"},
		{value{typeUint32, []byte{2, 0, 7, 0x80}}, "2147942402"},
		{value{typeInt64, bytes.Repeat([]byte{0xff}, 8)}, "-1"},
		{value{typeUint64, bytes.Repeat([]byte{0xff}, 8)}, "18446744073709551615"},
		{value{typeFloat, []byte{0, 0, 0xc0, 0x3f}}, "1.5"},
		{value{typeDouble, []byte{0, 0, 0, 0, 0, 0, 0xf8, 0x3f}}, "1.5"},
		{value{typeBool, []byte{1, 0, 0, 0}}, "true"},
		{value{typeBinary, []byte{0, 0xab}}, "00AB"},
		{value{typeGUID, []byte("0123456789abcdef")}, "{33323130-3534-3736-3839-616263646566}"},
		{value{typeSize, []byte{1, 0, 0, 0}}, "0x1"},
		{value{typeSize, []byte{0, 0, 0, 0, 1, 0, 0, 0}}, "0x100000000"},
		{value{typeFiletime, make([]byte, 8)}, "1601-01-01T00:00:00.000000000Z"},
		{value{typeSystemtime, []byte{0xe8, 7, 3, 0, 2, 0, 5, 0, 7, 0, 9, 0, 11, 0, 123, 0}}, "2024-03-05T07:09:11.123000000Z"},
		{value{typeSystemtime, make([]byte, 16)}, strings.Repeat("00", 16)},
		{value{typeSystemtime, bytes.Repeat([]byte{0xff}, 16)}, strings.Repeat("FF", 16)},
		{value{typeSystemtime, []byte{0xe8, 7, 13, 0, 2, 0, 5, 0, 7, 0, 9, 0, 11, 0, 0, 0}}, "E8070D0002000500070009000B000000"},
		{value{typeSID, sid}, "S-1-5-32-544"},
		{value{typeSID, sid[:12]}, "010200000000000520000000"},
		{value{typeHex32, []byte{2, 0, 7, 0x80}}, "0x80070002"},
		{value{typeHex64, []byte{0, 0, 0, 0, 0, 0, 0, 0x80}}, "0x8000000000000000"},
		{value{typeUint32, []byte{1, 2}}, "0102"},
		{value{0x23, []byte{1}}, "01"},
		{value{typeArray | typeString, winbin.PutUTF16("a\x00\x00b\x00")}, "a, , b"},
		{value{typeArray | typeUint16, []byte{1, 0, 2, 0, 3}}, "1, 2, 03"},
		{value{typeArray | typeSID, append(sid, sid...)}, "S-1-5-32-544, S-1-5-32-544"},
		{value{typeArray | typeANSI, []byte("a\x00b")}, "a, b"},
	} {
		_, data, err := only(t, asRecord(func(p *pen) { instance(p, value{typeUint8, []byte{7}}, tc.v) }))
		if len(data) != 2 || data[0].Value != "7" || data[1] != (Field{"v1", tc.want}) || err != nil {
			t.Errorf("type %#x, % x: got %q, %v, want %q", tc.v.typ, tc.v.b, data, err, tc.want)
		}
	}
}

func TestXMLArray(t *testing.T) {
	xml, _, err := only(t, asRecord(func(p *pen) {
		instance(p, value{typeArray | typeString, winbin.PutUTF16("a\x00<\x01\x00")})
	}))
	const want = "<EventData><Data Name=\"v0\">a</Data><Data Name=\"v0\">&lt;\ufffd</Data></EventData>"
	if xml != want || err != nil {
		t.Errorf("got %s, %v, want %s", xml, err, want)
	}
}

// TestHostile has records that would cost without end or read beyond the chunk.
func TestHostile(t *testing.T) {
	// A fragment whose value is a fragment that instantiates the same template: each level doubles the one inside.
	bomb := func(p *pen) {
		inner := pen{}
		for range 20 {
			next := pen{}
			next.raw(tokenTemplate, 1, 9, 9, 9, 9)
			next.u32(firstTemplate)
			next.u32(2)
			for range 2 {
				next.u16(len(inner.b))
				next.raw(typeBinXML, 0)
			}
			next.raw(inner.b...)
			next.raw(inner.b...)
			if len(next.b) > 20000 {
				break
			}
			inner = next
		}
		instance(p, value{typeBinXML, inner.b}, value{typeBinXML, inner.b})
	}
	for _, tc := range []struct {
		name, want string
		write      func(p *pen)
	}{
		{"bomb", "expands beyond", bomb},
		{"open element", "left open", func(p *pen) { p.open(tokenOpen, true, "a"); p.raw(tokenCloseStart) }},
		{"end first", "end without", func(p *pen) { p.raw(tokenEnd) }},
		{"unknown token", "unknown token", func(p *pen) { p.raw(0x3f) }},
		{"name outside", "no name", func(p *pen) { p.raw(tokenOpen, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff) }},
		{"name with markup", "no name", func(p *pen) { p.open(tokenOpen, true, "a b"); p.raw(tokenCloseEmpty) }},
		{"template outside", "outside", func(p *pen) { p.raw(tokenTemplate, 1, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0x7f, 0, 0, 0, 0) }},
		{"template cut off", "cut off", func(p *pen) { p.raw(tokenTemplate, 1, 0, 0) }},
		{"more values than fit", "more values", func(p *pen) { instance(p); p.b = p.b[:len(p.b)-4]; p.u32(1 << 30) }},
		{"deep", "too deeply", func(p *pen) {
			for range maxDepth + 1 {
				p.open(tokenOpen, true, "a")
				p.raw(tokenCloseStart)
			}
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			xml, _, err := only(t, asRecord(tc.write))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%v, want %q; XML %.300s", err, tc.want, xml)
			}
		})
	}
}

// TestChunkCost has many small records that all unfold the same large text.
func TestChunkCost(t *testing.T) {
	const length = 12000
	b := asLog(func(p *pen) {
		p.record(1, func(p *pen) {
			p.define(func() {
				p.open(tokenOpen, true, "Data")
				p.raw(tokenCloseStart, tokenText, typeString)
				p.chars(strings.Repeat("x", length))
				p.raw(tokenEnd)
			})
			p.u32(0)
		})
		for n := 2; len(p.b) < chunkSize-100; n++ {
			p.record(n, func(p *pen) { p.raw(tokenTemplate, 1, 9, 9, 9, 9); p.u32(firstTemplate); p.u32(0) })
		}
	})
	f, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	size, records, refused := 0, 0, 0
	for r, err := range f.Records(nil) {
		if r == nil {
			continue
		}
		records++
		size += len(r.Get("param1"))
		if err != nil {
			refused++
		}
	}
	if size < 100*length || size > 64*chunkSize+length || refused == 0 || records < 500 {
		t.Errorf("%d bytes of %d records, %d refused; want all records and at most 4 MB", size, records, refused)
	}
}
