package ese

import (
	"encoding/binary"
	"errors"
)

// tree is a B+ tree that grows at its right end. Leaves are written when they are full; the pages above them at the
// end, so that only one key per leaf is kept.
type tree struct {
	db     *DB
	object uint32
	root   uint32
	flags  uint32 // of every page, beside those that the place in the tree gives

	leaf     page // the leaf being filled; number 0 while it may still be the root
	used     int
	children []node // one per leaf written: the key below which all of its nodes are, and its number
	pages    uint32
}

func newTree(db *DB, object, root, flags uint32) *tree {
	return &tree{db: db, object: object, root: root, flags: flags}
}

// add appends a node; keys must rise.
func (t *tree) add(key, data []byte, flags uint16) error {
	if t.db.closed && t.object >= firstObj {
		return errors.New("database is closed already")
	}
	cost := nodeCost(key, data)
	if t.used+cost+t.reserve() > t.db.room() {
		if len(t.leaf.nodes) == 0 {
			return errors.New("record exceeds a page; separate its long values")
		}
		if err := t.turn(key); err != nil {
			return err
		}
	}
	if t.used+cost+t.reserve() > t.db.room() {
		return errors.New("record exceeds a page; separate its long values")
	}
	t.leaf.nodes = append(t.leaf.nodes, node{key: key, data: data, flags: flags})
	t.used += cost
	return nil
}

// reserve is tag 0 with its tag: the root header, or the shared key.
func (t *tree) reserve() int {
	if t.db.opt.CompressKeys && len(t.leaf.nodes) > 0 {
		return 4 + max(rootHeader, len(t.leaf.nodes[0].key))
	}
	return 4 + rootHeader
}

// turn writes the full leaf and begins the next one, whose first key is next.
func (t *tree) turn(next []byte) error {
	if t.leaf.number == 0 {
		t.leaf.number = t.db.page()
	}
	follower := t.db.page()
	t.leaf.next = follower
	last := t.leaf.nodes[len(t.leaf.nodes)-1].key
	if err := t.flush(next[:common(last, next)+1]); err != nil {
		return err
	}
	t.leaf = page{number: follower, prev: t.leaf.number, nodes: t.leaf.nodes[:0]}
	t.used = 0
	return nil
}

func (t *tree) flush(below []byte) error {
	t.children = append(t.children, child(below, t.leaf.number))
	t.leaf.flags = t.flags | pageLeaf
	t.leaf.object = t.object
	t.leaf.head = t.shared(t.leaf.nodes)
	t.pages++
	return t.db.writePage(t.leaf)
}

func child(below []byte, number uint32) node {
	return node{key: below, data: binary.LittleEndian.AppendUint32(nil, number)}
}

// shared is what goes into tag 0 of a page that is no root.
func (t *tree) shared(nodes []node) []byte {
	if !t.db.opt.CompressKeys || len(nodes) == 0 {
		return nil
	}
	return nodes[0].key
}

const rootHeader = 16

// close writes the last leaf and the branch pages above, up to the root.
func (t *tree) close() error {
	kind := uint32(pageLeaf)
	nodes := t.leaf.nodes
	if t.leaf.number != 0 {
		if err := t.flush(nil); err != nil {
			return err
		}
		kind, nodes = pageOverLeaf, t.children
	}
	for t.size(nodes) > t.db.room() {
		var err error
		if nodes, err = t.level(nodes, kind); err != nil {
			return err
		}
		kind = 0
	}
	head := make([]byte, rootHeader)
	binary.LittleEndian.PutUint32(head, t.pages+1)
	binary.LittleEndian.PutUint32(head[4:], t.parent())
	return t.db.writePage(page{
		number: t.root, object: t.object, flags: t.flags | pageRoot | kind, head: head, nodes: nodes,
	})
}

func (t *tree) parent() uint32 {
	if t.object == objDBRoot {
		return 0
	}
	return pageDBRoot
}

func (t *tree) size(nodes []node) int {
	sum := 4 + rootHeader
	for _, n := range nodes {
		sum += nodeCost(n.key, n.data)
	}
	return sum
}

// level writes one level of branch pages over nodes and gives the nodes of the level above.
func (t *tree) level(nodes []node, kind uint32) ([]node, error) {
	var up []node
	p := page{number: t.db.page(), object: t.object, flags: t.flags | kind}
	for len(nodes) > 0 {
		n, used := 0, 4+rootHeader+len(nodes[0].key)
		for n < len(nodes) && used+nodeCost(nodes[n].key, nodes[n].data) <= t.db.room() {
			used += nodeCost(nodes[n].key, nodes[n].data)
			n++
		}
		p.nodes, nodes = nodes[:n], nodes[n:]
		p.head = t.shared(p.nodes)
		p.next = 0
		if len(nodes) > 0 {
			p.next = t.db.page()
		}
		t.pages++
		if err := t.db.writePage(p); err != nil {
			return nil, err
		}
		up = append(up, child(p.nodes[n-1].key, p.number))
		p.prev, p.number = p.number, p.next
	}
	return up, nil
}
