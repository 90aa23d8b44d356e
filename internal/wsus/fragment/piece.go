package fragment

import (
	"bytes"
	"encoding/xml"
	"strings"
)

// prefixes replace namespaces; all others go without a trace (3.1.1.1).
var prefixes = map[string]string{
	"http://schemas.microsoft.com/msus/2002/12/BaseApplicabilityRules":       "b.",
	"http://schemas.microsoft.com/msus/2002/12/MsiApplicabilityRules":        "m.",
	"http://schemas.microsoft.com/msus/2002/12/UpdateHandlers/WindowsDriver": "d.",
}

// piece is a fragment in the making, written as .NET writes XML: attributes in double quotes, a blank before "/>".
type piece struct {
	bytes.Buffer
	started bool // the last start tag still lacks its ">"
}

func (p *piece) open(name string, attrs []xml.Attr) {
	p.settle()
	p.WriteByte('<')
	p.WriteString(name)
	for _, a := range attrs {
		if a.Name.Space == "xmlns" || a.Name.Space == "" && a.Name.Local == "xmlns" {
			continue
		}
		// The attribute loses its prefix, its value does not: xsi:type="cmd:X" becomes type="cmd:X" (observed).
		p.WriteByte(' ')
		p.WriteString(a.Name.Local)
		p.WriteString(`="`)
		escape(&p.Buffer, a.Value, true)
		p.WriteByte('"')
	}
	p.started = true
}

func (p *piece) settle() {
	if p.started {
		p.WriteByte('>')
		p.started = false
	}
}

func (p *piece) close(name string) {
	if p.started {
		p.WriteString(" />")
		p.started = false
		return
	}
	p.WriteString("</" + name + ">")
}

func (p *piece) text(s string) {
	p.settle()
	escape(&p.Buffer, s, false)
}

// escape writes text or the value of an attribute. In an attribute, line ends would be read as blanks.
func escape(to *bytes.Buffer, s string, attr bool) {
	for {
		i := strings.IndexAny(s, special[attr])
		if i < 0 {
			to.WriteString(s)
			return
		}
		to.WriteString(s[:i])
		to.WriteString(references[s[i]])
		s = s[i+1:]
	}
}

var (
	special    = map[bool]string{false: "<>&\r", true: "<>&\"\r\n"}
	references = map[byte]string{'<': "&lt;", '>': "&gt;", '&': "&amp;", '"': "&quot;", '\r': "&#xD;", '\n': "&#xA;"}
)

// copy writes an element with all that is in it, and leaves it.
func (c *cutter) copy(p *piece, s xml.StartElement) error {
	name := prefixes[s.Name.Space] + s.Name.Local
	p.open(name, s.Attr)
	if err := c.content(p); err != nil {
		return err
	}
	p.close(name)
	return nil
}

// content writes what is in the element we are in, and leaves it. Text that is nothing but white space is the layout of the
// document, not its content, unless xml:space says that it is.
func (c *cutter) content(p *piece) error {
	var text []byte
	all := c.spaced()
	for {
		t, err := c.next()
		if err != nil {
			return err
		}
		if t, ok := t.(xml.CharData); ok {
			text = append(text, t...)
			continue
		}
		if len(text) > 0 && (all || len(bytes.TrimSpace(text)) > 0) {
			p.text(string(text))
		}
		text = text[:0]
		s, ok := t.(xml.StartElement)
		if !ok {
			return nil
		}
		if err := c.copy(p, s); err != nil {
			return err
		}
	}
}

// language is copy for an element whose child Language tells which one it is.
func (c *cutter) language(p *piece, s xml.StartElement) (string, error) {
	name := prefixes[s.Name.Space] + s.Name.Local
	p.open(name, s.Attr)
	var language string
	err := c.children(func(s xml.StartElement) error {
		if s.Name.Local != "Language" || language != "" {
			return c.copy(p, s)
		}
		var inner piece
		if err := c.content(&inner); err != nil {
			return err
		}
		language = strings.TrimSpace(inner.String())
		p.open(s.Name.Local, s.Attr)
		if inner.Len() > 0 {
			p.settle()
			p.Write(inner.Bytes())
		}
		p.close(s.Name.Local)
		return nil
	})
	p.close(name)
	return language, err
}
