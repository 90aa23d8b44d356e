package format_test

import (
	"errors"
	"io"
	"testing"

	"github.com/redx-update/redx/internal/format"
	"github.com/redx-update/redx/internal/format/cab"
	"github.com/redx-update/redx/internal/format/ese"
	"github.com/redx-update/redx/internal/format/etl"
	"github.com/redx-update/redx/internal/format/evtx"
	"github.com/redx-update/redx/internal/format/hive"
	"github.com/redx-update/redx/internal/format/msi"
)

// TestDisk has a file that the disk does not give: a reader must not take that for a file of another format.
func TestDisk(t *testing.T) {
	disk := errors.New("disk")
	const size = 1 << 20
	for name, open := range map[string]func(io.ReaderAt) error{
		"cab":  func(r io.ReaderAt) error { _, err := cab.Open(r, size); return err },
		"ese":  func(r io.ReaderAt) error { _, err := ese.Open(r, size); return err },
		"etl":  func(r io.ReaderAt) error { _, err := etl.Open(r, size); return err },
		"evtx": func(r io.ReaderAt) error { _, err := evtx.Open(r, size); return err },
		"hive": func(r io.ReaderAt) error { _, err := hive.Open(r, size); return err },
		"msi":  func(r io.ReaderAt) error { _, err := msi.Read(r, size); return err },
	} {
		if err := open(failing{disk}); !errors.Is(err, disk) || errors.Is(err, format.ErrNotThis) || !format.Failed(err) {
			t.Errorf("%s: got %v, want the disk's error", name, err)
		}
	}
}

// TestFailed tells what a disk did not give from what is not there, however deep it is wrapped.
func TestFailed(t *testing.T) {
	for name, tt := range map[string]struct {
		err  error
		want bool
	}{
		"a disk":         {format.Cut(errors.New("disk")), true},
		"wrapped":        {&format.Error{What: "page", Err: format.Cut(errors.New("disk"))}, true},
		"the file's end": {format.Cut(io.EOF), false},
		"short":          {format.Cut(io.ErrUnexpectedEOF), false},
		"nothing":        {format.Cut(nil), false},
		"damage":         {format.At(1, "x"), false},
		"none":           {nil, false},
	} {
		if got := format.Failed(tt.err); got != tt.want {
			t.Errorf("%s: got %v, want %v", name, got, tt.want)
		}
	}
}
