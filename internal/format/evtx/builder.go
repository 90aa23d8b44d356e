package evtx

import (
	"slices"
	"strings"
)

// noDep is the dependency identifier of an element that is always there.
const noDep = 0xffff

// op is one step of rendering: the literal XML before it, then what kind says.
type op struct {
	lit  []byte
	kind byte
	sub  int    // index of the substitution
	to   int    // opIf: the op to go on with when the substitution is null
	sep  []byte // opValue: what stands between the items of an array
}

const (
	opLiteral = iota // nothing more
	opValue          // the value of a substitution
	opIf             // go on at op "to" when a substitution is null
)

// part is a piece of a value: a substitution, or literal text when sub is negative.
type part struct {
	text string
	sub  int
}

// item is one field of the event's data, or an inner fragment that holds some.
type item struct {
	kind  itemKind
	name  string
	named []part // the name, when it is not literal
	parts []part
	dep   int
}

type itemKind byte

const (
	itemField      itemKind = iota
	itemPositional          // a Data element without a name
	itemEmbed               // parts[0] is a substitution with an inner fragment
)

// template is BinXml made ready to run: as XML, as the values of System, and as the fields of the data.
type template struct {
	err   error // it is damaged; then the rest is not to be used
	full  bool  // false: parsed up to the provider only
	ops   []op
	slots [slotCount]part
	has   [slotCount]bool
	items []item
}

// mode is the part of an event that an element belongs to.
type mode byte

const (
	modeTop mode = iota
	modeEvent
	modeSystem
	modeEventData
	modeUserData
	modeIgnore
)

type frame struct {
	name     string
	mode     mode
	dep      int // innermost substitution that must not be null
	skip     int // index of the opIf that guards the element, or -1
	ops, lit int // where the start tag begins: ops before it, bytes of the pending literal before it
	inStart  bool
	hasChild bool
	sep      []byte // between the items of an array, when more than one stands in the element
	parts    []part
	named    []part // value of the attribute Name
}

// builder makes a template from the tokens of one fragment.
type builder struct {
	t        *template
	headOnly bool
	literals *[]byte // keeps the literals of finished ops
	lit      []byte  // the pending one
	stack    []frame
	attr     string // name of the open attribute
	attrSkip int
	parts    []part // of the open attribute
}

func (b *builder) top() *frame { return &b.stack[len(b.stack)-1] }

func (b *builder) inStart() bool { return len(b.stack) > 0 && b.top().inStart }

// emit ends the pending literal with an op, and gives the op's index.
func (b *builder) emit(o op) int {
	start := len(*b.literals)
	*b.literals = append(*b.literals, b.lit...)
	o.lit = (*b.literals)[start:]
	b.lit = b.lit[:0]
	b.t.ops = append(b.t.ops, o)
	return len(b.t.ops) - 1
}

// land makes the op at i jump to here.
func (b *builder) land(i int) {
	if len(b.lit) > 0 {
		b.emit(op{kind: opLiteral})
	}
	b.t.ops[i].to = len(b.t.ops)
}

func (b *builder) open(name string, dep int) {
	f := frame{name: name, mode: modeTop.inside(name), dep: -1, skip: -1, inStart: true}
	if len(b.stack) > 0 {
		b.closeAttribute()
		up := b.top()
		up.hasChild = true
		f.mode, f.dep = up.mode.inside(name), up.dep
	}
	// Real logs make the whole event depend on its data; it is there without them all the same.
	if dep != noDep && len(b.stack) > 0 {
		f.dep = dep
		f.skip = b.emit(op{kind: opIf, sub: dep})
	}
	f.ops, f.lit = len(b.t.ops), len(b.lit)
	b.lit = append(append(b.lit, '<'), name...)
	b.stack = append(b.stack, f)
}

// inside gives the mode of a child element.
func (m mode) inside(name string) mode {
	if m != modeTop && m != modeEvent {
		return m
	}
	switch name {
	case "Event":
		return modeEvent
	case "System":
		return modeSystem
	case "EventData":
		return modeEventData
	case "RenderingInfo": // made of the rest by whoever forwarded the event
		return modeIgnore
	}
	return modeUserData
}

func (b *builder) attribute(name string, optional int) {
	b.closeAttribute()
	b.attr, b.attrSkip, b.parts = name, -1, nil
	if optional >= 0 {
		b.attrSkip = b.emit(op{kind: opIf, sub: optional})
	}
	b.lit = append(append(append(b.lit, ' '), name...), `="`...)
}

func (b *builder) closeAttribute() {
	if b.attr == "" {
		return
	}
	b.lit = append(b.lit, '"')
	if b.attrSkip >= 0 {
		b.land(b.attrSkip)
	}
	f := b.top()
	switch {
	case f.mode == modeSystem:
		b.setSlot(f.name, b.attr, b.parts)
	case f.mode != modeEventData && f.mode != modeUserData || strings.HasPrefix(b.attr, "xmlns"):
	case b.attr == "Name":
		f.named = b.parts
	default:
		b.t.items = append(b.t.items, item{name: b.attr, parts: b.parts, dep: f.dep})
	}
	b.attr = ""
}

func (b *builder) closeStart(empty bool) {
	b.closeAttribute()
	b.top().inStart = false
	if empty {
		b.lit = append(b.lit, '/')
	}
	b.lit = append(b.lit, '>')
}

func (b *builder) text(s string) {
	b.lit = escape(b.lit, s)
	b.part(part{text: s, sub: -1})
}

func (b *builder) subst(sub int, typ byte) {
	o := op{kind: opValue, sub: sub}
	if len(b.stack) == 0 || b.attr != "" {
		b.emit(o)
		b.part(part{sub: sub})
		return
	}
	f := b.top()
	if typ&typeArray != 0 {
		o.sep = b.separator(f)
	}
	b.emit(o)
	if typ != typeBinXML {
		b.part(part{sub: sub})
		return
	}
	f.hasChild = true
	b.t.items = append(b.t.items, item{kind: itemEmbed, parts: []part{{sub: sub}}, dep: f.dep})
}

// separator ends an element and starts it anew, with its attributes when its content begins here and they are literal.
func (b *builder) separator(f *frame) []byte {
	end := "</" + f.name + ">"
	if len(b.t.ops) == f.ops {
		return slices.Concat([]byte(end), b.lit[f.lit:])
	}
	if f.sep == nil {
		f.sep = []byte(end + "<" + f.name + ">")
	}
	return f.sep
}

func (b *builder) part(p part) {
	switch {
	case b.attr != "":
		b.parts = append(b.parts, p)
	case len(b.stack) > 0:
		b.top().parts = append(b.top().parts, p)
	}
}

// end closes the innermost element, and reports whether the builder has what it was made for.
func (b *builder) end(empty bool) bool {
	f := b.top()
	if !empty {
		b.lit = append(append(append(b.lit, "</"...), f.name...), '>')
	}
	if f.skip >= 0 {
		b.land(f.skip)
	}
	switch f.mode {
	case modeSystem:
		b.setSlot(f.name, "", f.parts)
	case modeEventData, modeUserData:
		b.addField(f)
	}
	name := f.name
	b.stack = b.stack[:len(b.stack)-1]
	return b.headOnly && name == "Provider"
}

// addField makes a field of a leaf element; one without a name and without content is none.
func (b *builder) addField(f *frame) {
	data := f.name == "Data" && f.mode == modeEventData
	if f.hasChild || len(f.parts)+len(f.named) == 0 && !data {
		return
	}
	it := item{name: f.name, parts: f.parts, dep: f.dep}
	switch {
	case len(f.named) == 1 && f.named[0].sub < 0:
		it.name = f.named[0].text
	case len(f.named) > 0:
		it.named = f.named
	case data:
		it.kind = itemPositional
	}
	b.t.items = append(b.t.items, it)
}
