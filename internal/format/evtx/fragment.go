package evtx

import (
	"encoding/binary"
	"errors"

	"github.com/redx-update/redx/internal/format"
)

// A chunk's templates do not overlap in a sound file, so all of them together are shorter than it, and each is parsed
// at most twice (for the provider, and in full). The rest is room for the direct fragments of records.
const maxParsed = 4 * chunkSize

// fragment is BinXml at a place, as far as it is known before it is run.
type fragment struct {
	t    *template
	base int // of its values in decoder.vals
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
