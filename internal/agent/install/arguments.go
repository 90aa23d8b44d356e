package install

import (
	"errors"
	"strings"
)

// maxArguments is the most that a command line may have on Windows, in characters.
const maxArguments = 32767

// Arguments splits the arguments of a command line as Windows does for programs in C: at spaces and tabs outside of
// quotation marks, with 2n backslashes before a mark for n and a mark, 2n+1 for n and a mark that is meant, and two marks
// inside of quoted text for one. The program's own name is not among them.
func Arguments(line string) ([]string, error) {
	if len(line) > maxArguments || strings.Contains(line, "\x00") {
		return nil, errors.New("a command line that is none")
	}
	var out []string
	for line = strings.TrimLeft(line, " \t"); line != ""; line = strings.TrimLeft(line, " \t") {
		var arg string
		arg, line = argument(line)
		out = append(out, arg)
	}
	return out, nil
}

// argument takes the first argument off a line.
func argument(line string) (arg, rest string) {
	var b strings.Builder
	quoted := false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\\':
			n := len(line[i:]) - len(strings.TrimLeft(line[i:], `\`))
			if i += n; i < len(line) && line[i] == '"' {
				b.WriteString(strings.Repeat(`\`, n/2))
				if n%2 == 1 {
					b.WriteByte('"')
					continue
				}
			} else {
				b.WriteString(strings.Repeat(`\`, n))
			}
			i--
		case c == '"' && quoted && strings.HasPrefix(line[i+1:], `"`):
			b.WriteByte('"')
			i++
		case c == '"':
			quoted = !quoted
		case (c == ' ' || c == '\t') && !quoted:
			return b.String(), line[i:]
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), ""
}
