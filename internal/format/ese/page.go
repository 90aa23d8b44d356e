package ese

import (
	"encoding/binary"

	"github.com/redx-update/redx/internal/format"
)

// Flags of a page.
const (
	flagLeaf        = 0x0002
	flagEmpty       = 0x0008
	flagSpaceTree   = 0x0020
	flagIndex       = 0x0040
	flagLongValue   = 0x0080
	flagNewChecksum = 0x2000
)

// Flags of a node.
const (
	nodeDeleted    = 2
	nodeCompressed = 4
)

// page is one page of a B-tree, with everything bounded by its buffer.
type page struct {
	no     uint32
	offset int64
	raw    []byte
	body   []byte // what tags point into, without the tag array
	next   uint32 // the right neighbour, 0 when there is none
	objid  uint32 // the table, index or long-value tree that the page belongs to
	flags  uint32
	first  int // first tag that is a node; the ones before it are reserved
	tags   int
	large  bool
}

// readPage reads a page. It gives a page and an error when the checksum is wrong but the page can be used, and no page
// when it cannot.
func (db *DB) readPage(no uint32) (*page, error) {
	off := (int64(no) + 1) * int64(db.info.PageSize)
	if no == 0 || no > db.pages {
		return nil, format.At(off, "page %d is outside of the file", no)
	}
	raw, err := format.ReadAt(db.r, off, db.info.PageSize, maxPageSize, "page")
	if err != nil {
		return nil, err
	}
	p := &page{
		no: no, offset: off, raw: raw,
		next:  binary.LittleEndian.Uint32(raw[20:]),
		objid: binary.LittleEndian.Uint32(raw[24:]),
		flags: binary.LittleEndian.Uint32(raw[36:]),
		large: len(raw) >= largePage,
	}
	if p.objid == 0 && p.flags == 0 {
		return nil, format.At(off, "page %d was never written", no)
	}
	if err := p.bound(); err != nil {
		return nil, err
	}
	if !pageSumOK(raw, no, p.flags) {
		return p, format.At(off, "page %d: checksum does not match", no)
	}
	return p, nil
}

// bound finds the tag array. From engine version 9560 on the upper 4 bits of the count say how many tags, tag 0
// included, are reserved.
func (p *page) bound() error {
	head := 40
	if p.large {
		head = 80
	}
	n := binary.LittleEndian.Uint16(p.raw[34:])
	p.tags, p.first = int(n&0xfff), max(1, int(n>>12))
	end := len(p.raw) - 4*p.tags
	if end < head {
		return format.At(p.offset+34, "page %d: %d tags do not fit", p.no, p.tags)
	}
	p.body = p.raw[head:end]
	return nil
}

// tag gives a tag's bytes and flags, nil when it points out of the page.
func (p *page) tag(i int) ([]byte, byte) {
	at := len(p.raw) - 4*(i+1)
	size, off := int(binary.LittleEndian.Uint16(p.raw[at:])), int(binary.LittleEndian.Uint16(p.raw[at+2:]))
	var flags byte
	if p.large {
		size, off = size&0x7fff, off&0x7fff
	} else {
		flags = byte(off >> 13)
		size, off = size&0x1fff, off&0x1fff
	}
	if off+size > len(p.body) {
		return nil, 0
	}
	b := p.body[off : off+size : off+size]
	if p.large && i > 0 && len(b) >= 2 {
		flags = b[1] >> 5
	}
	return b, flags
}

// node is an entry of a leaf or branch page. Its slices point into the page.
type node struct {
	page    *page
	deleted bool
	prefix  []byte // of the key, from tag 0
	suffix  []byte // of the key
	data    []byte
}

func (n node) key() []byte {
	return append(append(make([]byte, 0, len(n.prefix)+len(n.suffix)), n.prefix...), n.suffix...)
}

// node takes tag i apart: [prefix length] suffix length, suffix, data.
func (p *page) node(i int) (node, error) {
	b, flags := p.tag(i)
	n := node{page: p, deleted: flags&nodeDeleted != 0}
	if b == nil {
		return n, format.At(p.offset, "page %d: tag %d points out of the page", p.no, i)
	}
	if flags&nodeCompressed != 0 {
		prefix, _ := p.tag(0)
		size, rest, ok := keyLength(b)
		if !ok || size > len(prefix) {
			return n, format.At(p.offset, "page %d: tag %d has a bad key prefix", p.no, i)
		}
		n.prefix, b = prefix[:size], rest
	}
	size, rest, ok := keyLength(b)
	if !ok || size > len(rest) {
		return n, format.At(p.offset, "page %d: tag %d has a bad key", p.no, i)
	}
	n.suffix, n.data = rest[:size:size], rest[size:]
	return n, nil
}

// keyLength reads a key's length, whose upper 3 bits are flags in large pages and unused in small ones.
func keyLength(b []byte) (int, []byte, bool) {
	if len(b) < 2 {
		return 0, nil, false
	}
	return int(binary.LittleEndian.Uint16(b) & 0x1fff), b[2:], true
}

// pageCache keeps the last pages of long-value trees, which are visited again and again.
type pageCache struct {
	pages map[uint32]*page
	order []uint32
}

const cachedPages = 128

// cached gives pages without checksum damage from the cache.
func (db *DB) cached(no uint32) (*page, error) {
	if p := db.cache.pages[no]; p != nil {
		return p, nil
	}
	p, err := db.readPage(no)
	if err != nil {
		return p, err
	}
	c := &db.cache
	if c.pages == nil {
		c.pages = make(map[uint32]*page)
	}
	if len(c.order) == cachedPages {
		delete(c.pages, c.order[0])
		c.order = append(c.order[:0], c.order[1:]...)
	}
	c.pages[no], c.order = p, append(c.order, no)
	return p, nil
}
