package online

import (
	"io"
	"sync"
	"unsafe"
)

// Devices are read in whole sectors only, from a multiple of a sector, into memory that begins at one; sectors have 512
// or 4,096 bytes.
const (
	pageSize = 4096
	runPages = 64 // read at once
)

// pages lets a device be read at any place.
type pages struct {
	device

	mu  sync.Mutex
	run []byte // aligned
}

func newPages(d device) *pages {
	b := make([]byte, (runPages+1)*pageSize)
	skip := -uintptr(unsafe.Pointer(&b[0])) & (pageSize - 1)
	return &pages{device: d, run: b[skip : skip+runPages*pageSize]}
}

func (p *pages) ReadAt(b []byte, off int64) (n int, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for n < len(b) {
		skip := (off + int64(n)) % pageSize
		start := off + int64(n) - skip
		want := min((skip+int64(len(b)-n)+pageSize-1)/pageSize*pageSize, int64(len(p.run)))
		got, err := p.device.ReadAt(p.run[:want], start)
		if int64(got) <= skip {
			if err == nil {
				err = io.ErrUnexpectedEOF
			}
			return n, err
		}
		n += copy(b[n:], p.run[skip:got])
		if err != nil && n < len(b) {
			return n, err
		}
	}
	return n, nil
}
