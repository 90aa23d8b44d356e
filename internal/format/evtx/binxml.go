package evtx

import (
	"encoding/binary"
	"errors"

	"github.com/redx-update/redx/internal/format"
)

// BinXml tokens (MS-EVEN6 2.2.12); tokenMore is set when more of the kind follow, and carries no meaning here.
const (
	tokenEOF        = 0x00
	tokenOpen       = 0x01
	tokenCloseStart = 0x02
	tokenCloseEmpty = 0x03
	tokenEnd        = 0x04
	tokenText       = 0x05
	tokenAttribute  = 0x06
	tokenCDATA      = 0x07
	tokenCharRef    = 0x08
	tokenEntityRef  = 0x09
	tokenPITarget   = 0x0a
	tokenPIData     = 0x0b
	tokenTemplate   = 0x0c
	tokenSubst      = 0x0d
	tokenOptional   = 0x0e
	tokenFragment   = 0x0f
	tokenMore       = 0x40
)

const (
	maxName  = 512            // characters; longer names are taken for damage
	maxDepth = 64             // nested elements
	maxNamed = 16 * chunkSize // bytes of names in a chunk: a mention of four bytes stands for a whole name
)

// errDone ends a parse early: the builder has what it wanted.
var errDone = errors.New("enough")

// parser turns the BinXml of a template definition, or of a fragment that has none, into calls of a builder.
type parser struct {
	*decoder
	pos, end int
	// undepended fragments lack the dependency identifier of elements, as those of manifests do.
	undepended bool
}

func (p *parser) fail(what string) error { return format.At(p.off+int64(p.pos), "BinXml: %s", what) }

// take gives the next n bytes, nil when there are fewer.
func (p *parser) take(n int) []byte {
	if n > p.end-p.pos {
		return nil
	}
	p.pos += n
	return p.buf[p.pos-n : p.pos]
}

func (p *parser) u16() (int, bool) {
	b := p.take(2)
	if b == nil {
		return 0, false
	}
	return int(binary.LittleEndian.Uint16(b)), true
}

// chars reads a count of 16-bit units and as many units.
func (p *parser) chars() ([]byte, error) {
	n, ok := p.u16()
	if b := p.take(2 * n); ok && b != nil {
		return b, nil
	}
	return nil, p.fail("text is cut off")
}

// parse feeds tokens to b up to the end, or the end-of-fragment token.
func (p *parser) parse(b *builder) error {
	for p.pos < p.end {
		token := p.buf[p.pos]
		p.pos++
		if token == tokenEOF {
			break
		}
		if err := p.token(token&^tokenMore, b); err != nil {
			return err
		}
	}
	if len(b.stack) > 0 {
		return p.fail("elements are left open")
	}
	return nil
}

func (p *parser) token(token byte, b *builder) error {
	switch token {
	case tokenOpen:
		return p.open(p.buf[p.pos-1]&tokenMore != 0, b)
	case tokenAttribute:
		return p.attribute(b)
	case tokenCloseStart, tokenCloseEmpty, tokenEnd:
		return p.close(token, b)
	case tokenText, tokenCDATA:
		if token == tokenText && len(p.take(1)) == 0 {
			return p.fail("text is cut off")
		}
		text, err := p.chars()
		if err == nil {
			b.text(string(appendUTF16(nil, text, false)))
		}
		return err
	case tokenCharRef, tokenEntityRef:
		return p.reference(token, b)
	case tokenPITarget:
		_, err := p.name()
		return err
	case tokenPIData:
		_, err := p.chars()
		return err
	case tokenSubst, tokenOptional:
		s := p.take(3)
		if s == nil {
			return p.fail("substitution is cut off")
		}
		b.subst(int(binary.LittleEndian.Uint16(s)), s[2])
		return nil
	case tokenFragment:
		if p.take(3) == nil {
			return p.fail("fragment header is cut off")
		}
		return nil
	}
	p.pos--
	return p.fail("unknown token")
}

func (p *parser) open(attributes bool, b *builder) error {
	dep := noDep
	if !p.undepended {
		var ok bool
		if dep, ok = p.u16(); !ok {
			return p.fail("element is cut off")
		}
	}
	size := p.take(4)
	if size == nil || int64(binary.LittleEndian.Uint32(size)) > int64(p.end-p.pos) {
		return p.fail("element is larger than what holds it")
	}
	name, err := p.name()
	if err != nil {
		return err
	}
	if attributes && p.take(4) == nil {
		return p.fail("attributes are cut off")
	}
	if len(b.stack) >= maxDepth {
		return p.fail("elements are nested too deeply")
	}
	b.open(name, dep)
	return nil
}

func (p *parser) attribute(b *builder) error {
	name, err := p.name()
	if err != nil {
		return err
	}
	if !b.inStart() {
		return p.fail("attribute outside of a start tag")
	}
	optional := -1
	if s := p.buf[p.pos:p.end]; len(s) >= 3 && s[0]&^tokenMore == tokenOptional {
		optional = int(binary.LittleEndian.Uint16(s[1:]))
	}
	b.attribute(name, optional)
	return nil
}

func (p *parser) close(token byte, b *builder) error {
	if len(b.stack) == 0 || b.inStart() == (token == tokenEnd) {
		return p.fail("end without a beginning")
	}
	if token != tokenEnd {
		b.closeStart(token == tokenCloseEmpty)
	}
	if token != tokenCloseStart && b.end(token == tokenCloseEmpty) {
		return errDone
	}
	return nil
}

func (p *parser) reference(token byte, b *builder) error {
	if token == tokenCharRef {
		c, ok := p.u16()
		if !ok {
			return p.fail("character reference is cut off")
		}
		b.text(string(rune(c)))
		return nil
	}
	name, err := p.name()
	if err != nil {
		return err
	}
	switch name {
	case "amp":
		b.text("&")
	case "lt":
		b.text("<")
	case "gt":
		b.text(">")
	case "quot":
		b.text(`"`)
	case "apos":
		b.text("'")
	default:
		b.text("&" + name + ";")
	}
	return nil
}

// name reads the offset of a name; a name that is used for the first time stands right behind it.
func (p *parser) name() (string, error) {
	b := p.take(4)
	if b == nil {
		return "", p.fail("name is cut off")
	}
	at := int(min(binary.LittleEndian.Uint32(b), chunkSize))
	s, size := p.nameAt(at)
	if size == 0 {
		return "", p.fail("no name where one is said to be")
	}
	if at == p.pos {
		if p.take(size) == nil {
			return "", p.fail("name is cut off")
		}
	}
	if p.named += len(s); p.named > maxNamed {
		return "", &format.Error{Offset: p.off + int64(p.pos), What: "names of the chunk", Err: errCostly}
	}
	return s, nil
}

// nameAt reads a name of the chunk: next name's offset, hash, length, characters, NUL. It gives the bytes it takes,
// or 0 when there is no name.
func (d *decoder) nameAt(at int) (string, int) {
	const before = 8
	if at < chunkHeader || at+before > len(d.buf) {
		return "", 0
	}
	n := int(binary.LittleEndian.Uint16(d.buf[at+6:]))
	size := before + 2*n + 2
	if n == 0 || n > maxName || at+size > len(d.buf) {
		return "", 0
	}
	d.scratch = appendUTF16(d.scratch[:0], d.buf[at+before:at+before+2*n], false)
	for _, c := range d.scratch {
		if c <= ' ' || c == '<' || c == '>' || c == '&' || c == '"' || c == '\'' || c == '=' || c == '/' {
			return "", 0
		}
	}
	return d.intern(d.scratch), size
}
