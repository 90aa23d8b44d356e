package hive

import (
	"encoding/binary"
	"iter"
	"strings"

	"github.com/redx-update/redx/internal/format"
)

// maxList bounds the bytes of one list: a sub-key list counts in 16 bits, a list of values is one cell.
const maxList = 16 << 20

// ref is an entry of a list of sub-keys: where the key stands, and a hint at its name.
type ref struct {
	offset uint32
	kind   byte // the second letter of the list's signature: f and h have hints, i has none
	hint   uint32
}

// wanted is a name that is looked for.
type wanted struct {
	name  string
	hash  uint32
	ascii bool
}

// want prepares a search. Hints at names beyond ASCII are not trusted, since they depend on Windows' own table of
// capitals.
func want(name string) wanted {
	for i := range len(name) {
		if name[i] >= 0x80 {
			return wanted{name: name}
		}
	}
	return wanted{name, nameHash(name), true}
}

// maybe tells whether the key at r may have the name.
func (w wanted) maybe(r ref) bool {
	switch {
	case w.ascii && r.kind == 'h':
		return r.hint == w.hash
	case w.ascii && r.kind == 'f':
		return hintFits(r.hint, w.name)
	}
	return true
}

// nameHash is the hash of an ASCII name in lh lists.
func nameHash(name string) uint32 {
	var h uint32
	for _, c := range []byte(strings.ToUpper(name)) {
		h = h*37 + uint32(c)
	}
	return h
}

// hintFits compares the first four characters in an lf list; a hint of zeros fits all.
func hintFits(hint uint32, name string) bool {
	var b [4]byte
	binary.LittleEndian.PutUint32(b[:], hint)
	for i := range min(4, len(name)) {
		if b[i] == 0 || b[i] >= 0x80 {
			return true
		}
		if !strings.EqualFold(string(b[i:i+1]), name[i:i+1]) {
			return false
		}
	}
	return true
}

// refs lists the sub-keys' places. A place that is listed twice is damage and given once.
func (k *key) refs() iter.Seq2[ref, error] {
	return func(yield func(ref, error) bool) {
		if k.subkeys == 0 || k.subkeyList == none {
			return
		}
		w := lister{img: k.h.img, seen: map[uint32]bool{}, left: k.h.img.stored(), yield: yield}
		if !w.list(k.subkeyList, true) || w.damaged {
			return
		}
		if w.count != k.subkeys {
			yield(ref{}, format.At(binsStart+int64(k.offset), "key %s: %d sub-keys are announced, %d listed",
				k.name, k.subkeys, w.count))
		}
	}
}

// lister walks one list of sub-keys, which may be a list of lists.
type lister struct {
	img     *image
	seen    map[uint32]bool // lists and keys both
	left    int64           // bytes that further lists can have; lists that have more share them
	count   uint32
	damaged bool
	yield   func(ref, error) bool
}

func (w *lister) fail(err error) bool {
	w.damaged = true
	return w.yield(ref{}, err)
}

// list gives the entries of the list at an offset; false when the consumer has enough.
func (w *lister) list(offset uint32, top bool) bool {
	at := binsStart + int64(offset)
	if w.seen[offset] {
		return w.fail(format.At(at, "sub-key list: is listed twice"))
	}
	w.seen[offset] = true
	b, _, err := w.img.cell(offset, 4+8*0xffff, "sub-key list")
	if err != nil {
		return w.fail(err)
	}
	if len(b) < 4 {
		return w.fail(format.At(at, "sub-key list: a cell of %d bytes", len(b)))
	}
	if w.left -= int64(len(b)); w.left < 0 {
		w.fail(format.At(at, "sub-key lists: more data than the hive has"))
		return false
	}
	sig, n, width := string(b[:2]), int(binary.LittleEndian.Uint16(b[2:])), 4
	switch {
	case sig == "lf" || sig == "lh":
		width = 8
	case sig == "li" || sig == "ri" && top:
	default:
		return w.fail(format.At(at, "sub-key list: signature %q", sig))
	}
	if fit := (len(b) - 4) / width; n > fit {
		if !w.fail(format.At(at, "sub-key list: %d entries in a cell for %d", n, fit)) {
			return false
		}
		n = fit
	}
	for i := range n {
		if !w.entry(sig, b[4+i*width:4+(i+1)*width]) {
			return false
		}
	}
	return true
}

func (w *lister) entry(sig string, b []byte) bool {
	r := ref{offset: binary.LittleEndian.Uint32(b), kind: sig[1]}
	if sig == "ri" {
		return w.list(r.offset, false)
	}
	if len(b) == 8 {
		r.hint = binary.LittleEndian.Uint32(b[4:])
	}
	if w.seen[r.offset] {
		return w.fail(format.At(binsStart+int64(r.offset), "key: is listed twice"))
	}
	w.seen[r.offset] = true
	w.count++
	return w.yield(r, nil)
}
