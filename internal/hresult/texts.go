package hresult

import (
	_ "embed" // the texts
	"fmt"
	"strconv"
	"strings"
)

// The texts, one file a subject. Their form:
//
//	== 0x80070002 0xC0000034
//	What it means, one paragraph.
//	- a cause, the usual one first
//	> what to do next, in order
//
// A line that begins with two blanks goes on with the one above it. Lines that begin with # are for the writers.
var (
	//go:embed texts/update.txt
	updateTexts string
	//go:embed texts/network.txt
	networkTexts string
	//go:embed texts/servicing.txt
	servicingTexts string
	//go:embed texts/system.txt
	systemTexts string
	//go:embed texts/setup.txt
	setupTexts string
)

// text is what a file says of its codes.
type text struct {
	codes   []Code
	meaning string
	causes  []string
	next    []string
}

// textOf looks a code's text up. The files are read anew each time: it is asked for a handful of codes a run.
func textOf(c Code) (text, bool) {
	for _, file := range [...]string{updateTexts, networkTexts, servicingTexts, systemTexts, setupTexts} {
		for block := range blocks(file) {
			if head, _, _ := strings.Cut(block, "\n"); !strings.Contains(head, c.Hex()) {
				continue
			}
			t, err := parseText(block)
			return t, err == nil // a test parses them all
		}
	}
	return text{}, false
}

// blocks yields each text, from behind its "== " to the next.
func blocks(file string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for i, block := range strings.Split("\n"+file, "\n== ") {
			if i > 0 && !yield(block) {
				return
			}
		}
	}
}

// parseText reads one block; it is strict, so that a slip of the pen fails a test and not a reader.
func parseText(block string) (text, error) {
	head, body, _ := strings.Cut(block, "\n")
	var t text
	for field := range strings.FieldsSeq(head) {
		v, err := strconv.ParseUint(field, 0, 32)
		if err != nil || Code(v).Hex() != field {
			return t, fmt.Errorf("%q is not a code like 0x80070002", field)
		}
		t.codes = append(t.codes, Code(v))
	}
	last := &t.meaning
	for line := range strings.Lines(body) {
		line = strings.TrimRight(line, "\n")
		switch {
		case line == "" || line[0] == '#':
			continue
		case strings.HasPrefix(line, "- "):
			t.causes = append(t.causes, line[2:])
			last = &t.causes[len(t.causes)-1]
		case strings.HasPrefix(line, "> "):
			t.next = append(t.next, line[2:])
			last = &t.next[len(t.next)-1]
		case strings.HasPrefix(line, "  "):
			*last += " " + line[2:]
		case len(t.causes)+len(t.next) > 0:
			return t, fmt.Errorf("%s: %q is neither a cause nor a step", head, line)
		default:
			*last = strings.TrimSpace(*last + " " + line)
		}
	}
	if len(t.codes) == 0 || t.meaning == "" || len(t.causes) == 0 || len(t.next) == 0 {
		return t, fmt.Errorf("%s: a text needs codes, a meaning, causes and next steps", head)
	}
	return t, nil
}
