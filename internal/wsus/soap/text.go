package soap

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// content reads the text of the element we are in and leaves it. Elements within are skipped. What is given back lies in
// the message or in a scratch buffer: it holds until the next call.
func (r *reader) content() ([]byte, error) {
	if r.empty {
		r.leave()
		return nil, nil
	}
	// Nearly all elements hold plain text and nothing else.
	if i := bytes.IndexByte(r.buf[r.pos:], '<'); i >= 0 && bytes.IndexByte(r.buf[r.pos:r.pos+i], '&') < 0 {
		text := r.buf[r.pos : r.pos+i]
		if r.pos += i; r.kind() == endTag && bytes.IndexByte(text, '\r') < 0 {
			if err := checkChars(text); err != "" {
				return nil, r.fail(err)
			}
			return text, r.end()
		}
		r.pos -= i
	}
	return r.mixed()
}

// mixed is content for text with references, CDATA, comments or elements in it.
func (r *reader) mixed() ([]byte, error) {
	r.text = r.text[:0]
	for {
		i := bytes.IndexByte(r.buf[r.pos:], '<')
		if i < 0 {
			return nil, r.fail("an element is cut off")
		}
		if err := r.unescape(r.buf[r.pos : r.pos+i]); err != nil {
			return nil, err
		}
		r.pos += i
		done, err := r.inText()
		if done || err != nil {
			return r.text, err
		}
	}
}

// inText passes what stands between pieces of text; done at the element's end.
func (r *reader) inText() (done bool, err error) {
	switch {
	case r.kind() == endTag:
		return true, r.end()
	case r.kind() == startTag:
		if err := r.start(); err != nil {
			return false, err
		}
		return false, r.skip()
	case r.has(cdataStart):
		return false, r.cdata()
	}
	return false, r.other()
}

func (r *reader) cdata() error {
	start := r.pos + len(cdataStart)
	if err := r.other(); err != nil {
		return err
	}
	text := r.buf[start : r.pos-len(cdataEnd)]
	if err := checkChars(text); err != "" {
		return r.fail(err)
	}
	r.text = appendLines(r.text, text)
	return nil
}

// unescape appends text to the scratch buffer with its references resolved.
func (r *reader) unescape(text []byte) error {
	if err := checkChars(text); err != "" {
		return r.fail(err)
	}
	for {
		i := bytes.IndexByte(text, '&')
		if i < 0 {
			r.text = appendLines(r.text, text)
			return nil
		}
		r.text = appendLines(r.text, text[:i])
		text = text[i+1:]
		// The longest reference is that to the last character: "#x10FFFF".
		end := bytes.IndexByte(text[:min(len(text), 12)], ';')
		if end < 0 {
			return r.fail("a reference has no end")
		}
		c, ok := reference(string(text[:end]))
		if !ok {
			return r.fail("a reference to no character")
		}
		r.text = utf8.AppendRune(r.text, c)
		text = text[end+1:]
	}
}

// appendLines appends text with its line ends made "\n", as XML 1.0 2.11 has it.
func appendLines(dst, text []byte) []byte {
	for {
		i := bytes.IndexByte(text, '\r')
		if i < 0 {
			return append(dst, text...)
		}
		dst = append(append(dst, text[:i]...), '\n')
		text = bytes.TrimPrefix(text[i+1:], []byte{'\n'})
	}
}

func reference(name string) (rune, bool) {
	switch name {
	case "lt":
		return '<', true
	case "gt":
		return '>', true
	case "amp":
		return '&', true
	case "quot":
		return '"', true
	case "apos":
		return '\'', true
	}
	if len(name) < 2 || name[0] != '#' {
		return 0, false
	}
	digits, base := name[1:], 10
	if digits[0] == 'x' {
		digits, base = digits[1:], 16
	}
	n, err := strconv.ParseUint(digits, base, 32)
	return rune(n), err == nil && isChar(rune(n))
}

// isChar is XML's Char production (1.0, 2.2).
func isChar(c rune) bool {
	return c == '\t' || c == '\n' || c == '\r' || c >= 0x20 && c <= 0xd7ff || c >= 0xe000 && c <= 0xfffd ||
		c >= 0x10000 && c <= 0x10ffff
}

// checkChars refuses control characters. U+FFFE and U+FFFF, which XML forbids too, do no harm and are let through.
func checkChars(text []byte) string {
	for _, c := range text {
		if c < 0x20 && !isSpace(c) {
			return "a control character"
		}
	}
	return ""
}
