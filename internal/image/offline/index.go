package offline

import (
	"encoding/binary"
	"errors"
	"fmt"

	"www.velocidex.com/golang/go-ntfs/parser"

	"github.com/redx-update/redx/internal/image"
	"github.com/redx-update/redx/internal/winbin"
)

// maxIndex bounds a folder's index in bytes; it has room for 500,000 names.
const maxIndex = 64 << 20

// child is one name in a folder.
type child struct {
	name     string
	id       int64
	sequence uint16
	alias    bool // the short name of a file that has a long one as well
}

// children reads a folder's index. The library's own reader of it takes blocks for live that the folder has given
// back, and their names for files; here the index's bitmap is asked. Beside an error it gives the names that could be read.
func (n *ntfs) children(r record) (map[string]child, error) {
	if d, ok := n.dirs[r.id]; ok {
		return d.names, d.err
	}
	names := map[string]child{}
	var err error
	for _, a := range r.entry.EnumerateAttributes(n.ctx) {
		if a.Type().Value == attrIndexRoot && a.Name() == indexName {
			b := make([]byte, min(a.DataSize(), 32<<10))
			got, _ := a.Data(n.ctx).ReadAt(b, 0) // what is short is bounded below
			if got < 32 {
				return nil, fmt.Errorf("%w: index root", errVolume)
			}
			addNames(names, b[16:got])
			err = n.blocks(r, int64(binary.LittleEndian.Uint32(b[8:])), names)
		}
	}
	if n.held += len(names); n.held > cachedNames {
		n.dirs, n.held = map[int64]searched{}, len(names)
	}
	n.dirs[r.id] = searched{names, err}
	return names, err
}

// blocks reads the blocks of an index that does not fit in its record.
func (n *ntfs) blocks(r record, size int64, names map[string]child) error {
	segments := parser.GetAllVCNs(n.ctx, r.entry, attrIndexAlloc, parser.WILDCARD_STREAM_ID, indexName)
	if len(segments) == 0 {
		return nil
	}
	total := segments[0].DataSize()
	if size < 512 || size > 64<<10 || total > maxIndex {
		return fmt.Errorf("%w: index of %d bytes in blocks of %d", errVolume, total, size)
	}
	stream, err := n.stream(r, attrIndexAlloc, indexName)
	if err != nil {
		return err
	}
	used, err := n.bitmap(r, total/size)
	if err != nil {
		return err
	}
	var bad error
	for i := range total / size {
		if used[i/8]>>(i%8)&1 == 0 {
			continue
		}
		if err := n.block(stream, i*size, size, names); err != nil {
			bad = err
		}
		if len(names) > maxFolder {
			return image.ErrLimit
		}
	}
	return bad
}

func (n *ntfs) bitmap(r record, blocks int64) ([]byte, error) {
	used := make([]byte, blocks/8+1)
	stream, err := n.stream(r, attrBitmap, indexName)
	if err != nil {
		return nil, fmt.Errorf("%w: index bitmap: %w", errVolume, err)
	}
	if got, err := stream.ReadAt(used, 0); int64(got) < (blocks+7)/8 {
		return nil, errors.Join(fmt.Errorf("%w: index bitmap of %d bytes", errVolume, got), err)
	}
	return used, nil
}

func (n *ntfs) block(stream parser.RangeReaderAt, off, size int64, names map[string]child) error {
	var magic [4]byte
	if _, err := stream.ReadAt(magic[:], off); err != nil || string(magic[:]) != "INDX" {
		return fmt.Errorf("%w: index block at %d", errVolume, off)
	}
	head, err := parser.DecodeSTANDARD_INDEX_HEADER(n.ctx, stream, off, size)
	if err != nil {
		return fmt.Errorf("%w: index block at %d: %w", errVolume, off, err)
	}
	b := make([]byte, size)
	got, _ := head.Reader.ReadAt(b, head.Offset) // what is short is bounded below
	if got < 40 {
		return fmt.Errorf("%w: index block at %d", errVolume, off)
	}
	addNames(names, b[24:got])
	return nil
}

// addNames reads the entries behind a node's header: the record's number and sequence, the entry's length, and a
// $FILE_NAME with the name at 66.
func addNames(names map[string]child, node []byte) {
	at, end := int(binary.LittleEndian.Uint32(node)), int(binary.LittleEndian.Uint32(node[4:]))
	end = min(end, len(node))
	for at >= 16 && at+16 <= end {
		e := node[at:end]
		length, last := int(binary.LittleEndian.Uint16(e[8:])), e[12]&2 != 0
		if last || length < 16 || length > len(e) {
			return
		}
		at += length
		if length < 16+66 {
			continue
		}
		file := e[16:length]
		chars := 66 + 2*int(file[64])
		if chars > len(file) {
			continue
		}
		ref := binary.LittleEndian.Uint64(e)
		c := child{name: winbin.UTF16(file[66:chars]), id: int64(ref & (1<<48 - 1)), sequence: uint16(ref >> 48)}
		c.alias = file[65] == 2
		if c.id < 16 && c.id != rootRecord || c.name == "." { // NTFS's own files
			continue
		}
		if have, ok := names[fold(c.name)]; !ok || have.alias && !c.alias || have.alias == c.alias && c.name < have.name {
			names[fold(c.name)] = c
		}
	}
}
