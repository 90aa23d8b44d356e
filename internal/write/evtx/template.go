package evtx

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/redx-update/redx/internal/guid"
)

// BinXml tokens (MS-EVEN6 2.2.12).
const (
	tokenEndOfStream = 0x00

	tokenOpen       = 0x01
	tokenCloseStart = 0x02
	tokenCloseEmpty = 0x03
	tokenEnd        = 0x04
	tokenText       = 0x05
	tokenAttribute  = 0x06
	tokenTemplate   = 0x0c
	tokenSubst      = 0x0d
	tokenOptional   = 0x0e
	tokenMore       = 0x40
	noDependency    = 0xffff
)

// element is a node of a template: attributes, then children, or one value.
type element struct {
	name     string
	attrs    []attr
	children []element
	value    content
}

type attr struct {
	name  string
	value content
}

// content is literal text, or a substitution.
type content struct {
	text     string
	subst    bool
	index    int
	typ      byte
	optional bool
}

func text(s string) content { return content{text: s} }

func subst(index int, typ byte) content { return content{subst: true, index: index, typ: typ} }

func optional(index int, typ byte) content {
	return content{subst: true, index: index, typ: typ, optional: true}
}

// instance writes a template instance: a reference to the template, its definition when it is new, and the values.
func (c *chunk) instance(root element, vals []value) {
	id := identity(root)
	c.u8(tokenTemplate)
	c.u8(1)
	c.buf = append(c.buf, id[:4]...)
	at, known := c.templates[string(id)]
	if known {
		c.u32(at)
	} else {
		c.u32(len(c.buf) + 4)
		c.templates[string(id)] = len(c.buf)
		c.link(384 + 4*int(hash(id)%32))
		c.buf = append(c.buf, id...)
		size := len(c.buf)
		c.u32(0)
		c.fragment()
		c.element(root)
		c.u8(tokenEndOfStream)
		c.patch(size)
	}
	c.u32(len(vals))
	descriptors := len(c.buf)
	for _, v := range vals {
		c.u16(len(v.b))
		c.u8(v.typ)
		c.u8(0)
	}
	for i, v := range vals {
		start := len(c.buf)
		if c.buf = append(c.buf, v.b...); v.inner != nil {
			c.fragment()
			c.instance(v.inner.data())
			binary.LittleEndian.PutUint16(c.buf[descriptors+4*i:], uint16(len(c.buf)-start))
		}
	}
}

// fragment writes the header of a fragment, version 1.1.
func (c *chunk) fragment() { c.buf = append(c.buf, 0x0f, 1, 1, 0) }

// identity derives a template's GUID from its content, so that equal templates are written once.
func identity(root element) []byte {
	sum := sha256.Sum256(fmt.Appendf(nil, "%+v", root))
	g := guid.FromLE(sum[:16])
	g[6], g[8] = g[6]&0x0f|0x50, g[8]&0x3f|0x80
	return g.LE()
}

// element writes an element and what is in it; one without a name stands for its bare value.
func (c *chunk) element(e element) {
	if e.name == "" {
		c.content(e.value)
		return
	}
	token, dependency := byte(tokenOpen), noDependency
	if e.value.optional {
		dependency = e.value.index
	}
	if len(e.attrs) > 0 {
		token |= tokenMore
	}
	c.u8(token)
	c.u16(dependency)
	size := len(c.buf)
	c.u32(0)
	c.name(e.name)
	c.attributes(e.attrs)
	if len(e.children) == 0 && e.value == (content{}) {
		c.u8(tokenCloseEmpty)
		c.patch(size)
		return
	}
	c.u8(tokenCloseStart)
	c.content(e.value)
	for _, child := range e.children {
		c.element(child)
	}
	c.u8(tokenEnd)
	c.patch(size)
}

func (c *chunk) attributes(attrs []attr) {
	if len(attrs) == 0 {
		return
	}
	list := len(c.buf)
	c.u32(0)
	for i, a := range attrs {
		token := byte(tokenAttribute)
		if i < len(attrs)-1 {
			token |= tokenMore
		}
		c.u8(token)
		c.name(a.name)
		c.content(a.value)
	}
	c.patch(list)
}

func (c *chunk) content(v content) {
	switch {
	case v.subst:
		token := byte(tokenSubst)
		if v.optional {
			token = tokenOptional
		}
		c.u8(token)
		c.u16(v.index)
		c.u8(v.typ)
	case v.text != "":
		c.u8(tokenText)
		c.u8(typeString)
		c.chars(v.text)
	}
}

// bound gives more bytes than the event can need in a chunk that knows none of its names and templates.
func (e *Event) bound() (int, error) {
	const systemAndTables, perField = 4096, 96
	n := systemAndTables + 4*(len(e.Provider)+len(e.Channel)+len(e.Computer)+len(e.UserSID))
	fields := append(append([]Field(nil), e.Data...), e.UserData.Fields...)
	n += 4 * (len(e.UserData.Element) + len(e.UserData.Namespace))
	for _, f := range fields {
		v, err := encode(f.Value)
		if err != nil {
			return 0, fmt.Errorf("field %q: %w", f.Name, err)
		}
		n += perField + 4*len(f.Name) + len(v.b)
	}
	return n, nil
}

// parseSID reads the text form of a security identifier.
func parseSID(s string) ([]byte, error) {
	parts := strings.Split(s, "-")
	if len(parts) < 3 || len(parts) > 18 || parts[0] != "S" {
		return nil, fmt.Errorf("%q is not a security identifier", s)
	}
	b := []byte{1, byte(len(parts) - 3), 0, 0, 0, 0, 0, 0}
	for i, p := range parts[1:] {
		var n uint32
		if _, err := fmt.Sscanf(p, "%d", &n); err != nil {
			return nil, fmt.Errorf("%q is not a security identifier", s)
		}
		switch i {
		case 0:
		case 1:
			binary.BigEndian.PutUint32(b[4:], n)
		default:
			b = binary.LittleEndian.AppendUint32(b, n)
		}
	}
	return b, nil
}
