package hresult

import "strings"

// normalize makes a hexadecimal number the code that it means: a small one is a system error code, but for 1, which
// is S_FALSE.
func normalize(v uint32) Code {
	if v == 1 {
		return Code(v)
	}
	return FromWin32(v)
}

// plausible tells a failure that some family claims, by name or by a range that nothing else in a log uses.
func plausible(c Code) bool {
	if !c.Failed() {
		return false
	}
	switch uint32(c) >> 16 {
	case 0x8007, 0x8024, 0x800F, 0x80D0, 0xC190, 0xC142:
		return true
	case 0x8000: // below are registry roots, flags and the NTSTATUS warnings
		return c >= 0x80004000 && c.Symbol() != ""
	}
	return c.Symbol() != ""
}

// standsAlone tells a number with blanks or punctuation around it, not a part of a GUID, a path, a version or a name.
func standsAlone(line []byte, start, end int) bool {
	if start > 0 && strings.IndexByte(" \t[(=:,;\"'<>|\r\n\x00", line[start-1]) < 0 {
		return false
	}
	if end == len(line) {
		return true
	}
	switch b := line[end]; b {
	case '.', ':', ',':
		return end+1 == len(line) || !isWord(line[end+1])
	case '-':
		return end+3 < len(line) && line[end+1] == '0' && line[end+2]|0x20 == 'x' // an extend code, no GUID
	default:
		return strings.IndexByte(" \t])=;\"'<>!|\r\n\x00", b) >= 0
	}
}

func inParentheses(line []byte, start, end int) bool {
	return start > 0 && line[start-1] == '(' && end < len(line) && line[end] == ')'
}

// labels are the words that say that a code follows, in lower case.
var labels = [...]string{"hresult", "hr", "error", "code", "status", "result", "gle", "rc", "exit", "failed"}

// labelled tells whether one of the labels stands before at, with blanks, "=", ":" or "(" between.
func labelled(line []byte, at int) bool {
	i := at
	for i > 0 && at-i < 12 && strings.IndexByte(" =:(\t", line[i-1]) >= 0 {
		i--
	}
	if i == at {
		return false
	}
	for _, l := range labels {
		if hasSuffixFold(line[:i], l) && (i == len(l) || !isWord(line[i-len(l)-1])) {
			return true
		}
	}
	return false
}

func hasSuffixFold(s []byte, lower string) bool {
	if len(s) < len(lower) {
		return false
	}
	s = s[len(s)-len(lower):]
	for i := range s {
		if s[i]|0x20 != lower[i] {
			return false
		}
	}
	return true
}
