package applicability

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// element is one element of the rules; its name has no prefix.
type element struct {
	name  string
	attrs []xml.Attr
	text  []byte
	below []*element
}

// parse reads a fragment, which may have several roots and undeclared prefixes.
func parse(fragment []byte) (*element, error) {
	p := parser{d: xml.NewDecoder(bytes.NewReader(fragment)), open: []*element{{}}}
	for {
		t, err := p.d.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = p.take(t)
		}
		if err != nil {
			return nil, fmt.Errorf("rules at byte %d: %w", p.d.InputOffset(), err)
		}
	}
	if at := p.open[len(p.open)-1]; len(p.open) > 1 {
		return nil, fmt.Errorf("rules at byte %d: <%s> is not closed", len(fragment), at.name)
	}
	return p.open[0], nil
}

type parser struct {
	d     *xml.Decoder
	open  []*element
	nodes int
}

func (p *parser) take(t xml.Token) error {
	at := p.open[len(p.open)-1]
	switch t := t.(type) {
	case xml.StartElement:
		if p.nodes++; p.nodes > maxNodes || len(p.open) > maxDepth {
			return fmt.Errorf("more than %d elements, or deeper than %d", maxNodes, maxDepth)
		}
		e := &element{name: bare(t.Name), attrs: slices.Clone(t.Attr)}
		at.below = append(at.below, e)
		p.open = append(p.open, e)
	case xml.EndElement:
		if len(p.open) == 1 || bare(t.Name) != at.name {
			return fmt.Errorf("</%s> closes nothing", t.Name.Local)
		}
		p.open = p.open[:len(p.open)-1]
	case xml.CharData:
		at.text = append(at.text, t...)
	}
	return nil
}

// bare is a name without the prefix of a namespace or of a fragment ("b.RegSz").
func bare(n xml.Name) string {
	if name := n.Local[strings.LastIndexByte(n.Local, '.')+1:]; name != "" {
		return name
	}
	return n.Local
}

// find gives the first element of that name, at any depth.
func (e *element) find(name string) *element {
	if e.name == name {
		return e
	}
	for _, sub := range e.below {
		if f := sub.find(name); f != nil {
			return f
		}
	}
	return nil
}

// child gives the first direct element of that name; nil of a nil element.
func (e *element) child(name string) *element {
	if e == nil {
		return nil
	}
	for _, sub := range e.below {
		if sub.name == name {
			return sub
		}
	}
	return nil
}

// attr gives an attribute, "" when it is not there.
func (e *element) attr(name string) string {
	for _, a := range e.attrs {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// content is the text of the element itself, without white space around it.
func (e *element) content() string { return string(bytes.TrimSpace(e.text)) }

// String writes the element as people read it, and equal ones alike.
func (e *element) String() string {
	var b strings.Builder
	b.WriteString(e.name)
	for _, a := range e.attrs {
		fmt.Fprintf(&b, " %s=%q", a.Name.Local, a.Value)
	}
	for _, sub := range e.below {
		fmt.Fprintf(&b, " (%s)", sub)
	}
	if t := e.content(); t != "" {
		fmt.Fprintf(&b, " %q", t) // in quotes, or a text could look like an attribute
	}
	return b.String()
}
