package ese

import (
	"bytes"
	"encoding/binary"

	"github.com/redx-update/redx/internal/format"
)

// maxDepth bounds B-trees: even 2 KB pages with the longest keys fill every page number in less.
const maxDepth = 24

// walker visits the nodes of one B-tree in the order of their keys, every page at most once.
type walker struct {
	db    *DB
	read  func(no uint32) (*page, error)
	objid uint32 // of the root page; pages of another object are not of this tree
	kind  uint32 // the root page's kind of tree
	from  []byte // when set: only nodes whose key is not before it
	seen  map[uint32]struct{}
	next  uint32 // right neighbour of the leaf visited last
	chain bool   // leaves were reached through their neighbours, so branches will link them again
	yield func(node, error) bool
}

const treeKinds = flagSpaceTree | flagIndex | flagLongValue

// walk visits the tree below root. Damage is yielded where it stands; the walk goes on behind it.
func (db *DB) walk(root uint32, yield func(node, error) bool) {
	w := walker{db: db, read: db.readPage, seen: make(map[uint32]struct{}), yield: yield}
	w.visit(root, 0)
}

// seek visits the nodes from a key on.
func (db *DB) seek(root uint32, from []byte, yield func(node, error) bool) {
	w := walker{db: db, read: db.cached, from: from, seen: make(map[uint32]struct{}, 8), yield: yield}
	w.visit(root, 0)
}

// visit reports whether the walk is to go on.
func (w *walker) visit(no uint32, depth int) bool {
	p, err := w.page(no, depth)
	if err != nil && !w.yield(node{page: p}, err) {
		return false
	}
	switch {
	case p == nil:
		return w.followChain(depth)
	case p.flags&flagEmpty != 0:
		return true
	case p.flags&flagLeaf != 0:
		w.next = p.next
		return w.leaf(p)
	default:
		return w.branch(p, depth)
	}
}

// page reads a page and checks that it is of this tree.
func (w *walker) page(no uint32, depth int) (*page, error) {
	at := (int64(no) + 1) * int64(w.db.info.PageSize)
	if _, again := w.seen[no]; again {
		return nil, format.At(at, "page %d is linked twice", no)
	}
	if depth > maxDepth {
		return nil, format.At(at, "page %d: tree is deeper than %d", no, maxDepth)
	}
	w.seen[no] = struct{}{}
	p, err := w.read(no)
	if p == nil {
		return nil, err
	}
	if len(w.seen) == 1 {
		w.objid, w.kind = p.objid, p.flags&treeKinds
	}
	if p.objid != w.objid || p.flags&treeKinds != w.kind {
		return nil, format.At(at, "page %d is not of this tree: object %d, not %d", no, p.objid, w.objid)
	}
	return p, err
}

// followChain goes on at the right neighbour of the last leaf when the branch that should have led there is lost.
func (w *walker) followChain(depth int) bool {
	for depth > 0 && w.next != 0 && w.from == nil {
		if _, again := w.seen[w.next]; again {
			return true
		}
		p, err := w.page(w.next, 0)
		if p == nil || p.flags&flagLeaf == 0 {
			return true
		}
		if err != nil && !w.yield(node{page: p}, err) {
			return false
		}
		w.next, w.chain = p.next, true
		if !w.leaf(p) {
			return false
		}
	}
	return true
}

func (w *walker) leaf(p *page) bool {
	for i := p.first; i < p.tags; i++ {
		n, err := p.node(i)
		if err == nil && w.from != nil && compareKey(n, w.from) < 0 {
			continue
		}
		if !w.yield(n, err) {
			return false
		}
	}
	return true
}

// branch visits the children. A child's key is above all keys below it; the last one has none.
func (w *walker) branch(p *page, depth int) bool {
	for i := p.first; i < p.tags; i++ {
		n, err := p.node(i)
		if err == nil && len(n.data) < 4 {
			err = format.At(p.offset, "page %d: tag %d links no page", p.no, i)
		}
		if err != nil {
			if !w.yield(n, err) {
				return false
			}
			continue
		}
		if w.from != nil && i < p.tags-1 && compareKey(n, w.from) <= 0 {
			continue
		}
		child := binary.LittleEndian.Uint32(n.data)
		if _, again := w.seen[child]; again && w.chain {
			continue
		}
		if !w.visit(child, depth+1) {
			return false
		}
	}
	return true
}

func compareKey(n node, key []byte) int {
	k := len(n.prefix)
	if k > len(key) {
		k = len(key)
	}
	if c := bytes.Compare(n.prefix[:k], key[:k]); c != 0 {
		return c
	}
	if k < len(n.prefix) {
		return 1
	}
	return bytes.Compare(n.suffix, key[k:])
}
