package cbslog

import (
	"strconv"
	"strings"

	"github.com/redx-update/redx/internal/hresult"
)

// HResult finds the result code of a line: what stands behind "HRESULT", else what CSI puts behind "(F)", else a
// Win32 "error code", else "hr", else any other code in the text, "gle" last, since that is only the thread's last
// error. The symbol is as the log has it, empty when it is missing, cut or no symbol ("Unknown Error"). Success codes
// are results too, where the line names them as such. ok is false when the line has no code.
func HResult(text string) (code hresult.Code, symbol string, ok bool) {
	if _, rest, found := strings.Cut(text, "HRESULT"); found {
		if code, rest, ok = number(strings.TrimLeft(rest, " =:")); ok {
			return code, bracketSymbol(rest), true
		}
	}
	if _, rest, found := strings.Cut(text, "(F) "); found {
		if code, symbol, ok = csiError(rest); ok {
			return code, symbol, true
		}
	}
	if _, rest, found := strings.Cut(text, "with error code "); found {
		if code, ok = win32(rest); ok {
			return code, "", true
		}
	}
	for _, word := range [...]string{"hr:", "hr =", "hr=", "hr "} {
		if i := strings.Index(text, word); i >= 0 && (i == 0 || !isLetter(text[i-1])) {
			if code, _, ok = number(strings.TrimLeft(text[i+len(word):], " ")); ok {
				return code, "", true
			}
		}
	}
	body, gle, _ := strings.Cut(text, "[gle=")
	if code, ok = failure(body); ok {
		return code, "", true
	}
	code, _, ok = number(gle)
	return code, "", ok
}

// number reads "0x" and one to eight hex digits at the start of s.
func number(s string) (code hresult.Code, rest string, ok bool) {
	s, ok = strings.CutPrefix(s, "0x")
	if !ok {
		return 0, s, false
	}
	n := hexLen(s)
	if n == 0 || n > 8 {
		return 0, s, false
	}
	v, err := strconv.ParseUint(s[:n], 16, 32)
	return hresult.Code(v), s[n:], err == nil
}

// bracketSymbol reads " - NAME]".
func bracketSymbol(s string) string {
	s, ok := strings.CutPrefix(s, " - ")
	name, _, closed := strings.Cut(s, "]")
	if !ok || !closed || !isSymbol(name) {
		return ""
	}
	return name
}

// csiError reads "80070002 [Warning,Facility=FACILITY_NTWIN32,Code=ERROR_FILE_NOT_FOUND]".
func csiError(s string) (code hresult.Code, symbol string, ok bool) {
	if hexLen(s) != 8 {
		return 0, "", false
	}
	v, err := strconv.ParseUint(s[:8], 16, 32)
	if rest, found := strings.CutPrefix(s[8:], " ["); found {
		inner, _, _ := strings.Cut(rest, "]")
		if _, name, found := strings.Cut(inner, "Code="); found && isSymbol(name) {
			symbol = name
		}
	}
	return hresult.Code(v), symbol, err == nil
}

// win32 reads a Win32 error in decimal and gives it as an HRESULT.
func win32(s string) (hresult.Code, bool) {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	v, err := strconv.ParseUint(s[:n], 10, 16)
	if err != nil || v == 0 || n < len(s) && isLetter(s[n]) {
		return 0, false
	}
	return 0x80070000 | hresult.Code(v), true
}

// failure finds the first number of exactly eight hex digits that has the severity bit.
func failure(s string) (hresult.Code, bool) {
	for {
		_, rest, found := strings.Cut(s, "0x")
		if !found {
			return 0, false
		}
		if code, _, ok := number("0x" + rest); ok && code.Failed() && hexLen(rest) == 8 {
			return code, true
		}
		s = rest
	}
}

// Status finds the NTSTATUS name that CSI puts behind "(F)", as in "(F) STATUS_OBJECT_NAME_NOT_FOUND #17049# from
// ...", or behind the place in its source, as in "(F) ntsystem.cpp(3271): Error STATUS_SHARING_VIOLATION originated in
// function ...", where no number is given.
func Status(text string) (name string, ok bool) {
	_, rest, _ := strings.Cut(text, "(F) ")
	if _, said, found := strings.Cut(rest, "Error STATUS_"); found {
		rest = "STATUS_" + said
	}
	name, _, _ = strings.Cut(rest, " ")
	return name, strings.HasPrefix(name, "STATUS_") && isSymbol(name)
}

func hexLen(s string) int {
	n := 0
	for n < len(s) {
		if _, ok := hexDigit(s[n]); !ok {
			break
		}
		n++
	}
	return n
}

// isSymbol accepts names such as ERROR_FILE_NOT_FOUND.
func isSymbol(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return strings.Contains(s, "_") && len(s) <= 80
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
