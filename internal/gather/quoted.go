package gather

import (
	"bufio"
	"bytes"
	"io"
)

// People paste excerpts out of mails and forums, where every line begins with "> ". Such a text is read as if it were
// not quoted; line numbers stay.

// unquoteHead takes the quote marks off the head of a file, and reports whether every line had one.
func unquoteHead(head []byte) ([]byte, bool) {
	var out []byte
	quoted := false
	for line := range bytes.Lines(head) {
		text := bytes.TrimLeft(line, " \t")
		if len(bytes.TrimSpace(text)) == 0 {
			out = append(out, line...)
			continue
		}
		if text[0] != '>' {
			return head, false
		}
		quoted = true
		out = append(out, unquoteLine(text)...)
	}
	return out, quoted
}

// unquoteLine takes off any depth of quoting, but leaves the heads of SetupAPI's sections, which begin with such marks.
func unquoteLine(line []byte) []byte {
	for {
		line = bytes.TrimLeft(line, " \t")
		if len(line) == 0 || line[0] != '>' || bytes.HasPrefix(line, []byte(">>>  ")) {
			return line
		}
		line = line[1:]
	}
}

// unquoter takes the quote marks off the beginning of every line.
type unquoter struct {
	in   *bufio.Reader
	left []byte
	// inside is set within a line that was too long for one piece.
	inside bool
}

func newUnquoter(r io.Reader) *unquoter { return &unquoter{in: bufio.NewReaderSize(r, headSize)} }

func (u *unquoter) Read(p []byte) (int, error) {
	for len(u.left) == 0 {
		line, err := u.in.ReadSlice('\n')
		if len(line) == 0 {
			return 0, err
		}
		whole := line[len(line)-1] == '\n'
		switch {
		case u.inside:
		case len(bytes.TrimSpace(line)) == 0:
		default:
			line = unquoteLine(line)
		}
		u.inside = !whole
		u.left = line
		if len(line) == 0 && err != nil {
			return 0, err
		}
	}
	n := copy(p, u.left)
	u.left = u.left[n:]
	return n, nil
}
