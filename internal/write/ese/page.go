package ese

import (
	"encoding/binary"
	"fmt"
)

// Page flags as they stand in real databases.
const (
	pageRoot      = 0x1
	pageLeaf      = 0x2
	pageOverLeaf  = 0x4 // a branch page whose children are leaves
	pageLongValue = 0x80
	pageNewRecord = 0x800
	pageECC       = 0x2000

	nodeDeleted    = 2
	nodeCompressed = 4
)

// node is a key with its data, in the order of keys.
type node struct {
	key, data []byte
	flags     uint16
}

// page is one page before it is laid out.
type page struct {
	number, prev, next uint32
	object             uint32
	flags              uint32
	head               []byte // tag 0: the root header, or the key that compressed nodes share
	nodes              []node
}

func (db *DB) headerSize() int {
	if db.large() {
		return 80
	}
	return 40
}

// room is what a page has for tag 0, the nodes and the tags.
func (db *DB) room() int { return db.opt.PageSize - db.headerSize() }

// nodeCost is the most that a node takes, its tag included.
func nodeCost(key, data []byte) int { return 4 + 2 + len(key) + len(data) }

// writePage lays a page out: header, tag 0, nodes, and from the end backwards the tags.
func (db *DB) writePage(p page) error {
	b := make([]byte, db.opt.PageSize)
	le := binary.LittleEndian
	base := db.headerSize()
	used := copy(b[base:], p.head)
	db.tag(b, 0, 0, used, 0)
	for i, n := range p.nodes {
		body, flags := p.encode(n)
		if base+used+len(body)+4*(len(p.nodes)+1) > len(b) {
			return fmt.Errorf("page %d: nodes exceed it", p.number)
		}
		if db.large() {
			body[1] |= byte(flags << 5)
		}
		copy(b[base+used:], body)
		db.tag(b, i+1, used, len(body), flags)
		used += len(body)
	}
	tags := len(p.nodes) + 1
	le.PutUint64(b[8:], 1)
	le.PutUint32(b[16:], p.prev)
	le.PutUint32(b[20:], p.next)
	le.PutUint32(b[24:], p.object)
	le.PutUint16(b[28:], uint16(db.room()-used-4*tags))
	le.PutUint16(b[32:], uint16(used))
	if db.opt.Revision >= RevisionTags {
		tags |= 0x1000
	}
	le.PutUint16(b[34:], uint16(tags))
	flags := p.flags | pageNewRecord
	if !db.opt.XORChecksum {
		flags |= pageECC
	}
	le.PutUint32(b[36:], flags)
	db.seal(b, p.number)
	_, err := db.w.WriteAt(b, int64(p.number+1)*int64(len(b)))
	return err
}

func (db *DB) tag(b []byte, i, offset, size int, flags uint16) {
	at := len(b) - 4*(i+1)
	binary.LittleEndian.PutUint16(b[at:], uint16(size))
	if !db.large() {
		offset |= int(flags) << 13
	}
	binary.LittleEndian.PutUint16(b[at+2:], uint16(offset))
}

// encode gives a node's bytes and flags; it leaves out what the key shares with tag 0 where that saves bytes.
func (p page) encode(n node) ([]byte, uint16) {
	body := make([]byte, 0, len(n.key)+len(n.data)+4)
	key, flags := n.key, n.flags
	if p.flags&pageRoot == 0 {
		if shared := common(p.head, key); shared > 2 {
			body = binary.LittleEndian.AppendUint16(body, uint16(shared))
			key, flags = key[shared:], flags|nodeCompressed
		}
	}
	body = binary.LittleEndian.AppendUint16(body, uint16(len(key)))
	return append(append(body, key...), n.data...), flags
}

func common(a, b []byte) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}
