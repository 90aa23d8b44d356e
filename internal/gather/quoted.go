package gather

import (
	"bufio"
	"bytes"
	"io"
	"regexp"
)

// People paste excerpts out of mails and forums, where lines begin with "> ", and what find, findstr and Select-String gave them,
// where they begin with a file and a number. Such a text is read as if it had none of these marks; line numbers stay.

// unquoteHead takes the marks off the head of a file, and reports whether it has them: on every line, or in a text as short as an
// excerpt on one, since words of the one who sends it stand around what he quotes.
func unquoteHead(head []byte) ([]byte, bool) {
	var out []byte
	quoted := false
	for line := range bytes.Lines(head) {
		text := bytes.TrimLeft(line, " \t")
		rest := unquoteLine(text)
		switch marked := len(rest) < len(text); {
		case len(bytes.TrimSpace(text)) == 0:
			rest = line
		case !marked && len(head) > maxExcerpt:
			return head, false
		case marked:
			quoted = true
		default:
			rest = line
		}
		out = append(out, rest...)
	}
	if !quoted {
		return head, false
	}
	return out, true
}

// found is what a search puts before a line: "CBS.log:4411:" or, before a time, "CBS.log:", "4411:" and "[4411]"; or the mark of a
// list.
var found = regexp.MustCompile(`^(?:[-•] |[^"<>|*?\t]{1,250}\.(?i:log|txt):\d{1,9}:|` +
	`(?:\[\d{1,9}\]|\d{1,9}:|(?:[A-Za-z]:)?[\w\\.()-]{1,200}\.(?i:log|txt):) ?(\d{4}[-/]\d\d[-/]|\((?:p|f|fix)\)))`)

// unquoteLine takes off any depth of quoting, but leaves the heads of SetupAPI's sections, which begin with such marks.
func unquoteLine(line []byte) []byte {
	if text, ok := bytes.CutPrefix(line, []byte("\uFEFF")); ok { // Notepad begins a file with it
		if inner := unquoteLine(text); len(inner) < len(text) {
			return inner
		}
		return line
	}
	for {
		line = bytes.TrimLeft(line, " \t")
		if len(line) == 0 || line[0] != '>' || bytes.HasPrefix(line, []byte(">>>  ")) {
			break
		}
		line = line[1:]
	}
	if m := found.FindSubmatchIndex(line); m != nil {
		end := m[1]
		if m[2] >= 0 {
			end = m[2]
		}
		return bytes.TrimLeft(line[end:], " \t")
	}
	return line
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
