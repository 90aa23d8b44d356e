package update

import (
	"iter"
	"strings"

	"github.com/redx-update/redx/internal/guid"
)

// Index finds what was filed under updates, as Same tells them, in a time that does not grow with their number. The
// zero value is ready for use.
type Index[T any] struct {
	filed map[indexKey][]T
}

// indexKey is one name of an update, and which better names it has: a better one decides where both have it.
type indexKey struct {
	id            guid.GUID
	name          string
	hasID, hasNum bool
}

// Add files v under r. What is filed stays under the names that r has now.
func (x *Index[T]) Add(r Ref, v T) {
	if x.filed == nil {
		x.filed = map[indexKey][]T{}
	}
	id, num := !r.ID.GUID.IsZero(), r.KB != ""
	if id {
		k := indexKey{id: r.ID.GUID}
		x.filed[k] = append(x.filed[k], v)
	}
	if num {
		k := indexKey{name: string(r.KB), hasID: id}
		x.filed[k] = append(x.filed[k], v)
	}
	if r.Title != "" {
		k := indexKey{name: titleName(r.Title), hasID: id, hasNum: num}
		x.filed[k] = append(x.filed[k], v)
	}
}

// Same gives all that is filed under a Ref that is the Same as r, each once, in no order.
func (x *Index[T]) Same(r Ref) iter.Seq[T] {
	return func(yield func(T) bool) {
		for _, k := range asked(r) {
			for _, v := range x.filed[k] {
				if !yield(v) {
					return
				}
			}
		}
	}
}

// asked gives the keys under which a Ref that is the Same as r is filed, which never are two of one Ref.
func asked(r Ref) []indexKey {
	id, num := !r.ID.GUID.IsZero(), r.KB != ""
	var keys []indexKey
	if id {
		keys = append(keys, indexKey{id: r.ID.GUID})
	}
	for _, hasID := range flags(!id) {
		if num {
			keys = append(keys, indexKey{name: string(r.KB), hasID: hasID})
		}
		if r.Title == "" {
			continue
		}
		for _, hasNum := range flags(!num) {
			keys = append(keys, indexKey{name: titleName(r.Title), hasID: hasID, hasNum: hasNum})
		}
	}
	return keys
}

// flags gives false, and true as well where that makes no difference.
func flags(either bool) []bool {
	if either {
		return []bool{false, true}
	}
	return []bool{false}
}

// titleName keeps titles apart from the other names.
func titleName(title string) string { return "title " + strings.ToLower(title) }
