package online

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"
	"unsafe"
)

// sectors is a device as Windows gives it: it refuses whatever is not whole sectors into memory that begins at one.
type sectors struct {
	io.ReaderAt
	size int
}

func (s sectors) Close() error { return nil }

func (s sectors) ReadAt(b []byte, off int64) (int, error) {
	size := int64(s.size)
	if len(b) == 0 || int64(len(b))%size != 0 || off%size != 0 || int64(uintptr(unsafe.Pointer(&b[0])))%size != 0 {
		return 0, fmt.Errorf("%d bytes at %d are not whole sectors: %w", len(b), off, errors.ErrUnsupported)
	}
	return s.ReaderAt.ReadAt(b, off)
}

func TestPages(t *testing.T) {
	content := make([]byte, 300_000/512*512) // its end is in the middle of a page
	for i := range content {
		content[i] = byte(i * 7 >> 3)
	}
	size := int64(len(content))
	for _, sector := range []int{512, 4096} {
		p := newPages(sectors{bytes.NewReader(content), sector})
		for _, tt := range []struct{ off, n int64 }{
			{0, 1}, {0, 4096}, {4095, 2}, {100, 65536}, {1, 270_000}, {8192, 4096 * 66}, {size - 1, 1}, {0, size},
		} {
			b := make([]byte, tt.n)
			if n, err := p.ReadAt(b, tt.off); int64(n) != tt.n || err != nil || !bytes.Equal(b, content[tt.off:tt.off+tt.n]) {
				t.Errorf("%d bytes at %d: got %d, %v", tt.n, tt.off, n, err)
			}
		}
		if n, err := p.ReadAt(make([]byte, 100), size-10); n != 10 || !errors.Is(err, io.EOF) {
			t.Errorf("over the end: got %d, %v, want 10, EOF", n, err)
		}
		if n, err := p.ReadAt(make([]byte, 100), size+9000); n != 0 || !errors.Is(err, io.EOF) {
			t.Errorf("behind the end: got %d, %v, want 0, EOF", n, err)
		}
	}
}

func TestPagesFail(t *testing.T) {
	p := newPages(sectors{bytes.NewReader(make([]byte, 1<<20)), 8192}) // more than a page, which no device has
	if _, err := p.ReadAt(make([]byte, 10), 4096); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("got %v, want the device's own error", err)
	}
}
