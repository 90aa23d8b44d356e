package story

import (
	"fmt"
	"io"
	"strings"

	"github.com/redx-update/redx/internal/term"
)

// nameWidth is the room for who it happens to.
const nameWidth = 9

// teller tells the story as it happens: a scene has a heading, and below it a line for each thing that happens to someone.
type teller struct {
	w     io.Writer
	style term.Style
	top   string // the story's folder, which paths are told from
}

func (t *teller) scene(format string, args ...any) {
	t.print("\n%s\n", t.style.Paint(term.Bold, fmt.Sprintf(format, args...)))
}

// line says what happens to whom. Prose is wrapped; an indented line is a path or a command, and stays as it is.
func (t *teller) line(who, format string, args ...any) {
	t.say(who, "", fmt.Sprintf(format, args...))
}

// mark is a line with a sign in front that says the same as its colour.
func (t *teller) mark(who string, attr term.Attr, sign, format string, args ...any) {
	t.say(who, attr, sign+" "+fmt.Sprintf(format, args...))
}

func (t *teller) say(who string, attr term.Attr, text string) {
	for l := range strings.SplitSeq(text, "\n") {
		lines := []string{l}
		if !strings.HasPrefix(l, " ") {
			lines = term.Wrap(l, t.style.Width-nameWidth-3)
		}
		for _, l := range lines {
			t.print("  %-*s %s\n", nameWidth, who, t.style.Paint(attr, l))
			who = ""
		}
	}
}

func (t *teller) print(format string, args ...any) {
	_, _ = io.WriteString(t.w, strings.ReplaceAll(fmt.Sprintf(format, args...), t.top, "")) // a story that nobody can hear is told to its end all the same
}
