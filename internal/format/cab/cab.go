// Package cab reads cabinet files (MS-CAB): stored, MSZIP and LZX folders, streaming, each folder decompressed once.
//
// It does not read Quantum folders, nor the data of a file that begins or ends in another cabinet of a set; it names
// what it refuses. It does not verify signatures. Invariant: a byte is handed out only from a data block whose
// checksum, where the cabinet has one, is right, and never more than 3 MB are held for an open folder.
//
// Names are data, separators included: a cabinet may well name a file "..\..\x". Never use a name as a path unchecked.
package cab

import (
	"cmp"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/redx-update/redx/internal/format"
)

// ErrContinued is wrapped when a file's data begins or ends in another cabinet of the set; the message names it.
var ErrContinued = errors.New("continued in another cabinet of the set")

// Method is how a folder is compressed (MS-CAB 2.2, typeCompress).
type Method uint8

// The methods of MS-CAB. Quantum is recognised and refused.
const (
	Stored Method = iota
	MSZIP
	Quantum
	LZX
)

func (m Method) String() string {
	if int(m) < 4 {
		return [...]string{"stored", "MSZIP", "Quantum", "LZX"}[m]
	}
	return "unknown compression"
}

// Folder is a run of data blocks compressed together.
type Folder struct {
	Method Method
	Window int // LZX and Quantum: log2 of the window in bytes; 0 otherwise
	Blocks int // data blocks in this cabinet

	start    int64 // of the first data block
	limit    int64 // where another folder's blocks begin, or the end of the file
	fromPrev bool  // the first block began in the previous cabinet
	toNext   bool
}

// File is one entry of the cabinet's directory.
type File struct {
	Name       string    // as stored; see the package comment
	Size       int64     // bytes, as the directory states
	Time       time.Time // wall clock of whoever packed it, held as UTC; zero when the stored date is none
	Attributes uint16    // DOS attribute bits, and 0x80: the name is UTF-8
	Folder     int       // index into Folders
	Offset     int64     // of the first byte in the unpacked folder
	FromPrev   bool      // begins in the previous cabinet of the set
	ToNext     bool      // ends in the next cabinet of the set
}

// Cabinet is an open cabinet. Several readers of it may be used at once if the underlying ReaderAt allows.
type Cabinet struct {
	SetID    uint16 // the same in all cabinets of a set
	Index    uint16 // 0-based place in the set
	Previous string // file name of the previous cabinet of the set, "" if none
	Next     string // file name of the next one

	r             io.ReaderAt
	size          int64
	folders       []Folder
	files         []File
	folderReserve int
	blockReserve  int
}

// Open reads the directory of a cabinet that fills r from its first byte on; bytes behind it, such as a signature, do
// no harm. It fails when the directory cannot be read whole.
func Open(r io.ReaderAt, size int64) (*Cabinet, error) {
	c := &Cabinet{r: r, size: size}
	if err := c.readHeader(); err != nil {
		return nil, err
	}
	return c, nil
}

// Files lists the directory in its own order.
func (c *Cabinet) Files() []File { return slices.Clone(c.files) }

// Folders lists the folders in the order of the cabinet.
func (c *Cabinet) Folders() []Folder { return slices.Clone(c.folders) }

// Open gives the bytes of one file of this cabinet. It unpacks the folder up to that file: to read many, use Each.
// Reading returns an error when the data are damaged or end before the file does.
func (c *Cabinet) Open(f File) (io.Reader, error) {
	s, err := c.unpack(f.Folder)
	if err != nil {
		return nil, err
	}
	return c.section(s, f)
}

// Each calls visit with every file, folder by folder and in the order in which the data lie, so that every folder is
// unpacked once. visit need not read to the end. What cannot be read shows as an error of that file's reader, and the
// files behind it are still visited; Each itself fails only with what visit returns.
func (c *Cabinet) Each(visit func(f File, r io.Reader) error) error {
	files := c.Files()
	slices.SortStableFunc(files, func(a, b File) int {
		return cmp.Or(cmp.Compare(a.Folder, b.Folder), cmp.Compare(a.Offset, b.Offset))
	})
	var s *stream
	var err error
	for i, f := range files {
		if i == 0 || f.Folder != files[i-1].Folder {
			s, err = c.unpack(f.Folder)
		}
		if err := visit(f, c.readerOf(s, err, f)); err != nil {
			return err
		}
	}
	return nil
}

func (c *Cabinet) readerOf(s *stream, err error, f File) io.Reader {
	if err != nil {
		return failed{err}
	}
	r, err := c.section(s, f)
	if err != nil {
		return failed{err}
	}
	return r
}

// section moves the unpacked folder to the first byte of f.
func (c *Cabinet) section(s *stream, f File) (io.Reader, error) {
	if f.FromPrev {
		return nil, &format.Error{Offset: s.folder.start, What: "its data begin in " + orUnnamed(c.Previous), Err: ErrContinued}
	}
	if f.Size == 0 {
		return io.LimitReader(s, 0), nil
	}
	if err := s.skipTo(f.Offset); err != nil {
		return nil, err
	}
	return &section{s: s, end: f.Offset + f.Size}, nil
}

func orUnnamed(cabinet string) string {
	if cabinet == "" {
		return "a cabinet without name"
	}
	return cabinet
}
