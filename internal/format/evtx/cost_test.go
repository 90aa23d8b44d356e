package evtx

import (
	"bytes"
	"encoding/binary"
	"runtime"
	"strings"
	"testing"
)

// TestUnfold has records of a few kilobytes that would unfold to hundreds of megabytes, or take as many steps.
func TestUnfold(t *testing.T) {
	subst := func(p *pen, typ byte, times int) {
		for range times {
			p.raw(tokenSubst, 0, 0, typ)
		}
	}
	large := func(p *pen) {
		p.u32(1)
		p.u16(20000)
		p.raw(typeBinary, 0)
		p.raw(make([]byte, 20000)...)
	}
	for name, write := range map[string]func(p *pen){
		"one field of many times the same value": func(p *pen) {
			p.define(func() {
				p.open(tokenOpen, true, "Data")
				p.raw(tokenCloseStart)
				subst(p, typeBinary, 8000)
				p.raw(tokenEnd)
			})
			large(p)
		},
		"the name of a field": func(p *pen) {
			p.define(func() {
				p.open(tokenOpen|tokenMore, true, "Data")
				p.raw(tokenAttribute)
				p.name("Name")
				subst(p, typeBinary, 8000)
				p.raw(tokenCloseEmpty)
			})
			large(p)
		},
		"the same fragment of many values": func(p *pen) {
			p.define(func() {
				p.open(tokenOpen, true, "Data")
				p.raw(tokenCloseStart)
				subst(p, typeBinXML, 4000)
				p.raw(tokenEnd)
			})
			p.u32(1)
			size := len(p.b)
			p.raw(0, 0, typeBinXML, 0)
			p.define(func() {}) // without fields, so that only its values cost
			p.u32(4000)
			p.raw(bytes.Repeat([]byte{0, 0, typeNull, 0}, 4000)...)
			binary.LittleEndian.PutUint16(p.b[size:], uint16(len(p.b)-size-4))
		},
	} {
		t.Run(name, func(t *testing.T) {
			xml, data, err := only(t, asRecord(write))
			if err == nil || !strings.Contains(err.Error(), errCostly.Error()) {
				t.Errorf("got %v, want %v", err, errCostly)
			}
			size := 0
			for _, f := range data {
				size += len(f.Name) + len(f.Value)
			}
			if limit := budget(chunkSize) + 2*chunkSize; size > limit || len(xml) > limit {
				t.Errorf("%d bytes of data and %d of XML, want at most %d", size, len(xml), limit)
			}
		})
	}
}

// TestLongTag has an array of many small items, each in a long start tag; only XML needs the tag.
func TestLongTag(t *testing.T) {
	b := asRecord(func(p *pen) {
		p.define(func() {
			p.open(tokenOpen|tokenMore, true, "Data")
			p.raw(tokenAttribute)
			p.name("Name")
			p.raw(tokenText, typeString)
			p.chars(strings.Repeat("x", 10000))
			p.raw(tokenCloseStart, tokenSubst, 0, 0, typeArray|typeUint8, tokenEnd)
		})
		p.u32(1)
		p.u16(10000)
		p.raw(typeArray|typeUint8, 0)
		p.raw(make([]byte, 10000)...)
	})
	f, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	records := 0
	for r, damage := range f.Records(nil) {
		if r == nil {
			continue
		}
		records++
		xml, err := r.AppendXML(nil)
		if damage != nil || err == nil || len(xml) > budget(chunkSize)+2*chunkSize {
			t.Errorf("%v; XML of %d bytes, %v", damage, len(xml), err)
		}
	}
	if records != 1 {
		t.Errorf("%d records, want 1", records)
	}
}

// TestLongNames has definitions in which four bytes stand for a name of 1,500, which costs memory before anything is
// rendered.
func TestLongNames(t *testing.T) {
	long := strings.Repeat("\u4e00", maxName)
	for name, write := range map[string]func(p *pen, at int){
		"elements": func(p *pen, at int) {
			for len(p.b) < 50000 {
				p.raw(tokenOpen, 0xff, 0xff, 0, 0, 0, 0)
				p.u32(at)
				p.raw(tokenCloseEmpty)
			}
		},
		"arrays": func(p *pen, at int) {
			p.raw(tokenOpen, 0xff, 0xff, 0, 0, 0, 0)
			p.u32(at)
			p.raw(tokenCloseStart)
			for len(p.b) < 50000 {
				p.raw(tokenSubst, 0, 0, typeArray|typeUint8)
			}
			p.raw(tokenEnd)
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := asRecord(func(p *pen) {
				p.define(func() {
					p.raw(tokenOpen, 0xff, 0xff, 0, 0, 0, 0)
					at := len(p.b) + 4
					p.name(long)
					p.raw(tokenCloseEmpty)
					write(p, at)
				})
				p.u32(0)
			})
			f, err := Open(bytes.NewReader(b), int64(len(b)))
			if err != nil {
				t.Fatal(err)
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			for range f.Records(nil) {
				continue
			}
			runtime.ReadMemStats(&after)
			if took := after.TotalAlloc - before.TotalAlloc; took > 40<<20 {
				t.Errorf("%d MB were allocated for a log of %d KB", took>>20, len(b)>>10)
			}
		})
	}
}

// TestNoTime has a record whose times lie beyond what can be written down.
func TestNoTime(t *testing.T) {
	b := asRecord(func(p *pen) { instance(p, value{typeUint8, []byte{7}}) })
	copy(b[headerBlock+chunkHeader+16:], bytes.Repeat([]byte{0xff}, 8))
	f, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	for r, err := range f.Records(nil) {
		if r != nil && (err != nil || !r.Time.IsZero() || !r.Written.IsZero()) {
			t.Errorf("got %v and %v, %v; want no time", r.Time, r.Written, err)
		}
	}
	if got := systemtime(bytes.Repeat([]byte{0xff, 0x7f}, 8)); !got.IsZero() {
		t.Errorf("got %v, want no time", got)
	}
}
