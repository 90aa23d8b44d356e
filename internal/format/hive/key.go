package hive

import (
	"encoding/binary"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/redx-update/redx/internal/format"
	"github.com/redx-update/redx/internal/registry"
	"github.com/redx-update/redx/internal/winbin"
)

const (
	keyHeader = 76
	maxName   = 2 * 512 // Windows allows 255 characters for a key
	maxDepth  = 1024    // and 512 levels

	keyCompressed = 0x20 // name in Latin-1 instead of UTF-16

	// maxDamaged bounds the damage that all listings of a hive's keys may meet: every key can have the list of another.
	maxDamaged = 1 << 19
)

// key is an open key of a hive.
type key struct {
	h      *Hive
	up     *key // nil at the root
	depth  int
	offset uint32
	name   string
	time   uint64 // FILETIME

	subkeys    uint32 // count
	subkeyList uint32
	values     uint32 // count
	valuesList uint32
	parent     uint32
}

// readKey reads the key at an offset. up is the key it was reached from.
func (h *Hive) readKey(offset uint32, up *key) (*key, error) {
	b, _, err := h.img.cell(offset, keyHeader+maxName, "key")
	if err != nil {
		return nil, err
	}
	at := binsStart + int64(offset)
	if len(b) < keyHeader || string(b[:2]) != "nk" {
		return nil, format.At(at, "key: no nk signature")
	}
	le := binary.LittleEndian
	k := &key{
		h: h, up: up, offset: offset, time: le.Uint64(b[4:]), parent: le.Uint32(b[16:]),
		subkeys: le.Uint32(b[20:]), subkeyList: le.Uint32(b[28:]),
		values: le.Uint32(b[36:]), valuesList: le.Uint32(b[40:]),
	}
	n := int(le.Uint16(b[72:]))
	if n > len(b)-keyHeader {
		return nil, format.At(at, "key: a name of %d bytes in a cell of %d", n, len(b))
	}
	k.name = decodeName(b[keyHeader:keyHeader+n], le.Uint16(b[2:])&keyCompressed != 0)
	return k, k.checkPlace(at)
}

// checkPlace makes sure that a key stands below the key it was reached from, and not below itself.
func (k *key) checkPlace(at int64) error {
	if k.up == nil {
		return nil
	}
	if k.parent != k.up.offset {
		return format.At(at, "key %s: is listed below another key than its own parent", k.name)
	}
	if k.depth = k.up.depth + 1; k.depth > maxDepth {
		return format.At(at, "key %s: more than %d levels", k.name, maxDepth)
	}
	for a := k.up; a != nil; a = a.up {
		if a.offset == k.offset {
			return format.At(at, "key %s: is its own ancestor", k.name)
		}
	}
	return nil
}

// decodeName decodes the name of a key or value: UTF-16, or its low bytes only.
func decodeName(b []byte, compressed bool) string {
	if !compressed {
		return winbin.UTF16(b)
	}
	r := make([]rune, len(b))
	for i, c := range b {
		r[i] = rune(c)
	}
	return string(r)
}

func (k *key) Name() string { return k.name }

func (k *key) LastWrite() time.Time { return winbin.Filetime(k.time) }

func (k *key) Open(path string) (registry.Key, error) {
	at := k
	for _, name := range registry.SplitPath(path) {
		child, err := at.child(name)
		if err != nil {
			return nil, fmt.Errorf("open key %s: %w", path, err)
		}
		if child == nil {
			return nil, registry.NotExist("open key", path)
		}
		at = child
	}
	return at, nil
}

// child finds a direct sub-key; nil when there is none. Damage counts only when the key was not found beside it.
func (k *key) child(name string) (*key, error) {
	var damage error
	w := want(name)
	for ref, err := range k.refs() {
		if err != nil {
			damage = err
			continue
		}
		if !w.maybe(ref) {
			continue
		}
		child, err := k.h.readKey(ref.offset, k)
		if err != nil {
			damage = err
			continue
		}
		if strings.EqualFold(child.name, name) {
			return child, nil
		}
	}
	return nil, damage
}

func (k *key) Subkeys() iter.Seq2[registry.Key, error] {
	return func(yield func(registry.Key, error) bool) {
		for ref, err := range k.refs() {
			var child *key
			if err == nil {
				child, err = k.h.readKey(ref.offset, k)
			}
			switch {
			case err == nil:
				if !yield(child, nil) {
					return
				}
			case k.h.damaged.Add(1) > maxDamaged:
				yield(nil, format.At(binsStart+int64(k.offset), "sub-keys of %s: more damage than is looked at", k.name))
				return
			case !yield(nil, err):
				return
			}
		}
	}
}
