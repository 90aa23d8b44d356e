package hresult

import "iter"

// Found is a code in a text: text[Start:End] is how it was spelled, the extend code included.
type Found struct {
	Code   Code
	Extend Extend // 0 when there is none
	Start  int
	End    int
}

// Find yields the failures that a line of a log names, in order. It allocates nothing and skips a line without codes
// at about a byte in eight, so it can be run on every line of a log of any size.
//
// It takes 0x80070002, the bare forms [80070003] and 80070002 between blanks, -2147024894 and 2147942402, setup's
// 0x80070003-0x20007 and SetupAPI's (00000003). It is careful: build numbers, parts of GUIDs and paths, hashes, dates,
// handles and line ids like [0x20ed1a3b] are no codes. A number that no table knows counts only behind a word such as
// "HRESULT =", "hr:" or "error". Success (0) is never yielded. Small numbers are made HRESULTs, see FromWin32.
func Find(line []byte) iter.Seq[Found] {
	return func(yield func(Found) bool) {
		for at := 0; ; {
			f, ok := Next(line, at)
			if !ok || !yield(f) {
				return
			}
			at = f.End
		}
	}
}

// Next gives the first code that starts at or behind from, as Find does; it looks before from only for the context.
func Next(line []byte, from int) (Found, bool) {
	// Every spelling holds at least eight hex digits in a row, and eight in a row hold each eighth place once.
	for i := from + 7; i < len(line); i += 8 {
		if !isHex[line[i]] {
			continue
		}
		start, end := i, i+1
		for start > from && isHex[line[start-1]] {
			start--
		}
		for end < len(line) && isHex[line[end]] {
			end++
		}
		if f, ok := judge(line, start, end); ok && f.Start >= from {
			return f, true
		}
		i = end // the next run begins behind end, and its eighth digit stands at end+8 at the earliest
	}
	return Found{}, false
}

// judge decides whether a whole run of hex digits is a code where it stands.
func judge(line []byte, start, end int) (Found, bool) {
	f := Found{Start: start, End: end}
	switch n := end - start; {
	case end < len(line) && isWord(line[end]):
		return f, false
	case n == 8 && prefixed(line, start):
		f.Start -= 2
		v := hexValue(line[start:end])
		if v == 0 || !plausible(Code(v)) && !labelled(line, f.Start) {
			return f, false
		}
		f.Code = normalize(v)
		f.takeExtend(line)
		return f, true
	case n == 8 && standsAlone(line, start, end):
		return f, f.bare(line)
	case n == 9 || n == 10:
		return f, f.decimal(line)
	}
	return f, false
}

// prefixed tells a 0x before start that begins a word.
func prefixed(line []byte, start int) bool {
	return start >= 2 && line[start-1]|0x20 == 'x' && line[start-2] == '0' && (start == 2 || !isWord(line[start-3]))
}

// bare takes eight digits without 0x: a failure with a name or a certain family, or SetupAPI's (00000003).
func (f *Found) bare(line []byte) bool {
	digits := line[f.Start:f.End]
	v := hexValue(digits)
	if v > 0 && v <= 0xFFFF {
		f.Code = FromWin32(v)
		return inParentheses(line, f.Start, f.End) && f.Code.Symbol() != ""
	}
	f.Code = Code(v)
	if !f.Code.Failed() || !plausible(f.Code) || allDigits(digits) && f.Code.Symbol() == "" {
		return false
	}
	f.takeExtend(line)
	return true
}

// decimal takes -2147024894 and 2147942402, when the code has a name.
func (f *Found) decimal(line []byte) bool {
	digits := line[f.Start:f.End]
	if !allDigits(digits) {
		return false
	}
	v := decimalValue(digits)
	if f.Start > 0 && line[f.Start-1] == '-' {
		f.Start--
		v = 1<<32 - v
	}
	if v < 1<<31 || v >= 1<<32 || !standsAlone(line, f.Start, f.End) {
		return false
	}
	f.Code = Code(v)
	return plausible(f.Code) && f.Code.Symbol() != ""
}

// takeExtend adds setup's second half: -0x20007, also with blanks around the dash.
func (f *Found) takeExtend(line []byte) {
	i := skipBlanks(line, f.End)
	if i >= len(line) || line[i] != '-' {
		return
	}
	i = skipBlanks(line, i+1)
	if i+3 > len(line) || line[i] != '0' || line[i+1]|0x20 != 'x' {
		return
	}
	start := i + 2
	end := start
	for end < len(line) && end-start < 9 && isHex[line[end]] {
		end++
	}
	if end == start || end-start > 6 || end < len(line) && isWord(line[end]) {
		return
	}
	if e := Extend(hexValue(line[start:end])); e.Phase() != "" && e.Operation() != "" {
		f.Extend, f.End = e, end
	}
}

func skipBlanks(line []byte, i int) int {
	for i < len(line) && line[i] == ' ' {
		i++
	}
	return i
}
