package store

import (
	"strings"

	"github.com/redx-update/redx/internal/guid"
)

// maxStates bounds what one status event can say.
const maxStates = 20000

// guids reads the list of a tag, such as "U=guid;guid;", leaving out what is no GUID.
func (e *Event) guids(tag byte) []guid.GUID {
	var all []guid.GUID
	for _, m := range e.Misc {
		if len(m) < 2 || m[0] != tag || m[1] != '=' {
			continue
		}
		for word := range strings.SplitSeq(m[2:], ";") {
			if g, err := guid.Parse(word); err == nil && len(all) < maxStates {
				all = append(all, g)
			}
		}
	}
	return all
}
