// Package term is how redx shows things: the answer on stdout, all else on stderr, colour only where a terminal wants
// it and never as the only carrier of meaning.
package term

import (
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/redx-update/redx/internal/win"
)

// Style says what the two streams can show.
type Style struct {
	Colour   bool // stdout is a terminal that wants colour and obeys escape sequences
	Progress bool // stderr is a terminal that obeys them
	Width    int  // columns to wrap prose at
}

// Detect looks at the streams and at NO_COLOR and TERM.
func Detect(out, err *os.File, getenv func(string) string) Style {
	return Style{
		Colour:   isTerminal(out) && getenv("NO_COLOR") == "" && getenv("TERM") != "dumb",
		Progress: isTerminal(err) && getenv("TERM") != "dumb",
		Width:    100,
	}
}

// Asks tells whether there is somebody to ask: questions go to err, answers come from in.
func Asks(in, err *os.File) bool {
	info, serr := in.Stat()
	null, nerr := os.Stat(os.DevNull)
	return serr == nil && info.Mode()&os.ModeCharDevice != 0 && (nerr != nil || !os.SameFile(info, null)) && isTerminal(err)
}

// isTerminal goes by the kind of file, which the null device shares.
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return (err != nil || !os.SameFile(info, null)) && win.Escapes(f)
}

// Paint wraps text in the escape sequences of an attribute. It leaves it alone without colour or attribute.
func (s Style) Paint(attr Attr, text string) string {
	if !s.Colour || text == "" || attr == "" {
		return text
	}
	return "\x1b[" + string(attr) + "m" + text + "\x1b[0m"
}

// Printable makes a text out of a log, a path or an archive fit for one line of a screen. Such text is hostile: what
// would drive the terminal (control characters, C1 among them) or turn the writing round (bidirectional controls) becomes a
// blank, and so does a line break.
func Printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, s)
}

// Attr is an SGR attribute.
type Attr string

// The attributes that redx uses.
const (
	Bold   Attr = "1"
	Dim    Attr = "2"
	Red    Attr = "31"
	Yellow Attr = "33"
	Green  Attr = "32"
	Cyan   Attr = "36"
)

// Wrap breaks prose into lines of at most width characters, between words; a longer word has a line of its own.
func Wrap(text string, width int) []string {
	var lines []string
	line, used := "", 0
	for _, word := range strings.Fields(text) {
		n := utf8.RuneCountInString(word)
		if line != "" && used+1+n > width {
			lines = append(lines, line)
			line, used = "", 0
		}
		if line != "" {
			line += " "
			used++
		}
		line += word
		used += n
	}
	return append(lines, line)
}
