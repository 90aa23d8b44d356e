package cbslog

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/redx-update/redx/internal/servicing"
)

// Strings gives the strings of a CSI line, in order, in all styles: `[l:36{18}]"name"` (bytes and characters, 6.x),
// `[30]"name"`, `[l:9]'name'` and `[l:101 ml:140]'name'` (10.0). The length decides where a string ends if a quote
// stands there, as the text may hold quotes; else the next quote does.
func Strings(text string) []string {
	var out []string
	for {
		open := strings.IndexByte(text, '[')
		if open < 0 {
			return out
		}
		text = text[open+1:]
		inner, rest, found := strings.Cut(text, "]")
		if !found {
			return out
		}
		if rest == "" || rest[0] != '"' && rest[0] != '\'' {
			continue
		}
		if length, ok := csiLength(inner); ok {
			var s string
			if s, text, ok = quoted(rest, length); ok {
				out = append(out, s)
			}
		}
	}
}

// csiLength reads the length in characters out of "l:36{18}", "30", "l:9", "l:101 ml:140" or "ml:26{13},l:24{12}".
func csiLength(s string) (int, bool) {
	if len(s) > 64 {
		return 0, false
	}
	for _, part := range strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == ',' }) {
		if strings.HasPrefix(part, "ml:") {
			continue
		}
		part = strings.TrimPrefix(part, "l:")
		if _, chars, ok := strings.Cut(part, "{"); ok {
			part = strings.TrimSuffix(chars, "}")
		}
		n, err := strconv.Atoi(part)
		return n, err == nil && n >= 0
	}
	return 0, false
}

// maxCounted bounds the length that is believed: to count out longer ones costs more than it tells.
const maxCounted = 1024

// quoted takes a string of length characters, or up to the next quote, off s, which begins with the quote.
func quoted(s string, length int) (text, rest string, ok bool) {
	quote, s := s[0], s[1:]
	if length <= min(len(s), maxCounted) {
		end := 0
		for n := 0; n < length && end < len(s); n++ {
			_, size := utf8.DecodeRuneInString(s[end:])
			end += size
		}
		if end < len(s) && s[end] == quote {
			return s[:end], s[end+1:], true
		}
	}
	if i := strings.IndexByte(s, quote); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return "", s, false
}

// MemberFile is a file that "sfc /scannow" found damaged.
type MemberFile struct {
	File string
	// Component lacks hash and culture, which the line does not name.
	Component servicing.Component
	Missing   bool // "file is missing", else its hash does not match
	Repaired  bool // "Repairing", else "Cannot repair"
}

// ParseMemberFile reads the text of an SFC line, "Cannot repair member file [l:10]'a.dll' of Name, version 10.0.1,
// arch amd64, ... in the store, file is missing", and its 6.x form "of Name, Version = 6.1.1, pA =
// PROCESSOR_ARCHITECTURE_AMD64 (9), ...".
func ParseMemberFile(text string) (m MemberFile, ok bool) {
	_, rest, ok := strings.Cut(text, "ember file [")
	if !ok {
		return m, false
	}
	names := Strings("[" + rest)
	if len(names) == 0 {
		return m, false
	}
	m.File = names[0]
	m.Missing = strings.Contains(rest, "file is missing")
	m.Repaired = !strings.HasPrefix(text, "Cannot repair") && !strings.HasPrefix(text, "Could not")
	if _, of, found := strings.Cut(rest, " of "); found {
		m.Component = csiIdentity(of)
	}
	return m, true
}

// csiIdentity reads "Name, version 10.0.1.2, arch amd64, pkt {l:8 b:31bf3856ad364e35}" and the 6.x form.
func csiIdentity(s string) (c servicing.Component) {
	for i, field := range strings.Split(s, ", ") {
		value := field[strings.LastIndexByte(field, ' ')+1:]
		switch lower := strings.ToLower(field); {
		case i == 0:
			c.Name = field
		case strings.HasPrefix(lower, "version "):
			c.Version = value
		case strings.HasPrefix(lower, "arch "):
			c.Arch = value
		case strings.HasPrefix(lower, "pa = processor_architecture_"):
			name, _, _ := strings.Cut(lower[len("pa = processor_architecture_"):], " ")
			c.Arch = strings.Replace(name, "intel", "x86", 1)
		case strings.HasPrefix(lower, "culture "):
			c.Culture = value
		case strings.HasPrefix(lower, "pkt ") || strings.HasPrefix(lower, "publickeytoken"):
			_, token, _ := strings.Cut(field, "b:")
			c.Token, _, _ = strings.Cut(token, "}")
		}
		if i > 12 {
			break
		}
	}
	return c
}
