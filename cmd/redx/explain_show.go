package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/term"
)

// showCodes prints the answer; it exits 1 when none of the codes is known.
func showCodes(std stdio, codes []asked, asJSON bool) error {
	var err error
	if asJSON {
		err = writeCodesJSON(std.out, codes)
	} else {
		err = writeCodes(std.out, std.style, codes)
	}
	if err != nil {
		return err
	}
	for _, c := range codes {
		if c.Known() {
			return nil
		}
	}
	return silent(exitFailed)
}

// codeJSON is one code of "explain --json"; its fields are a contract (docs/json.md).
type codeJSON struct {
	Code     hresult.Code      `json:"code"`
	Symbol   string            `json:"symbol,omitempty"`
	Signed   int32             `json:"signed"`
	Unsigned uint32            `json:"unsigned"`
	Extend   *extendJSON       `json:"extend,omitempty"`
	Count    int               `json:"count"`
	Known    bool              `json:"known"`
	Names    []hresult.Meaning `json:"names"`
	Anatomy  hresult.Anatomy   `json:"anatomy"`
	Meaning  string            `json:"meaning,omitempty"`
	Causes   []string          `json:"causes,omitempty"`
	Next     []string          `json:"next,omitempty"`
}

type extendJSON struct {
	Code      hresult.Extend `json:"code"`
	Phase     string         `json:"phase"`
	Operation string         `json:"operation"`
}

func writeCodesJSON(w io.Writer, codes []asked) error {
	list := make([]codeJSON, 0, len(codes))
	for _, c := range codes {
		j := codeJSON{
			Code: c.Code, Symbol: c.Code.Symbol(), Signed: c.Code.Signed(), Unsigned: uint32(c.Code), Count: c.count,
			Known: c.Known(), Names: append([]hresult.Meaning{}, c.Meanings...), Anatomy: c.Anatomy,
			Meaning: c.Meaning, Causes: c.Causes, Next: c.Next,
		}
		if e := c.extend; e != 0 {
			j.Extend = &extendJSON{e, e.Phase(), e.Operation()}
		}
		list = append(list, j)
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(struct {
		Codes []codeJSON `json:"codes"`
	}{list})
}

func writeCodes(w io.Writer, style term.Style, codes []asked) error {
	var b strings.Builder
	for i, c := range codes {
		if i > 0 {
			b.WriteByte('\n')
		}
		c.write(&b, style)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (c asked) write(b *strings.Builder, style term.Style) {
	b.WriteString(style.Paint(term.Bold, c.Code.String()))
	if c.count > 1 {
		fmt.Fprintf(b, "  (%d times)", c.count)
	}
	fmt.Fprintf(b, "\n  also written  %d, %d\n", c.Code.Signed(), uint32(c.Code))
	for _, m := range c.Meanings {
		name := strings.TrimSpace(string(m.Family) + "  " + m.Symbol)
		fmt.Fprintf(b, "  family        %s  [%s]\n", name, m.Source)
	}
	if near := hresult.Suggest(c.spelled); !c.Known() && len(near) > 0 {
		fmt.Fprintf(b, "  did you mean  %s?  A result code has eight digits.\n", strings.Join(near, " or "))
	}
	if c.extend != 0 {
		fmt.Fprintf(b, "  setup         %s\n", c.extend)
	}
	if c.Meaning == "" {
		c.writeAnatomy(b)
		return
	}
	b.WriteByte('\n')
	wrap(b, "  ", "  ", c.Meaning)
	writeList(b, style, "Usual causes", c.Causes)
	writeList(b, style, "What to do next", c.Next)
}

// writeAnatomy says what the number tells when there is no text for it.
func (c asked) writeAnatomy(b *strings.Builder) {
	a := c.Anatomy
	facility := a.Facility
	if facility == "" {
		facility = "no known one"
	}
	if a.Kind != "number" {
		fmt.Fprintf(b, "  bits          %s, severity %s, facility %d (%s), number %d\n",
			a.Kind, a.Severity, a.FacilityNumber, facility, a.Number)
	}
	if a.Customer {
		b.WriteString("                the customer bit is set: a program or driver's own code, not one of Windows\n")
	}
	if !c.Known() {
		b.WriteString("\n  redx has no name for this code. Search the log for the lines just before it: they name what was tried.\n")
		return
	}
	b.WriteString("\n  redx has no advice for this code alone. The lines before it in the log say more.\n")
}

func writeList(b *strings.Builder, style term.Style, title string, items []string) {
	fmt.Fprintf(b, "\n  %s\n", style.Paint(term.Bold, title))
	for i, item := range items {
		wrap(b, fmt.Sprintf("  %d. ", i+1), "     ", item)
	}
}

// wrap writes words in lines of at most 100 columns. A command, which stands in backquotes, is never broken, so that it
// can be copied; a long one may stick out.
func wrap(b *strings.Builder, first, rest, text string) {
	line, empty := first, true
	for _, word := range words(text) {
		if !empty && len(line)+1+len(word) > 100 {
			b.WriteString(line + "\n")
			line, empty = rest, true
		}
		if !empty {
			line += " "
		}
		line += word
		empty = false
	}
	b.WriteString(line + "\n")
}

// words splits at the blanks outside of backquotes.
func words(text string) []string {
	quoted := false
	return strings.FieldsFunc(text, func(r rune) bool {
		if r == '`' {
			quoted = !quoted
		}
		return r == ' ' && !quoted
	})
}
