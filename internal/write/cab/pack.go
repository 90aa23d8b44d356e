package cab

import (
	"encoding/binary"
	"fmt"
	"io"
)

// encoder packs the frames of one folder, one after the other; only the last is shorter than 32 KB. What it returns
// is valid until the next call.
type encoder interface {
	encode(frame []byte) ([]byte, error)
}

// packer writes the data blocks; after an error it does nothing more.
type packer struct {
	w       io.Writer
	options Options
	off     int64
	enc     encoder
	frame   []byte
	blocks  int
	err     error
}

// reserve keeps room for the directory.
func (p *packer) reserve(n int64) error {
	p.off = n
	_, err := io.CopyN(p.w, zeros{}, n)
	return err
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func (p *packer) pack(d *directory) {
	p.frame = make([]byte, 0, frameSize)
	for i := range d.folders {
		f := &d.folders[i]
		f.start = p.off
		p.blocks, p.enc = 0, newEncoder(p.options)
		for _, file := range f.files {
			p.file(file)
		}
		p.flush()
		f.blocks = p.blocks
	}
}

func newEncoder(o Options) encoder {
	switch o.Method {
	case MSZIP:
		return newMSZIP()
	case LZX:
		return newLZX(o.Window)
	default:
		return store{}
	}
}

type store struct{}

func (store) encode(frame []byte) ([]byte, error) { return frame, nil }

func (p *packer) file(f File) {
	if p.err != nil {
		return
	}
	r, err := f.Open()
	if err != nil {
		p.err = err
		return
	}
	n, err := io.Copy(p, io.LimitReader(r, f.Size+1))
	if closeErr := r.Close(); err == nil {
		err = closeErr
	}
	if err == nil && n != f.Size {
		err = fmt.Errorf("cabinet: %s has not the %d bytes it was said to have", f.Name, f.Size)
	}
	if p.err == nil {
		p.err = err
	}
}

// Write collects frames and packs those that are full.
func (p *packer) Write(b []byte) (int, error) {
	for rest := b; len(rest) > 0; {
		n := copy(p.frame[len(p.frame):frameSize], rest)
		p.frame, rest = p.frame[:len(p.frame)+n], rest[n:]
		if len(p.frame) == frameSize {
			p.flush()
		}
	}
	return len(b), p.err
}

// flush writes a CFDATA block (MS-CAB 2.4).
func (p *packer) flush() {
	if p.err != nil || len(p.frame) == 0 {
		return
	}
	packed, err := p.enc.encode(p.frame)
	if err != nil {
		p.err = err
		return
	}
	le := binary.LittleEndian
	var head [8]byte
	le.PutUint16(head[4:], uint16(len(packed)))
	le.PutUint16(head[6:], uint16(len(p.frame)))
	le.PutUint32(head[:], checksum(head[4:], checksum(packed, 0)))
	for _, b := range [][]byte{head[:], packed} {
		if _, err := p.w.Write(b); err != nil {
			p.err = err
			return
		}
		p.off += int64(len(b))
	}
	p.blocks++
	p.frame = p.frame[:0]
}

// checksum is that of MS-CAB 3.1.
func checksum(b []byte, sum uint32) uint32 {
	for ; len(b) >= 4; b = b[4:] {
		sum ^= binary.LittleEndian.Uint32(b)
	}
	var rest uint32
	for _, v := range b {
		rest = rest<<8 | uint32(v)
	}
	return sum ^ rest
}
