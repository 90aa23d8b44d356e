package offline

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"sync"

	"www.velocidex.com/golang/go-ntfs/parser"

	"github.com/redx-update/redx/internal/image"
)

// Bounds of a raw volume.
const (
	cachedPages = 4096    // of 4 KB
	cachedNames = 50_000  // names of folders that were searched
	maxReads    = 4 << 20 // of the disk for one operation; a folder of 100,000 files needs about one million
)

// ntfs gives the files of a raw NTFS volume, by paths relative to its root.
//
// The library below reads well, but trusts what it reads: some damage makes it panic, some loop and take memory for
// ever. So nothing of it is called but in do, which turns a panic into an error (the only recover of this program,
// for code that is not ours) and bounds the reads; and only on records that vet has passed.
type ntfs struct {
	mu    sync.Mutex // the read bound is per operation
	ctx   *parser.NTFSContext
	disk  *meter
	file  io.Closer
	dirs  map[int64]searched
	held  int
	start record // the root folder
}

// searched is what a folder's index gave: names by their folded form, and why some may be missing.
type searched struct {
	names map[string]child
	err   error
}

// record is a file's record in the master file table.
type record struct {
	id    int64
	entry *parser.MFT_ENTRY
}

// Numbers of NTFS: the record of the root folder, and types of attributes.
const (
	rootRecord     = 5
	attrStandard   = 0x10
	attrList       = 0x20
	attrData       = 0x80
	attrIndexRoot  = 0x90
	attrIndexAlloc = 0xa0
	attrBitmap     = 0xb0
	attrReparse    = 0xc0
	indexName      = "$I30"
)

// openNTFS takes the volume in r; closing it closes file, which r reads from.
func openNTFS(r io.ReaderAt, file io.Closer) (*ntfs, error) {
	pages, err := parser.NewPagedReader(r, 4096, cachedPages)
	if err != nil {
		return nil, err
	}
	n := &ntfs{disk: &meter{r: pages}, file: file, dirs: map[int64]searched{}}
	err = n.do(func() error {
		if err := n.boot(); err != nil {
			return err
		}
		n.start, err = n.record(rootRecord, 0)
		return err
	})
	return n, err
}

func (n *ntfs) Close() error { return n.file.Close() }

var errVolume = errors.New("the NTFS volume is damaged there")

// do runs one operation on the volume.
func (n *ntfs) do(f func() error) (err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.disk.left = maxReads
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", errVolume, p)
		}
	}()
	return f()
}

// meter counts reads. The library takes an error for zeros and goes on, so running out is a panic, caught in do.
type meter struct {
	r    io.ReaderAt
	left int
}

func (m *meter) ReadAt(b []byte, off int64) (int, error) {
	if m.left--; m.left < 0 {
		panic("it needs too many reads")
	}
	return m.r.ReadAt(b, off)
}

func (n *ntfs) Open(path string) (image.File, error) {
	var f *ntfsFile
	err := n.do(func() error {
		rec, _, err := n.find(path)
		if err != nil {
			return err
		}
		info := n.info(rec, "")
		switch {
		case info.Reparse:
			return image.ErrReparse
		case info.Dir:
			return errFolder
		}
		stream, err := n.stream(rec, attrData, "")
		if err != nil {
			return err
		}
		f = &ntfsFile{volume: n, stream: stream, size: info.Size}
		return nil
	})
	if err != nil {
		return nil, pathError("open", path, err)
	}
	return f, nil
}

func (n *ntfs) Stat(path string) (info image.Info, err error) {
	err = n.do(func() error {
		rec, name, err := n.find(path)
		if err == nil {
			info = n.info(rec, name)
		}
		return err
	})
	return info, pathError("stat", path, err)
}

// ReadDir gives sizes from the files' own records: those in a folder's index are stale for all but the last name of
// a file, and most of Windows' files have a second name in WinSxS.
func (n *ntfs) ReadDir(path string) (infos []image.Info, err error) {
	err = n.do(func() error {
		rec, _, err := n.find(path)
		if err != nil {
			return err
		}
		if !isDir(rec) {
			return errNoFolder
		}
		names, err := n.children(rec)
		for _, key := range slices.Sorted(maps.Keys(names)) {
			c := names[key]
			if c.alias {
				continue
			}
			r, rerr := n.record(c.id, c.sequence)
			switch {
			case rerr == nil:
				infos = append(infos, n.info(r, c.name))
			case !errors.Is(rerr, fs.ErrNotExist):
				err = errors.Join(err, fmt.Errorf("%s: %w", c.name, rerr))
			}
		}
		sortInfos(infos)
		return err
	})
	return infos, pathError("list", path, err)
}

func (n *ntfs) find(path string) (record, string, error) {
	elems, err := elements(path)
	if err != nil {
		return record{}, "", err
	}
	rec, name := n.start, ""
	for _, e := range elems {
		info := n.info(rec, name)
		switch {
		case info.Reparse:
			return record{}, "", image.ErrReparse // a junction: not followed in raw volumes
		case !info.Dir:
			return record{}, "", errNoFolder
		}
		names, err := n.children(rec)
		c, ok := names[fold(e)]
		if !ok {
			return record{}, "", cmp.Or(err, fs.ErrNotExist) // it may stand in the part that cannot be read
		}
		if rec, err = n.record(c.id, c.sequence); err != nil {
			return record{}, "", err
		}
		name = c.name
	}
	return rec, name, nil
}

// ntfsFile is a file of a raw volume. Safe for several goroutines, but for Read.
type ntfsFile struct {
	volume *ntfs
	stream io.ReaderAt
	size   int64
	at     int64 // of Read
}

func (f *ntfsFile) Size() int64  { return f.size }
func (f *ntfsFile) Close() error { return nil }

func (f *ntfsFile) Read(b []byte) (int, error) {
	n, err := f.ReadAt(b, f.at)
	f.at += int64(n)
	if n > 0 {
		err = nil
	}
	return n, err
}

func (f *ntfsFile) ReadAt(b []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, os.ErrInvalid
	}
	if off >= f.size {
		return 0, io.EOF
	}
	var end error
	if int64(len(b)) > f.size-off {
		b, end = b[:f.size-off], io.EOF
	}
	err = f.volume.do(func() error {
		for n < len(b) {
			got, err := f.stream.ReadAt(b[n:], off+int64(n))
			n += max(got, 0)
			if got <= 0 {
				// Damage, or a file in more than 21 records, which the library does not join.
				return errors.Join(fmt.Errorf("%w: data ends at byte %d of %d", errVolume, off+int64(n), f.size), err)
			}
		}
		return nil
	})
	if err == nil {
		err = end
	}
	return n, err
}
