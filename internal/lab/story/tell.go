package story

import (
	"fmt"
	"io"
	"strings"

	"github.com/redx-update/redx/internal/term"
)

// teller tells the story as it happens: a scene has a heading, and below it a line for each thing that happens to someone.
type teller struct {
	w     io.Writer
	style term.Style
	top   string // the story's folder, which paths are told from
}

func (t *teller) scene(format string, args ...any) {
	t.print("\n%s\n", t.style.Paint(term.Bold, fmt.Sprintf(format, args...)))
}

// line says what happens to whom.
func (t *teller) line(who, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	for i, l := range strings.Split(text, "\n") {
		if i > 0 {
			who = ""
		}
		t.print("  %-9s %s\n", who, l)
	}
}

// mark is a line with a sign in front that says the same as its colour.
func (t *teller) mark(who string, attr term.Attr, sign, format string, args ...any) {
	t.line(who, "%s", t.style.Paint(attr, sign+" "+fmt.Sprintf(format, args...)))
}

func (t *teller) print(format string, args ...any) {
	_, _ = io.WriteString(t.w, strings.ReplaceAll(fmt.Sprintf(format, args...), t.top, "")) // a story that nobody can hear is told to its end all the same
}
