package evtx

import "github.com/redx-update/redx/internal/format"

// fields collects what a fragment's items give, and those of the fragments inside it.
func (d *decoder) fields(f fragment, depth int, unnamed *int) error {
	for i := range f.t.items {
		it := &f.t.items[i]
		d.budget -= 8
		if it.dep >= 0 && d.val(f.base, it.dep).null() {
			continue
		}
		switch it.kind {
		case itemEmbed:
			err := d.inner(f.base+it.parts[0].sub, depth, func(in fragment) error {
				return d.fields(in, depth+1, unnamed)
			})
			if err != nil {
				return err
			}
		case itemPositional:
			d.positional(f, it, unnamed)
		default:
			d.field(d.fieldName(f, it), f, it.parts)
		}
		if d.budget < 0 {
			return errCostly
		}
	}
	return nil
}

func (d *decoder) fieldName(f fragment, it *item) string {
	if it.named == nil {
		return it.name
	}
	d.scratch = d.appendParts(d.scratch[:0], f, it.named)
	d.budget -= len(d.scratch)
	return d.intern(d.scratch)
}

func (d *decoder) field(name string, f fragment, parts []part) {
	start := len(d.text)
	d.text = d.appendParts(d.text, f, parts)
	d.add(name, start)
}

func (d *decoder) add(name string, start int) {
	d.budget -= len(d.text) - start
	d.spans = append(d.spans, span{name, start, len(d.text)})
}

// appendParts stops where the budget ends, since parts can all be the same large value; whoever calls it takes from the
// budget what was appended.
func (d *decoder) appendParts(dst []byte, f fragment, parts []part) []byte {
	start := len(dst)
	for _, p := range parts {
		if len(dst)-start > d.budget {
			break
		}
		if p.sub < 0 {
			dst = append(dst, p.text...)
		} else {
			dst = d.val(f.base, p.sub).append(dst, false)
		}
	}
	return dst
}

// positional gives a Data without a name its number; an array in it is one Data per item.
func (d *decoder) positional(f fragment, it *item, unnamed *int) {
	var v value
	if len(it.parts) == 1 && it.parts[0].sub >= 0 {
		v = d.val(f.base, it.parts[0].sub)
	}
	if v.typ&typeArray == 0 {
		*unnamed++
		d.field(positional(*unnamed), f, it.parts)
		return
	}
	for item := range v.items {
		if d.budget -= 8; d.budget < 0 {
			return
		}
		*unnamed++
		start := len(d.text)
		d.text = item.append(d.text, false)
		d.add(positional(*unnamed), start)
	}
}

// inner runs the fragments that a value of type BinXml holds.
func (d *decoder) inner(val, depth int, run func(fragment) error) error {
	if val >= len(d.vals) || d.vals[val].typ != typeBinXML {
		return nil
	}
	if depth >= maxNested {
		return errCostly
	}
	pos, end := int(d.vals[val].pos), int(d.vals[val].end)
	for pos < end && d.buf[pos] != tokenEOF {
		keep := len(d.vals)
		f, next, err := d.enter(pos, end, false)
		if d.budget -= 8 * (len(d.vals) - keep); err == nil && d.budget < 0 {
			err = errCostly
		}
		if err == nil {
			err = run(f)
		}
		d.vals = d.vals[:keep]
		if err != nil {
			return err
		}
		if pos = next; d.budget < 0 {
			return errCostly
		}
	}
	return nil
}

func (d *decoder) appendXML(dst []byte, r *Record) ([]byte, error) {
	d.vals = d.vals[:0]
	d.budget = budget(r.size)
	f, _, err := d.enter(r.pos+recordHeader, r.pos+r.size-4, false)
	if err == nil {
		dst, err = d.render(dst, f, 0)
	}
	if err != nil {
		err = &format.Error{Offset: r.Offset, What: "event record is damaged", Err: err}
	}
	return dst, err
}

// render runs the ops of a fragment.
func (d *decoder) render(dst []byte, f fragment, depth int) ([]byte, error) {
	ops := f.t.ops
	for i := 0; i < len(ops); i++ {
		o := &ops[i]
		before := len(dst)
		dst = append(dst, o.lit...)
		switch o.kind {
		case opIf:
			if d.val(f.base, o.sub).null() {
				i = o.to - 1
			}
		case opValue:
			v := d.val(f.base, o.sub)
			switch {
			case v.typ == typeBinXML:
				err := d.inner(f.base+o.sub, depth, func(in fragment) (err error) {
					dst, err = d.render(dst, in, depth+1)
					return err
				})
				if err != nil {
					return dst, err
				}
				before = len(dst)
			case v.typ&typeArray != 0 && o.sep != nil:
				dst = v.appendItems(dst, true, string(o.sep), d.budget)
			default:
				dst = v.append(dst, true)
			}
		}
		if d.budget -= len(dst) - before + 8; d.budget < 0 {
			return dst, errCostly
		}
	}
	return dst, nil
}
