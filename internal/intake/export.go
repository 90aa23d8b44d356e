package intake

import (
	"bufio"
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/unicode"
)

// namespace is that of update documents.
const namespace = "http://schemas.microsoft.com/msus/2002/12/Update"

// streamUTF8 is xmltext.UTF8 for what is too long to be held.
func streamUTF8(b *bufio.Reader) *bufio.Reader {
	lead, err := b.Peek(2)
	if err != nil {
		return b // the same error comes when it is read
	}
	var order unicode.Endianness
	switch {
	case lead[0] == 0xff && lead[1] == 0xfe, lead[1] == 0:
		order = unicode.LittleEndian
	case lead[0] == 0xfe && lead[1] == 0xff, lead[0] == 0:
		order = unicode.BigEndian
	default:
		return b
	}
	return bufio.NewReader(unicode.UTF16(order, unicode.UseBOM).NewDecoder().Reader(b))
}

// line reads one update of metadata.txt: its GUID, its revision and the document's length in UTF-16 units, both in
// hexadecimal, and the document. io.EOF after the last.
func line(b *bufio.Reader) ([]byte, error) {
	var length uint64
	for field := range 3 {
		word, err := word(b)
		if errors.Is(err, io.EOF) && field == 0 && strings.TrimSpace(word) == "" {
			return nil, io.EOF
		}
		if err != nil {
			return nil, fmt.Errorf("field %d: %w", field+1, noEOF(err))
		}
		if field == 2 {
			if length, err = strconv.ParseUint(strings.TrimSpace(word), 16, 31); err != nil {
				return nil, fmt.Errorf("length: %w", err)
			}
		}
	}
	if length > maxDocument {
		return nil, fmt.Errorf("a document of %d characters", length)
	}
	return units(b, int(length))
}

func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// maxWord bounds the fields before the document.
const maxWord = 64

func word(b *bufio.Reader) (string, error) {
	var w []byte
	for len(w) <= maxWord {
		c, err := b.ReadByte()
		if err != nil || c == ',' {
			return string(w), err
		}
		w = append(w, c)
	}
	return "", fmt.Errorf("%.20q is not followed by a comma", w)
}

// units reads text of a length in UTF-16 units.
func units(b *bufio.Reader, n int) ([]byte, error) {
	var text []byte
	for n > 0 {
		r, _, err := b.ReadRune()
		if err != nil {
			return nil, noEOF(err)
		}
		text = utf8.AppendRune(text, r)
		n--
		if r > 0xffff {
			n--
		}
	}
	return plain(text), nil
}

// root gives the local name of the first element; "" when there is none.
func root(b []byte) string {
	d := xml.NewDecoder(bytes.NewReader(b))
	for {
		t, err := d.RawToken()
		if err != nil {
			return ""
		}
		if e, ok := t.(xml.StartElement); ok {
			return e.Name.Local
		}
	}
}

// xmlStream takes every update document that stands in a larger XML file, as an element or as the text of one.
func (in *Intake) xmlStream(ctx context.Context, what string, r io.Reader) error {
	t := &tape{r: r}
	d := xml.NewDecoder(t)
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil } // it is UTF-8 already, whatever is declared
	for n := 1; ctx.Err() == nil; {
		at := d.InputOffset()
		t.forget(at)
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			in.refuse(what, err)
			return nil
		}
		var found []byte
		switch token := token.(type) {
		case xml.StartElement:
			if token.Name.Local != "Update" || token.Name.Space != namespace {
				continue
			}
			if err := d.Skip(); err != nil {
				in.refuse(what, err)
				return nil
			}
			found = t.since(at, d.InputOffset())
		case xml.CharData:
			if found = plain(bytes.Clone(token)); root(found) != "Update" {
				continue
			}
		default:
			continue
		}
		if err := in.whole(ctx, fmt.Sprintf("%s: update %d", what, n), found); err != nil {
			return err
		}
		n++
	}
	return ctx.Err()
}

// tape remembers what was read since a place, so that a document can be taken as it stands there.
type tape struct {
	r     io.Reader
	kept  []byte
	start int64
}

var errLongElement = fmt.Errorf("an element of more than %d bytes", maxDocument)

func (t *tape) Read(b []byte) (int, error) {
	if len(t.kept) > maxDocument {
		return 0, errLongElement
	}
	n, err := t.r.Read(b)
	t.kept = append(t.kept, b[:n]...)
	return n, err
}

func (t *tape) forget(before int64) {
	if before-t.start > 1<<16 {
		t.kept = append([]byte(nil), t.kept[before-t.start:]...)
		t.start = before
	}
}

func (t *tape) since(from, to int64) []byte {
	return bytes.TrimSpace(bytes.Clone(t.kept[from-t.start : to-t.start]))
}
