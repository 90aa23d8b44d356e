package evtx

import (
	"encoding/binary"
	"errors"
	"slices"

	"github.com/redx-update/redx/internal/format"
	"github.com/redx-update/redx/internal/winbin"
)

// maxNested bounds fragments within fragments; real events have one.
const maxNested = 8

// decoder reads one chunk at a time. Everything that it allocates is used again for the next chunk.
type decoder struct {
	chunk
	mem       [chunkSize]byte
	want      Filter
	templates map[int]*template // by offset in the chunk
	parsed    int               // bytes of BinXml parsed in this chunk
	named     int               // bytes of names met there
	strings   map[string]string // names and short values, shared by records
	scratch   []byte
	literals  []byte // of the templates' ops

	rec    Record
	step   uint64
	vals   []ref  // of the record and the fragments inside it; each fragment knows its base
	text   []byte // values of the record's fields, one after the other
	spans  []span
	budget int // bytes and steps that the current record may still cost
	left   int // those that the data of all further records of the chunk may cost
}

// ref is a value by its place in the chunk.
type ref struct {
	typ      byte
	pos, end int32
}

type span struct {
	name       string
	start, end int
}

func newDecoder(want Filter) *decoder {
	return &decoder{want: want, templates: map[int]*template{}, strings: map[string]string{}}
}

func (d *decoder) reset() {
	clear(d.templates)
	d.literals = d.literals[:0]
	d.parsed, d.named = 0, 0
	d.left = 64 * chunkSize
	d.step++
}

// intern gives a string that is kept once, however often it occurs. Long texts do not recur, so they are not kept.
func (d *decoder) intern(b []byte) string {
	const longest, most = 128, 4096
	if s, ok := d.strings[string(b)]; ok || len(b) > longest {
		if !ok {
			return string(b)
		}
		return s
	}
	if len(d.strings) >= most {
		clear(d.strings)
	}
	s := string(b)
	d.strings[s] = s
	return s
}

var errCostly = errors.New("expands beyond all measure")

// give decodes the record at pos and yields it, unless the filter does not want it.
func (d *decoder) give(pos, size int, yield func(*Record, error) bool) bool {
	d.step++
	data := slices.Grow(d.rec.Data[:0], 16)
	written := winbin.Filetime(binary.LittleEndian.Uint64(d.buf[pos+16:]))
	d.rec = Record{
		Number: binary.LittleEndian.Uint64(d.buf[pos+8:]), Time: written, Written: written,
		Offset: d.off + int64(pos), Data: data, d: d, step: d.step, pos: pos, size: size,
	}
	d.vals, d.text, d.spans = d.vals[:0], d.text[:0], d.spans[:0]
	allowed := min(budget(size), d.left)
	d.budget = allowed
	wanted, err := d.record(&d.rec)
	d.left -= allowed - d.budget
	switch {
	case err == nil && !wanted:
		return true
	case err != nil:
		err = &format.Error{Offset: d.rec.Offset, What: "event record is damaged", Err: err}
		if !wanted {
			return yield(nil, err)
		}
	}
	return yield(&d.rec, err)
}

// budget lets every sound record through: text of a template plus values, where escaping makes at most 6 bytes of 2.
func budget(size int) int { return 2*chunkSize + 32*size }

// record decodes into r, and reports whether the filter wants it. A record that is damaged before its provider is
// known is wanted only when all are.
func (d *decoder) record(r *Record) (wanted bool, err error) {
	frag, _, err := d.enter(r.pos+recordHeader, r.pos+r.size-4, d.want != nil)
	if err != nil {
		return d.want == nil, err
	}
	t := frag.t
	if d.want != nil {
		ids, ok := d.want[d.slotString(t, slotProvider, frag.base)]
		if !ok {
			return false, nil
		}
		if !t.full {
			d.vals = d.vals[:0]
			if frag, _, err = d.enter(r.pos+recordHeader, r.pos+r.size-4, false); err != nil {
				return true, err
			}
			t = frag.t
		}
		id := uint16(d.slotUint(t, slotEventID, frag.base))
		if len(ids) > 0 && !slices.Contains(ids, id) {
			return false, nil
		}
	}
	d.system(r, t, frag.base)
	unnamed := 0
	err = d.fields(frag, 0, &unnamed)
	d.finish(r)
	return true, err
}

// finish makes the record's fields out of the collected spans: one string holds all values.
func (d *decoder) finish(r *Record) {
	all := string(d.text)
	for _, s := range d.spans {
		r.Data = append(r.Data, Field{s.name, all[s.start:s.end]})
	}
}

// val gives a substitution; one that the record does not have is null.
func (d *decoder) val(base, i int) value {
	if i < 0 || base+i >= len(d.vals) {
		return value{}
	}
	v := d.vals[base+i]
	return value{v.typ, d.buf[v.pos:v.end]}
}
