package soap

import (
	"bytes"
	"unicode/utf8"

	"github.com/redx-update/redx/internal/wsus/xmltext"
)

// reader pulls elements out of a message. It is always within the element whose start was read last and not yet ended.
type reader struct {
	buf   []byte
	pos   int
	open  [][]byte // the qualified names of the elements around
	attrs []attr   // of the last start tag
	empty bool     // the last start tag ended its element
	text  []byte   // scratch for text that had to be decoded
}

// attr is an attribute as it is written: the value is not decoded.
type attr struct{ name, value []byte }

func newReader(buf []byte) (*reader, error) {
	buf = xmltext.UTF8(buf)
	if !utf8.Valid(buf) {
		return nil, &SyntaxError{0, "the message is no UTF-8"}
	}
	return &reader{buf: buf, open: make([][]byte, 0, MaxDepth)}, nil
}

func (r *reader) fail(reason string) error { return &SyntaxError{r.pos, reason} }

// local gives the name of the element we are in, without its prefix.
func (r *reader) local() []byte { return localName(r.open[len(r.open)-1]) }

func localName(q []byte) []byte {
	return q[bytes.IndexByte(q, ':')+1:]
}

// next goes to the start of the next child and enters it. Without one it leaves the element and says false.
func (r *reader) next() (bool, error) {
	if r.empty {
		r.leave()
		return false, nil
	}
	for {
		i := bytes.IndexByte(r.buf[r.pos:], '<')
		if i < 0 {
			r.pos = len(r.buf)
			return false, r.fail("an element is cut off")
		}
		r.pos += i
		switch r.kind() {
		case startTag:
			return true, r.start()
		case endTag:
			return false, r.end()
		default:
			if err := r.other(); err != nil {
				return false, err
			}
		}
	}
}

type tagKind int

const (
	startTag tagKind = iota
	endTag
	otherTag
)

func (r *reader) kind() tagKind {
	if r.pos+1 >= len(r.buf) {
		return otherTag
	}
	switch r.buf[r.pos+1] {
	case '/':
		return endTag
	case '!', '?':
		return otherTag
	}
	return startTag
}

// start reads "<name a='b' ... >" or "<name ... />".
func (r *reader) start() error {
	r.pos++
	name := r.name()
	if len(name) == 0 {
		return r.fail("a tag has no name")
	}
	if len(r.open) == MaxDepth {
		return r.fail("elements are nested too deep")
	}
	r.attrs, r.empty = r.attrs[:0], false
	for {
		done, err := r.attribute()
		if err != nil {
			return err
		}
		if done {
			r.open = append(r.open, name)
			return nil
		}
	}
}

func (r *reader) name() []byte {
	start := r.pos
	for r.pos < len(r.buf) && nameByte[r.buf[r.pos]] {
		r.pos++
	}
	return r.buf[start:r.pos]
}

// nameByte is wide: all that is beyond ASCII may stand in a name.
var nameByte = func() (t [256]bool) {
	for c := range t {
		t[c] = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c >= 0x80 ||
			c == '_' || c == '-' || c == '.' || c == ':'
	}
	return t
}()

// attribute reads one attribute, or the end of the tag.
func (r *reader) attribute() (done bool, err error) {
	r.space()
	switch {
	case r.has(">"):
		r.pos++
		return true, nil
	case r.has("/>"):
		r.pos += 2
		r.empty = true
		return true, nil
	}
	name := r.name()
	r.space()
	if len(name) == 0 || !r.has("=") {
		return false, r.fail("a tag is malformed")
	}
	r.pos++
	r.space()
	value, err := r.quoted()
	if err != nil {
		return false, err
	}
	if len(r.attrs) == maxAttributes {
		return false, r.fail("too many attributes")
	}
	r.attrs = append(r.attrs, attr{name, value})
	return false, nil
}

func (r *reader) quoted() ([]byte, error) {
	if !r.has(`"`) && !r.has("'") {
		return nil, r.fail("an attribute has no value")
	}
	i := bytes.IndexByte(r.buf[r.pos+1:], r.buf[r.pos])
	if i < 0 {
		return nil, r.fail("an attribute is cut off")
	}
	value := r.buf[r.pos+1 : r.pos+1+i]
	if bytes.IndexByte(value, '<') >= 0 {
		return nil, r.fail("an attribute holds a tag")
	}
	r.pos += i + 2
	return value, nil
}

// end reads "</name>" of the element we are in.
func (r *reader) end() error {
	r.pos += 2
	name := r.name()
	r.space()
	if len(r.open) == 0 || !bytes.Equal(name, r.open[len(r.open)-1]) || !r.has(">") {
		return r.fail("an end tag does not fit")
	}
	r.pos++
	r.leave()
	return nil
}

func (r *reader) leave() {
	r.open = r.open[:len(r.open)-1]
	r.empty = false
}

// other passes a comment, a processing instruction or a CDATA section. A document type has no place in SOAP (1.1, 3).
func (r *reader) other() error {
	for _, o := range others {
		if !r.has(o.start) {
			continue
		}
		i := bytes.Index(r.buf[r.pos+len(o.start):], []byte(o.end))
		if i < 0 {
			return r.fail("an end is missing")
		}
		r.pos += len(o.start) + i + len(o.end)
		return nil
	}
	return r.fail("neither a tag nor a comment")
}

var others = []struct{ start, end string }{{"<!--", "-->"}, {"<?", "?>"}, {cdataStart, cdataEnd}}

const cdataStart, cdataEnd = "<![CDATA[", "]]>"

func (r *reader) has(s string) bool {
	return len(r.buf)-r.pos >= len(s) && string(r.buf[r.pos:r.pos+len(s)]) == s
}

func (r *reader) space() {
	for r.pos < len(r.buf) && isSpace(r.buf[r.pos]) {
		r.pos++
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

// skip leaves the element we are in.
func (r *reader) skip() error {
	depth := len(r.open)
	for len(r.open) >= depth {
		if _, err := r.next(); err != nil {
			return err
		}
	}
	return nil
}

// isNil says whether the element we just entered has xsi:nil.
func (r *reader) isNil() bool {
	for _, a := range r.attrs {
		if string(localName(a.name)) == "nil" && (string(a.value) == "1" || string(a.value) == "true") {
			return true
		}
	}
	return false
}
