package hresult

import (
	"errors"
	"fmt"
	"strings"
)

// ErrNoCode tells that a text spells no code and no known symbol.
var ErrNoCode = errors.New("no result code in it")

// Parsed is what a person typed or pasted.
type Parsed struct {
	// Codes are in the order of the text, at least one. A short number can mean two things and gives two codes for
	// one place: 404 is an HTTP status and a system error code.
	Codes []Found
	// Line tells that the codes were found inside a longer text.
	Line bool
}

// Parse reads a code in any spelling: 0x80070002, 80070002, -2147024894, 2147942402, (00000003), 0x80070003-0x20007, a
// symbol in any case, a system error code such as 2, an HTTP status such as 404, a database error such as -1811; or a
// line of a log, in which it finds what Find finds, else the symbols. The error wraps ErrNoCode.
func Parse(s string) (Parsed, error) {
	if f, ok := parseOne(s); ok {
		return Parsed{Codes: withStatus(f, s)}, nil
	}
	p := Parsed{Line: true}
	for f := range Find([]byte(s)) {
		p.Codes = append(p.Codes, f)
	}
	if len(p.Codes) == 0 {
		p.Codes = findSymbols(s)
	}
	if len(p.Codes) == 0 {
		return Parsed{}, fmt.Errorf("%w: %.80q", ErrNoCode, s)
	}
	return p, nil
}

// withStatus adds the HTTP meaning of a short plain number; it goes first where the system has no such error.
func withStatus(f Found, s string) []Found {
	plain := s[f.Start:f.End]
	if len(plain) != 3 || !allDigits(plain) || !isStatus(uint32(decimalValue(plain))) {
		return []Found{f}
	}
	status := f
	status.Code = Code(0x80190000 | decimalValue(plain))
	if f.Code.Symbol() == "" {
		return []Found{status, f}
	}
	if status.Code.Symbol() == "" {
		return []Found{f}
	}
	return []Found{f, status}
}

// parseOne reads a text that is one code and nothing else.
func parseOne(s string) (Found, bool) {
	start, end := trimmed(s)
	f := Found{Start: start, End: end}
	if start == end || end-start > maxName {
		return f, false
	}
	t := s[start:end]
	if i := strings.IndexByte(t, '-'); i > 0 {
		return f, f.extended(strings.TrimSpace(t[:i]), strings.TrimSpace(t[i+1:]))
	}
	return f, f.hexadecimal(t) || f.number(t) || f.symbol(t)
}

// maxName is longer than every symbol: what is longer is a line.
const maxName = 120

// trimmed leaves out blanks, quotes, brackets and a full stop around a code.
func trimmed(s string) (start, end int) {
	const around = " \t\r\n\x00\"'`()[]{}<>,;."
	end = len(strings.TrimRight(s, around))
	start = len(s) - len(strings.TrimLeft(s, around))
	return min(start, end), end
}

func (f *Found) extended(code, extend string) bool {
	digits, ok := cutPrefix0x(extend)
	if !ok || len(digits) > 6 || !f.hexadecimal(code) {
		return false
	}
	f.Extend = Extend(hexValue(digits))
	return true
}

// hexadecimal takes 0x and one to eight digits, or eight digits without 0x, or six to seven when that has a name:
// ReportingEvents.log writes 0x00240006 as 240006.
func (f *Found) hexadecimal(t string) bool {
	digits, ok := cutPrefix0x(t)
	if ok {
		f.Code = normalize(hexValue(digits))
		return true
	}
	digits, ok = cutPrefix0x("0x" + t)
	if !ok || len(digits) < 6 {
		return false
	}
	f.Code = normalize(hexValue(digits))
	return len(digits) == 8 || f.Code.Symbol() != ""
}

// cutPrefix0x gives the digits behind 0x, when there are one to eight and nothing else.
func cutPrefix0x(t string) (string, bool) {
	if len(t) < 3 || len(t) > 10 || t[0] != '0' || t[1]|0x20 != 'x' {
		return "", false
	}
	for i := range len(t) - 2 {
		if !isHex[t[i+2]] {
			return "", false
		}
	}
	return t[2:], true
}

// number takes a decimal number: up to 65535 a system error code, above 2147483647 a code without its sign, and a
// negative one as it is, which makes -1811 a database error.
func (f *Found) number(t string) bool {
	digits, negative := strings.CutPrefix(t, "-")
	if !allDigits(digits) || len(digits) > 10 {
		return false
	}
	v := decimalValue(digits)
	switch {
	case negative:
		f.Code = Code(-v)
		return v > 0 && v <= 1<<31
	case v <= 0xFFFF:
		f.Code = FromWin32(uint32(v))
		return true
	default:
		f.Code = Code(v)
		return v >= 1<<31 && v < 1<<32
	}
}

func (f *Found) symbol(t string) bool {
	codes := ByName(t)
	if len(codes) == 0 {
		return false
	}
	f.Code = codes[0]
	return true
}

// maxSymbolText is how much of a text is searched for names: a pasted line, not a log.
const maxSymbolText = 16 << 10

// findSymbols looks for known names in a text; each has an underscore.
func findSymbols(s string) []Found {
	s = s[:min(len(s), maxSymbolText)]
	var found []Found
	for i := 0; i < len(s) && len(found) < 100; {
		if !isWord(s[i]) {
			i++
			continue
		}
		end := i
		for end < len(s) && isWord(s[end]) {
			end++
		}
		f := Found{Start: i, End: end}
		if w := s[i:end]; len(w) <= maxName && strings.Contains(w, "_") && f.symbol(w) {
			found = append(found, f)
		}
		i = end
	}
	return found
}
