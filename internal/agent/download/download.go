// Package download gets the files of updates: by ranges, so that what is there already is not had again, from several
// sources, within a bandwidth, and verified while they come.
//
// It knows no protocol but HTTP, and no update. Its invariant: a file stands under its own name only when its size, SHA-1
// and SHA-256 are right and the disk has it; a source is never believed, and one that lies is named.
package download

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"time"

	"golang.org/x/time/rate"

	"github.com/redx-update/redx/internal/agent/disk"
	"github.com/redx-update/redx/internal/hresult"
)

// Codes that Windows' own agent fails with (wuerror.h).
const (
	WrongHash    hresult.Code = 0x80246002 // WU_E_DM_INCORRECTFILEHASH
	NotAvailable hresult.Code = 0x80246005 // WU_E_DM_NONETWORK
	NoSource     hresult.Code = 0x80246007 // WU_E_DM_NOTDOWNLOADED
)

// Partial is what the name of a file ends in while not all of it is there.
const Partial = ".partial"

// Disk is a drive on which what was begun can be gone on with.
type Disk interface {
	disk.Disk
	// Append opens a file that is there to write behind its end.
	Append(path string) (disk.NewFile, error)
}

// File is a file to get.
type File struct {
	Name   string // in its folder, plain
	Size   int64
	SHA1   []byte // 20 bytes
	SHA256 []byte // 32 bytes; nil when the metadata have none
	URLs   []string
}

// Error says what one source did wrong.
type Error struct {
	Source string // URL
	Status int    // of HTTP; 0 when it did not come to that
	Code   hresult.Code
	Err    error
}

func (e *Error) Error() string { return fmt.Sprintf("%s: %v", e.Source, e.Err) }

func (e *Error) Unwrap() error { return e.Err }

// Getter gets files. It may be used by several goroutines.
type Getter struct {
	HTTP  *http.Client  // where it may redirect to is its own to say
	Limit *rate.Limiter // bytes a second; nil: as fast as it comes
	Log   *slog.Logger
	Idle  time.Duration    // how long a source may be silent; 0: a minute
	Slow  time.Duration    // over how long it has to give 1 KiB a second; 0: two minutes
	Now   func() time.Time // nil: the computer's
	// StatusCode names a status of HTTP as Windows' own agent does.
	StatusCode func(status int) hresult.Code
}

// NewLimit bounds downloads to so many bytes a second; 0 and less is no limit.
func NewLimit(perSecond int64) *rate.Limiter {
	if perSecond <= 0 {
		return nil
	}
	return rate.NewLimiter(rate.Limit(perSecond), chunk)
}

// Get gets a file into a folder that is there. A file that is there already, whole, is not had again; one that is not whole
// is had anew. Progress is told how many bytes are there. An error is an *Error of the last source, the disk's, or the
// context's; what has come until then is gone on with the next time.
func (g *Getter) Get(ctx context.Context, d Disk, dir string, f File, progress func(done int64)) error {
	if !disk.Plain(f.Name) || len(f.SHA1) != 20 || f.SHA256 != nil && len(f.SHA256) != 32 || f.Size < 0 {
		return &Error{Code: WrongHash, Err: fmt.Errorf("the metadata of %q name no file that could be verified", f.Name)}
	}
	path := disk.Join(dir, f.Name)
	there, err := whole(d, path, &f)
	if err != nil || there {
		return err
	}
	t := &transfer{Getter: g, disk: d, path: path, file: &f, progress: progress}
	if progress == nil {
		t.progress = func(int64) {}
	}
	return t.fromAny(ctx)
}

// whole tells whether the file is there and right; one that is there and wrong is removed.
func whole(d Disk, path string, f *File) (bool, error) {
	info, err := d.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, err
	case info.Dir:
		return false, fmt.Errorf("%s: a folder stands where a file should", path)
	}
	if info.Size == f.Size {
		s := newSums()
		if err := s.file(d, path); err != nil {
			return false, err
		}
		if s.match(f) {
			return true, nil
		}
	}
	return false, d.Remove(path)
}

// fromAny tries one source after the other.
func (t *transfer) fromAny(ctx context.Context) error {
	var last error = &Error{Code: NoSource, Err: fmt.Errorf("the update location names no source of %s", t.file.Name)}
	for _, url := range t.file.URLs {
		t.old = t.old || t.have > 0 // what another source gave may be wrong
		err := t.from(ctx, url)
		var bad *Error
		if err == nil || !errors.As(err, &bad) {
			return errors.Join(err, t.close())
		}
		t.Log.LogAttrs(ctx, slog.LevelWarn, "a source failed", slog.String("file", t.file.Name), slog.Any("error", err))
		last = err
	}
	return errors.Join(last, t.close())
}
