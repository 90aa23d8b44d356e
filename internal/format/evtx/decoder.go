package evtx

import (
	"encoding/binary"
	"errors"
	"slices"

	"github.com/redx-update/redx/internal/format"
)

// A chunk's templates do not overlap in a sound file, so all of them together are shorter than it, and each is parsed
// at most twice (for the provider, and in full). The rest is room for the direct fragments of records.
const maxParsed = 4 * chunkSize

// maxNested bounds fragments within fragments; real events have one.
const maxNested = 8

// decoder reads one chunk at a time. Everything that it allocates is used again for the next chunk.
type decoder struct {
	chunk
	mem       [chunkSize]byte
	want      Filter
	templates map[int]*template // by offset in the chunk
	parsed    int               // bytes of BinXml parsed in this chunk
	strings   map[string]string // names and short values, shared by records
	scratch   []byte
	literals  []byte // of the templates' ops

	rec    Record
	step   uint64
	vals   []ref  // of the record and the fragments inside it; each fragment knows its base
	text   []byte // values of the record's fields, one after the other
	spans  []span
	budget int // bytes and steps that the current record may still cost
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
	d.parsed = 0
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

// fragment is BinXml at a place, as far as it is known before it is run.
type fragment struct {
	t    *template
	base int // of its values in decoder.vals
}

var errCostly = errors.New("expands beyond all measure")

// give decodes the record at pos and yields it, unless the filter does not want it.
func (d *decoder) give(pos, size int, yield func(*Record, error) bool) bool {
	d.step++
	data := slices.Grow(d.rec.Data[:0], 16)
	written := filetime(binary.LittleEndian.Uint64(d.buf[pos+16:]))
	d.rec = Record{
		Number: binary.LittleEndian.Uint64(d.buf[pos+8:]), Time: written, Written: written,
		Offset: d.off + int64(pos), Data: data, d: d, step: d.step, pos: pos, size: size,
	}
	d.vals, d.text, d.spans = d.vals[:0], d.text[:0], d.spans[:0]
	d.budget = budget(size)
	wanted, err := d.record(&d.rec)
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

// enter reads the beginning of the fragment between pos and end: a template with its values, or elements without
// one. It gives the place behind them.
func (d *decoder) enter(pos, end int, headOnly bool) (fragment, int, error) {
	for pos+4 <= end && d.buf[pos] == tokenFragment {
		pos += 4
	}
	if pos < end && d.buf[pos] == tokenTemplate {
		return d.instance(pos+1, end, headOnly)
	}
	t, err := d.parse(pos, end, false)
	return fragment{t, len(d.vals)}, end, err
}

// instance reads a template instance: an unknown byte, the template's short id and offset, the definition itself when
// it is used for the first time, then the values.
func (d *decoder) instance(pos, end int, headOnly bool) (fragment, int, error) {
	const fixed, defHeader = 9, 24
	id := pos + 1
	if pos+fixed > end {
		return fragment{}, end, d.damage(pos, "template instance is cut off")
	}
	def := int(min(binary.LittleEndian.Uint32(d.buf[pos+5:]), chunkSize))
	if pos += fixed; def == pos {
		if pos+defHeader > end {
			return fragment{}, end, d.damage(pos, "template definition is cut off")
		}
		pos += defHeader + int(min(binary.LittleEndian.Uint32(d.buf[pos+20:]), chunkSize))
	}
	t := d.template(def, headOnly)
	if t.err != nil {
		return fragment{}, end, t.err
	}
	if string(d.buf[def+4:def+8]) != string(d.buf[id:id+4]) {
		return fragment{}, end, d.damage(def, "another template stands where the record's was")
	}
	base := len(d.vals)
	pos, err := d.values(pos, end)
	return fragment{t, base}, pos, err
}

func (d *decoder) damage(pos int, what string) error { return format.At(d.off+int64(pos), "%s", what) }

// values reads the count, the sizes and types, and then the values of a template instance.
func (d *decoder) values(pos, end int) (int, error) {
	if pos+4 > end {
		return end, d.damage(pos, "values are cut off")
	}
	n := int(min(binary.LittleEndian.Uint32(d.buf[pos:]), chunkSize))
	desc := pos + 4
	if pos = desc + 4*n; pos > end {
		return end, d.damage(desc, "more values than fit")
	}
	for ; n > 0; n-- {
		size := int(binary.LittleEndian.Uint16(d.buf[desc:]))
		if size > end-pos {
			return end, d.damage(pos, "a value is cut off")
		}
		d.vals = append(d.vals, ref{d.buf[desc+2], int32(pos), int32(pos + size)})
		desc += 4
		pos += size
	}
	return pos, nil
}

// template gives the template defined at an offset of the chunk, parsed once.
func (d *decoder) template(def int, headOnly bool) *template {
	t := d.templates[def]
	if t != nil && (t.full || headOnly || t.err != nil) {
		return t
	}
	const defHeader = 24
	if def < chunkHeader || def+defHeader > len(d.buf) {
		return &template{err: d.damage(def, "template definition lies outside of the chunk")}
	}
	size := int(min(binary.LittleEndian.Uint32(d.buf[def+20:]), chunkSize))
	start := def + defHeader
	if size > len(d.buf)-start {
		t = &template{err: d.damage(def, "template definition is cut off")}
	} else if parsed, err := d.parse(start, start+size, headOnly); err != nil {
		t = &template{err: err}
	} else {
		t = parsed
	}
	d.templates[def] = t
	return t
}

// parse makes a template of the BinXml between pos and end. Elements may come without a dependency identifier, which
// shows only when reading them with one fails.
func (d *decoder) parse(pos, end int, headOnly bool) (*template, error) {
	if d.parsed += end - pos + 64; d.parsed > maxParsed {
		return nil, &format.Error{Offset: d.off + int64(pos), What: "BinXml of the chunk", Err: errCostly}
	}
	t, err := d.parseAs(pos, end, headOnly, false)
	if err != nil {
		if plain, err := d.parseAs(pos, end, headOnly, true); err == nil {
			return plain, nil
		}
	}
	return t, err
}

func (d *decoder) parseAs(pos, end int, headOnly, undepended bool) (*template, error) {
	b := builder{t: &template{}, headOnly: headOnly, literals: &d.literals}
	p := parser{decoder: d, pos: pos, end: end, undepended: undepended}
	err := p.parse(&b)
	if errors.Is(err, errDone) {
		return b.t, nil
	}
	if err != nil {
		return nil, err
	}
	b.t.full = true
	if len(b.lit) > 0 {
		b.emit(op{kind: opLiteral})
	}
	return b.t, nil
}
