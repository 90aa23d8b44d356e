package ese

import (
	"bytes"
	"encoding/binary"
	"errors"
)

// maxValue bounds one value in memory. Windows Update's and BITS' largest are far below a megabyte.
const maxValue = 32 << 20

// Bounds of what all long values together may cost, in bytes: any number of rows can name one value, or a place in the
// tree from which it is far to the next value.
const (
	costPerByte = 64
	freeCost    = 64 << 20
)

var errShared = errors.New("the long values read so far have far more data than the file; the rest is not read")

// longValue reads a value that stands outside of its record, in the table's tree of long values: under its id the
// references and the size, under id and offset the segments. Nothing in the record says that segments are compressed:
// a segment is when it is shorter than its part of the value (observed on text.edb).
func (t *Table) longValue(id []byte) ([]byte, error) {
	if t.longValues == 0 || len(id) != 4 && len(id) != 8 {
		return nil, errors.New("long value without a tree")
	}
	key := bigEndian(id)
	lv := segments{key: key, size: -1}
	t.db.seek(t.longValues, key, func(n node, err error) bool {
		const perNode = 64
		if t.db.left -= perNode + int64(len(n.data)); t.db.left < 0 {
			lv.err = errShared
			return false
		}
		return lv.add(n, err)
	})
	t.db.left -= int64(len(lv.out))
	if lv.size < 0 && lv.err == nil {
		lv.err = errors.New("long value is not in its tree")
	}
	if lv.err == nil {
		lv.flush(lv.size)
	}
	if lv.err == nil && len(lv.out) != lv.size {
		lv.err = errors.New("segments of the long value are missing")
	}
	return lv.out, lv.err
}

// bigEndian turns a stored id into its key.
func bigEndian(id []byte) []byte {
	if len(id) == 4 {
		return binary.BigEndian.AppendUint32(nil, binary.LittleEndian.Uint32(id))
	}
	return binary.BigEndian.AppendUint64(nil, binary.LittleEndian.Uint64(id))
}

// segments puts a long value together. A segment waits until the next one shows how long it is when expanded.
type segments struct {
	key     []byte
	size    int
	out     []byte
	waiting []byte
	err     error
}

func (s *segments) add(n node, err error) bool {
	if err != nil {
		s.err = err
		return true
	}
	key := n.key()
	if !bytes.HasPrefix(key, s.key) {
		return false
	}
	if n.deleted {
		return true
	}
	switch len(key) - len(s.key) {
	case 0:
		if len(n.data) < 8 || s.size >= 0 {
			return true
		}
		s.size = int(binary.LittleEndian.Uint32(n.data[4:]))
		if s.size > maxValue {
			s.err = errors.New("long value is too large to be read")
			return false
		}
		return true
	case 4:
		return s.segment(int(binary.BigEndian.Uint32(key[len(s.key):])), n.data)
	default:
		return false
	}
}

func (s *segments) segment(offset int, data []byte) bool {
	if s.size < 0 || offset > s.size {
		return false
	}
	s.flush(offset)
	if len(s.out) != offset {
		s.err = errors.Join(s.err, errors.New("segments of the long value are missing"))
		return false
	}
	s.waiting = data
	return true
}

// flush appends the waiting segment, which ends at the given offset of the value.
func (s *segments) flush(end int) {
	if s.waiting == nil {
		return
	}
	data, want := s.waiting, end-len(s.out)
	s.waiting = nil
	if len(data) < want {
		plain, err := decompress(data)
		if err != nil {
			s.err = errors.Join(s.err, err)
			return
		}
		data = plain
	}
	s.out = append(s.out, data...)
}
