package hive

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redx-update/redx/internal/winbin"
)

// Options are the choices in a hive file. The zero value writes a hive as Windows 10 does.
type Options struct {
	Name     string    // of the hive, such as SYSTEM; at most 31 characters are kept
	Minor    uint32    // format version 1.Minor, 3 to 6; 0 stands for 5
	Sequence uint32    // of the last write; 0 stands for 1
	Written  time.Time // in the base block
	List     string    // kind of sub-key lists: lf, lh or li; empty stands for lh, or lf before version 1.5
}

const (
	pageSize   = 4096
	sectorSize = 512
	binHeader  = 32
	none       = 0xffffffff

	segmentData = 16344 // data in a segment of a big value
	maxDepth    = 512
	maxInList   = 500 // sub-keys in one list before lists of lists are written; a list stays within a page
)

// encoder lays cells out in bins, one behind the other.
type encoder struct {
	opt      Options
	b        []byte // bins
	next     int    // where the next cell goes; offset from the first bin
	end      int    // of the bin
	keys     int
	security uint32
}

// Encode gives the bytes of a hive file with the keys and values below root.
func Encode(root *Key, opt Options) ([]byte, error) {
	opt.Minor, opt.Sequence = cmp.Or(opt.Minor, 5), cmp.Or(opt.Sequence, 1)
	if opt.List == "" {
		opt.List = "lh"
		if opt.Minor < 5 {
			opt.List = "lf"
		}
	}
	e := &encoder{opt: opt}
	keys, err := check(root, 0)
	if err != nil {
		return nil, err
	}
	e.keys = keys
	e.security = e.putSecurity()
	at := e.key(root, none, true)
	e.closeBin()
	return append(e.baseBlock(at), e.b...), nil
}

// check refuses what no hive can hold, and counts the keys.
func check(k *Key, depth int) (keys int, err error) {
	if depth > maxDepth {
		return 0, errors.New("hive: more than 512 levels of keys")
	}
	if len(k.Name) == 0 || len(winbin.PutUTF16(k.Name)) > 2*255 || strings.Contains(k.Name, `\`) {
		return 0, fmt.Errorf("hive: no key can have the name %q", k.Name)
	}
	for _, v := range k.Values {
		if len(winbin.PutUTF16(v.Name)) > 2*16383 || len(v.Data) > 0xffff*segmentData {
			return 0, fmt.Errorf("hive: value %.40q of key %s is too long", v.Name, k.Name)
		}
	}
	names := map[string]bool{}
	keys = 1
	for _, c := range k.Keys {
		if up := strings.ToUpper(c.Name); names[up] {
			return 0, fmt.Errorf("hive: key %s has %s twice", k.Name, c.Name)
		} else {
			names[up] = true
		}
		n, err := check(c, depth+1)
		if err != nil {
			return 0, err
		}
		keys += n
	}
	return keys, nil
}

// alloc reserves a cell for n bytes and gives its offset.
func (e *encoder) alloc(n int) uint32 {
	size := (4 + n + 7) / 8 * 8
	if e.next+size > e.end {
		e.openBin(size)
	}
	at := e.next
	binary.LittleEndian.PutUint32(e.b[at:], uint32(-size))
	e.next += size
	return uint32(at)
}

// data is the room of a cell.
func (e *encoder) data(cell uint32) []byte { return e.b[cell+4:] }

// put reserves a cell and fills it.
func (e *encoder) put(b []byte) uint32 {
	at := e.alloc(len(b))
	copy(e.data(at), b)
	return at
}

// closeBin makes the rest of the bin a free cell.
func (e *encoder) closeBin() {
	if e.next < e.end {
		binary.LittleEndian.PutUint32(e.b[e.next:], uint32(e.end-e.next))
	}
}

func (e *encoder) openBin(cell int) {
	e.closeBin()
	start := len(e.b)
	size := (binHeader + cell + pageSize - 1) / pageSize * pageSize
	e.b = append(e.b, make([]byte, size)...)
	head := e.b[start:]
	copy(head, "hbin")
	binary.LittleEndian.PutUint32(head[4:], uint32(start))
	binary.LittleEndian.PutUint32(head[8:], uint32(size))
	if start == 0 {
		binary.LittleEndian.PutUint64(head[20:], winbin.PutFiletime(e.opt.Written))
	}
	e.next, e.end = start+binHeader, start+size
}

func (e *encoder) baseBlock(root uint32) []byte {
	b := make([]byte, pageSize)
	le := binary.LittleEndian
	copy(b, "regf")
	le.PutUint32(b[4:], e.opt.Sequence)
	le.PutUint32(b[8:], e.opt.Sequence)
	le.PutUint64(b[12:], winbin.PutFiletime(e.opt.Written))
	le.PutUint32(b[20:], 1)
	le.PutUint32(b[24:], e.opt.Minor)
	le.PutUint32(b[32:], 1) // format: direct memory load
	le.PutUint32(b[36:], root)
	le.PutUint32(b[40:], uint32(len(e.b)))
	le.PutUint32(b[44:], 1) // sectors are clustered by one
	name := winbin.PutUTF16(e.opt.Name)
	copy(b[48:48+62], name[:min(len(name), 62)])
	putChecksum(b)
	return b
}

func putChecksum(b []byte) {
	var sum uint32
	for i := 0; i < 508; i += 4 {
		sum ^= binary.LittleEndian.Uint32(b[i:])
	}
	switch sum {
	case 0:
		sum = 1
	case none:
		sum = none - 1
	}
	binary.LittleEndian.PutUint32(b[508:], sum)
}

// sorted gives the sub-keys in the order of their names in capitals, which Windows searches by halving.
func sorted(keys []*Key) []*Key {
	return slices.SortedFunc(slices.Values(keys), func(a, b *Key) int {
		return slices.Compare(capitals(a.Name), capitals(b.Name))
	})
}
