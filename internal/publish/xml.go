package publish

import (
	"bytes"
	"encoding/xml"
)

// node is an element of a document, with its prefix in its name. It has text or elements below it.
type node struct {
	name  string
	attrs []attr
	text  string
	below []node
}

type attr struct{ name, value string }

func element(name string, below ...node) node { return node{name: name, below: below} }

func leaf(name, text string) node { return node{name: name, text: text} }

// with adds attributes, given as names and values.
func (n node) with(pairs ...string) node {
	for i := 0; i+1 < len(pairs); i += 2 {
		n.attrs = append(n.attrs, attr{pairs[i], pairs[i+1]})
	}
	return n
}

// maybe adds an attribute unless it is empty.
func (n node) maybe(name, value string) node {
	if value == "" {
		return n
	}
	return n.with(name, value)
}

// write writes the element as .NET does: no layout, a blank before "/>".
func (n node) write(b *bytes.Buffer) {
	b.WriteString("<" + n.name)
	for _, a := range n.attrs {
		b.WriteString(" " + a.name + `="`)
		xml.EscapeText(b, []byte(a.value)) //nolint:errcheck // a buffer takes all
		b.WriteByte('"')
	}
	if n.text == "" && len(n.below) == 0 {
		b.WriteString(" />")
		return
	}
	b.WriteByte('>')
	xml.EscapeText(b, []byte(n.text)) //nolint:errcheck // a buffer takes all
	for _, sub := range n.below {
		sub.write(b)
	}
	b.WriteString("</" + n.name + ">")
}
