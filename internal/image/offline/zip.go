package offline

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync/atomic"

	"github.com/redx-update/redx/internal/image"
)

// Bounds of one archive. A log that is larger than maxEntry unpacked is no log.
const (
	maxDirectory = 16 << 20 // bytes of its directory, for some 150,000 entries
	maxEntry     = 4 << 30  // bytes of one entry, unpacked
	maxSpooled   = 16 << 30 // bytes of all entries put into temporary files while the archive is open
)

var (
	errEncrypted = errors.New("an encrypted entry")
	errTooLarge  = errors.New("larger than is unpacked")
)

// archive is a zip of logs.
type archive struct {
	*listed
	file  *os.File
	spool atomic.Int64 // bytes put into temporary files so far
	notes []string
	noted int
}

func openZip(f *os.File, size int64) (*archive, error) {
	limited := &directory{r: f, left: maxDirectory}
	z, err := zip.NewReader(limited, size)
	if err != nil {
		return nil, err
	}
	limited.off = true
	a := &archive{listed: newListed(), file: f}
	for i, e := range z.File {
		if i == image.MaxWalkEntries {
			a.note("only the first %d of %d entries were taken", i, len(z.File))
			break
		}
		a.entry(e)
	}
	if more := a.noted - maxNotes; more > 0 {
		a.notes = append(a.notes, fmt.Sprintf("%d more such notes", more))
	}
	return a, nil
}

func (a *archive) Close() error { return a.file.Close() }

// maxNotes keeps a hostile archive from filling the report.
const maxNotes = 20

func (a *archive) note(text string, args ...any) {
	if a.noted++; a.noted <= maxNotes {
		a.notes = append(a.notes, fmt.Sprintf(text, args...))
	}
}

func (a *archive) entry(e *zip.File) {
	elems, err := archived(e.Name)
	if err != nil {
		a.note("entry %.200q left out: %v", e.Name, err)
		return
	}
	if strings.EqualFold(suffix(e.Name), ".zip") {
		a.note("%s: an archive within the archive was not opened", e.Name)
	}
	mode := e.Mode()
	info := image.Info{ModTime: e.Modified, Dir: mode.IsDir(), Reparse: mode&fs.ModeSymlink != 0}
	if !info.Dir {
		info.Size = int64(min(e.UncompressedSize64, 1<<62))
	}
	if err := a.add(elems, info, func() (image.File, error) { return a.open(e) }); err != nil {
		a.note("entry %.200q left out: %v", e.Name, err)
	}
}

func suffix(name string) string {
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		return name[i:]
	}
	return ""
}

func (a *archive) open(e *zip.File) (image.File, error) {
	switch {
	case e.Flags&1 != 0:
		return nil, errEncrypted
	case e.UncompressedSize64 > maxEntry:
		return nil, fmt.Errorf("%d bytes: %w", e.UncompressedSize64, errTooLarge)
	}
	return newUnpacked(e.Open, int64(e.UncompressedSize64), &a.spool)
}

// directory bounds what is read of an archive before its entries are known: the memory they take depends on it.
type directory struct {
	r    io.ReaderAt
	left int
	off  bool
}

func (d *directory) ReadAt(b []byte, off int64) (int, error) {
	if !d.off {
		if d.left -= len(b); d.left < 0 {
			return 0, fmt.Errorf("the archive's directory: %w", errTooLarge)
		}
	}
	return d.r.ReadAt(b, off)
}
