package fragment

import "bytes"

// flat makes blanks of the tabs and line ends in the values of attributes, as readers of XML do (XML 1.0, 3.3.3), and
// encoding/xml does not. Those that are written as references stay. A document without any is given back as it is, and what is
// no XML is left for the decoder to refuse.
func flat(document []byte) []byte {
	f := flattener{document: document}
	for at := 0; at < len(document); {
		at = f.step(at)
	}
	if f.done == 0 {
		return document
	}
	return append(f.out, document[f.done:]...)
}

type flattener struct {
	document []byte
	inTag    bool
	out      []byte // the document as far as done
	done     int
}

// step passes what stands at a place, and gives the place behind it.
func (f *flattener) step(at int) int {
	rest := f.document[at:]
	switch c := rest[0]; {
	case f.inTag && (c == '"' || c == '\''):
		n := bytes.IndexByte(rest[1:], c)
		if n < 0 {
			return len(f.document)
		}
		f.value(at+1, at+1+n)
		return at + n + 2
	case f.inTag:
		f.inTag = c != '>'
		return at + 1
	case c != '<':
		return at + upTo(rest, "<")
	}
	for _, x := range tagless {
		if bytes.HasPrefix(rest, []byte(x.start)) {
			return at + upTo(rest, x.end)
		}
	}
	f.inTag = true
	return at + 1
}

// tagless is what may hold quotes and angles that are none of a tag's.
var tagless = []struct{ start, end string }{{"<!--", "-->"}, {"<![CDATA[", "]]>"}, {"<?", "?>"}}

// upTo gives the length before the next such end; all, when there is none.
func upTo(b []byte, end string) int {
	if n := bytes.Index(b, []byte(end)); n >= 0 {
		return n
	}
	return len(b)
}

func (f *flattener) value(from, to int) {
	v := f.document[from:to]
	if !bytes.ContainsAny(v, "\t\r\n") {
		return
	}
	f.out = append(f.out, f.document[f.done:from]...)
	f.done = to
	for _, c := range bytes.ReplaceAll(v, []byte("\r\n"), []byte{'\n'}) {
		if c == '\t' || c == '\r' || c == '\n' {
			c = ' '
		}
		f.out = append(f.out, c)
	}
}
