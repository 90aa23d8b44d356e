package ese

import (
	"fmt"
	"io"
)

// Buffer is a file in memory to create small databases on. The zero value is empty.
type Buffer struct{ b []byte }

// WriteAt writes b at off and grows the buffer as needed.
func (f *Buffer) WriteAt(b []byte, off int64) (int, error) {
	if off < 0 || off > 1<<31 {
		return 0, fmt.Errorf("offset %d is out of a buffer's bounds", off)
	}
	if more := int(off) + len(b) - len(f.b); more > 0 {
		f.b = append(f.b, make([]byte, more)...)
	}
	return copy(f.b[off:], b), nil
}

// Bytes is what was written; it is valid until the next WriteAt.
func (f *Buffer) Bytes() []byte { return f.b }

var _ io.WriterAt = (*Buffer)(nil)

// Build makes a database in memory: fill adds the tables, Build closes.
func Build(opt Options, fill func(*DB) error) ([]byte, error) {
	var f Buffer
	db, err := Create(&f, opt)
	if err != nil {
		return nil, err
	}
	if err := fill(db); err != nil {
		return nil, err
	}
	if err := db.Close(); err != nil {
		return nil, err
	}
	return f.Bytes(), nil
}
