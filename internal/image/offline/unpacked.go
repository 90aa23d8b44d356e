package offline

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
)

// inMemory is up to which size an entry is unpacked to memory when it is read at random; larger ones go to a
// temporary file.
const inMemory = 32 << 20

// unpacked is an entry of an archive. Read unpacks as it goes; only the first ReadAt needs the whole entry, in memory
// or in a temporary file that Close removes.
type unpacked struct {
	open  func() (io.ReadCloser, error)
	size  int64
	spool *atomic.Int64

	stream io.ReadCloser

	mu   sync.Mutex // guards what ReadAt makes
	at   io.ReaderAt
	temp *os.File
	err  error
}

func newUnpacked(open func() (io.ReadCloser, error), size int64, spool *atomic.Int64) (*unpacked, error) {
	stream, err := open()
	if err != nil {
		return nil, err
	}
	return &unpacked{open: open, size: size, spool: spool, stream: stream}, nil
}

func (u *unpacked) Size() int64 { return u.size }

func (u *unpacked) Read(b []byte) (int, error) { return u.stream.Read(b) }

func (u *unpacked) ReadAt(b []byte, off int64) (int, error) {
	u.mu.Lock()
	if u.at == nil && u.err == nil {
		u.at, u.err = u.unpack()
	}
	at, err := u.at, u.err
	u.mu.Unlock()
	if err != nil {
		return 0, err
	}
	return at.ReadAt(b, off)
}

func (u *unpacked) unpack() (io.ReaderAt, error) {
	r, err := u.open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	if u.size <= inMemory {
		var b bytes.Buffer // grows with what really comes, not with what the archive claims
		if _, err := io.Copy(&b, io.LimitReader(r, inMemory)); err != nil {
			return nil, err
		}
		return bytes.NewReader(b.Bytes()), nil
	}
	if u.spool.Add(u.size) > maxSpooled {
		u.spool.Add(-u.size)
		return nil, fmt.Errorf("over %d bytes in temporary files: %w", int64(maxSpooled), errTooLarge)
	}
	if u.temp, err = os.CreateTemp("", "redx-*"); err != nil {
		u.spool.Add(-u.size)
		return nil, err
	}
	_, err = io.Copy(u.temp, io.LimitReader(r, u.size))
	return u.temp, err
}

func (u *unpacked) Close() error {
	err := u.stream.Close()
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.temp != nil {
		err = errors.Join(err, u.temp.Close(), os.Remove(u.temp.Name()))
		u.temp = nil
		u.spool.Add(-u.size)
	}
	u.at, u.err = nil, os.ErrClosed
	return err
}
