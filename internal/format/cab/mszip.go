package cab

import (
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"
)

// mszip unpacks blocks of MSZIP (MS-MCI): "CK" and a deflate stream that may refer to the 32 KB unpacked before it.
type mszip struct {
	src  bytes.Reader
	z    io.ReadCloser
	out  []byte
	dict []byte
}

func (m *mszip) decode(src []byte, n int) ([]byte, error) {
	if n > frameSize {
		return nil, fmt.Errorf("MSZIP block of %d bytes, at most %d", n, frameSize)
	}
	if !bytes.HasPrefix(src, []byte("CK")) {
		return nil, errors.New("MSZIP block without signature")
	}
	m.src.Reset(src[2:])
	if m.z == nil {
		m.z = flate.NewReader(&m.src)
		m.out = make([]byte, frameSize)
		m.dict = make([]byte, 0, 2*frameSize)
	} else if err := m.z.(flate.Resetter).Reset(&m.src, m.dict); err != nil { //nolint:errcheck // NewReader promises it
		return nil, err
	}
	out := m.out[:n]
	if _, err := io.ReadFull(m.z, out); err != nil {
		return nil, fmt.Errorf("MSZIP: %w", err)
	}
	m.remember(out)
	return out, nil
}

// remember keeps the last 32 KB.
func (m *mszip) remember(out []byte) {
	m.dict = append(m.dict, out...)
	if over := len(m.dict) - frameSize; over > 0 {
		m.dict = m.dict[:copy(m.dict, m.dict[over:])]
	}
}
