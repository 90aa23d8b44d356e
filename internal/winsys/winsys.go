// Package winsys gives what redx needs of the registry of a Windows installation by its meaning: services, time
// zone, pending renames, policies, packages and the like, from the roots of SYSTEM, SOFTWARE and COMPONENTS.
//
// It judges nothing and changes nothing. What is missing in the registry is missing in the answer and is no error;
// an error is damage, beside which all that could be read is given. Every answer says where it stands: Where is the
// path of its key, beginning with the hive's name, as in SYSTEM\ControlSet001\Services\wuauserv.
package winsys

import (
	"errors"
	"io/fs"
	"iter"
	"strconv"
	"strings"

	"github.com/redx-update/redx/internal/registry"
)

// node is a key that may be missing, with its path. It gathers the damage met on the way.
type node struct {
	key  registry.Key // nil when the key is not there
	path string
	errs *[]error
}

func newNode(root registry.Key, hive string) node {
	return node{root, hive, new([]error)}
}

// err gives the damage met by this node and those opened from it.
func (n node) err() error { return errors.Join(*n.errs...) }

func (n node) note(err error) {
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		*n.errs = append(*n.errs, &fs.PathError{Op: "read", Path: n.path, Err: err})
	}
}

// open opens a key below; its damage is gathered here too.
func (n node) open(path string) node {
	sub := node{nil, n.path + `\` + path, n.errs}
	if n.key == nil {
		return sub
	}
	key, err := n.key.Open(path)
	if err != nil {
		sub.note(err)
		return sub
	}
	sub.key = key
	if names := registry.SplitPath(path); len(names) > 0 { // spelled as in the registry, not as asked for
		names[len(names)-1] = key.Name()
		sub.path = n.path + `\` + strings.Join(names, `\`)
	}
	return sub
}

// there tells whether the key is there.
func (n node) there() bool { return n.key != nil }

// subkeys lists the keys below, each with its own name as spelled.
func (n node) subkeys() iter.Seq[node] {
	return func(yield func(node) bool) {
		if n.key == nil {
			return
		}
		for sub, err := range n.key.Subkeys() {
			if err != nil {
				n.note(err)
				continue
			}
			if !yield(node{sub, n.path + `\` + sub.Name(), n.errs}) {
				return
			}
		}
	}
}

func (n node) values() iter.Seq[registry.Value] {
	return func(yield func(registry.Value) bool) {
		if n.key == nil {
			return
		}
		for v, err := range n.key.Values() {
			if err != nil {
				n.note(err)
				continue
			}
			if !yield(v) {
				return
			}
		}
	}
}

func (n node) value(name string) (registry.Value, bool) {
	if n.key == nil {
		return registry.Value{}, false
	}
	v, err := n.key.Value(name)
	n.note(err)
	return v, err == nil
}

func (n node) text(name string) string {
	v, _ := n.value(name)
	return v.String()
}

// list gives the entries of a list without empty ones.
func (n node) list(name string) []string {
	v, _ := n.value(name)
	var list []string
	for _, s := range v.Strings() {
		if s != "" {
			list = append(list, s)
		}
	}
	return list
}

// number gives a number; false when it is not there or none.
func (n node) number(name string) (uint64, bool) {
	v, _ := n.value(name)
	return v.Uint64()
}

// int32 gives a number that may be negative; 0 when it is not there.
func (n node) int32(name string) int32 {
	v, _ := n.number(name)
	return int32(uint32(v))
}

// flag tells whether a number is there and is not 0.
func (n node) flag(name string) bool {
	v, _ := n.number(name)
	return v != 0
}

// one gives the subkeys' answers one by one, and behind them the damage met.
func one[T any](n node, read func(node) T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for sub := range n.subkeys() {
			if !yield(read(sub), nil) {
				return
			}
		}
		if err := n.err(); err != nil {
			var zero T
			yield(zero, err)
		}
	}
}

// maxExpanded is how long a text may get by expanding it: what Windows itself allows.
const maxExpanded = 32767

// Expand replaces %NAME% by what vars gives for NAME; names that vars does not know stay as they are. Values of
// the environment can hold variables themselves, so it goes on up to four times, and not beyond a length that Windows has
// room for.
func Expand(s string, vars func(name string) (string, bool)) string {
	for range 4 {
		next := expandOnce(s, vars)
		if next == s || len(next) > maxExpanded {
			break
		}
		s = next
	}
	return s
}

// expandOnce stops soon after what is allowed.
func expandOnce(s string, vars func(string) (string, bool)) string {
	var b strings.Builder
	for b.Len() <= maxExpanded {
		head, rest, ok := strings.Cut(s, "%")
		b.WriteString(head)
		if !ok {
			break
		}
		name, tail, ok := strings.Cut(rest, "%")
		if !ok {
			b.WriteString("%" + rest)
			break
		}
		if value, known := vars(name); known {
			b.WriteString(value)
			s = tail
			continue
		}
		b.WriteString("%" + name)
		s = rest[len(name):] // the second sign may begin the next name
	}
	return b.String()
}

func controlSet(n uint64) string {
	s := strconv.FormatUint(n, 10)
	return "ControlSet" + strings.Repeat("0", max(0, 3-len(s))) + s
}
