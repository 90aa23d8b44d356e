package hresult

import (
	"slices"
	"strings"
)

// maxSuggested bounds what Suggest gives.
const maxSuggested = 3

// Suggest gives what a person may have meant by a text that spells no code, or none that is known: a name with a slip
// or two in it, or a code that lost one of its digits, was broken by a blank, or ends with the h of assembly language.
// The nearest stand first; none when nothing is near.
func Suggest(s string) []string {
	s = strings.TrimSpace(s)
	if s == "" || len(s) > maxName {
		return nil
	}
	if near := nearCodes(s); len(near) > 0 {
		return near
	}
	return nearNames(strings.ToUpper(s))
}

// nearCodes gives the failures that have a name and that one more digit, or one blank or letter less, makes of s.
func nearCodes(s string) []string {
	digits := strings.TrimPrefix(strings.ToLower(strings.Join(strings.Fields(s), "")), "0x")
	digits = strings.TrimSuffix(digits, "h")
	if strings.Trim(digits, "0123456789abcdef") != "" {
		return nil
	}
	switch len(digits) {
	case 8:
		return suggested(digits)
	case 7:
		var all []string
		for i := range len(digits) + 1 { // what is lost is mostly one of several zeros
			all = append(all, digits[:i]+"0"+digits[i:])
		}
		return suggested(all...)
	}
	return nil
}

func suggested(all ...string) []string {
	var out []string
	for _, digits := range all {
		c := Code(hexValue([]byte(digits)))
		if text := c.Hex(); c.Failed() && c.Symbol() != "" && !slices.Contains(out, text) && len(out) < maxSuggested {
			out = append(out, text)
		}
	}
	return out
}

// nearNames gives the names that differ from s in no more than two places.
func nearNames(s string) []string {
	const most = 2
	near := make([][]string, most+1)
	if !strings.Contains(s, "_") {
		return nil
	}
	for _, t := range namedTables {
		for _, e := range t.entries {
			if d := distance(s, e.name, most); d <= most && !slices.Contains(near[d], e.name) {
				near[d] = append(near[d], e.name)
			}
		}
	}
	out := slices.Concat(near...)
	return out[:min(len(out), maxSuggested)]
}

// distance is Levenshtein's: how many letters must be put in, taken out or changed. Above most it is most+1.
func distance(a, b string, most int) int {
	if len(a)-len(b) > most || len(b)-len(a) > most {
		return most + 1
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal, least := row[0], i+1
		row[0] = i + 1
		for j := range len(b) {
			changed := diagonal
			if a[i] != b[j] {
				changed++
			}
			diagonal = row[j+1]
			row[j+1] = min(changed, row[j]+1, diagonal+1)
			least = min(least, row[j+1])
		}
		if least > most {
			return most + 1
		}
	}
	return row[len(b)]
}
