package win

import (
	"slices"
	"strings"
	"unicode/utf16"
)

// pendingName is how a full path stands in the list of renames that Windows does when it starts next.
func pendingName(path string) string {
	if path == "" { // as the new name: to be deleted
		return ""
	}
	return `\??\` + path
}

// pendingPair is one rename of the list: where its units begin and end, and both names. Names with letters that are
// none stay what they are in the list; here they only have to differ from every path of redx.
type pendingPair struct {
	begin, end int
	from, to   string
}

// pendingPairs takes the list apart: strings of UTF-16, each ended by a zero, two of them a pair, an empty one behind
// the last. A new name can be empty, so the end is where an old name would be empty or the value ends.
func pendingPairs(list []uint16) []pendingPair {
	var pairs []pendingPair
	for at := 0; at < len(list) && list[at] != 0; {
		from, next := pendingString(list, at)
		to, end := pendingString(list, next)
		pairs = append(pairs, pendingPair{begin: at, end: end, from: from, to: to})
		at = end
	}
	return pairs
}

func pendingString(list []uint16, at int) (s string, next int) {
	end := slices.Index(list[at:], 0)
	if end < 0 {
		return string(utf16.Decode(list[at:])), len(list)
	}
	return string(utf16.Decode(list[at : at+end])), at + end + 1
}

// is reports the rename of a path to another; without the mark that lets it replace what stands there.
func (p pendingPair) is(from, to string) bool {
	return strings.EqualFold(p.from, pendingName(from)) && strings.EqualFold(p.to, pendingName(to))
}

// withoutPending gives the list without a rename, every other unit of it as it was.
func withoutPending(list []uint16, from, to string) (rest []uint16, found bool) {
	rest = slices.Clone(list)
	for _, p := range slices.Backward(pendingPairs(list)) {
		if p.is(from, to) {
			rest, found = slices.Delete(rest, p.begin, p.end), true
		}
	}
	return rest, found
}
