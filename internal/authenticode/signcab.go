package authenticode

import (
	"bytes"
	"crypto"
	"encoding/asn1"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/redx-update/redx/internal/format"
)

// errHasReserve: where another tool has reserved room, its contents would have to be understood to be kept.
var errHasReserve = errors.New("its header has a reserved area already (it may be signed)")

// SignCabinet writes a cabinet with a signature by id. The cabinet must have no reserved areas; r is read twice. The same
// cabinet and identity give the same bytes.
func SignCabinet(w io.Writer, r io.ReaderAt, size int64, id *Identity) error {
	return signCabinet(w, r, size, id, oidCabinetData)
}

func signCabinet(w io.Writer, r io.ReaderAt, size int64, id *Identity, data asn1.ObjectIdentifier) error {
	c, err := roomy(r, size)
	if err != nil {
		return fmt.Errorf("cabinet: %w", err)
	}
	h := crypto.SHA256.New()
	if err := cabDigest(h, c.head, r, c.from, c.end); err != nil {
		return fmt.Errorf("cabinet: %w", err)
	}
	der, err := id.sign(data, cabinetValue, h.Sum(nil))
	if err != nil {
		return err
	}
	der = append(der, make([]byte, -len(der)&7)...)
	binary.LittleEndian.PutUint32(c.head[cabHeader+12:], uint32(len(der)))
	if _, err := w.Write(c.head); err != nil {
		return err
	}
	if err := section(w, r, c.from, c.end); err != nil {
		return fmt.Errorf("cabinet: %w", err)
	}
	_, err = w.Write(der)
	return err
}

// room is a cabinet's new head, up to the end of its folders, and where the rest is to be had from.
type room struct {
	head      []byte
	from, end int64
}

// roomy makes room for a signature: all that has a place moves behind it.
func roomy(r io.ReaderAt, size int64) (*room, error) {
	opened, err := openCabinet(r, size)
	if err != nil {
		return nil, err
	}
	c, ok := opened.(*cabinet)
	if !ok || c.head != nil {
		return nil, errHasReserve
	}
	if c.end != size {
		return nil, fmt.Errorf("%d bytes behind its end", size-c.end)
	}
	if c.end+cabGrows > 1<<32-maxSignature {
		return nil, errors.New("too large to be signed")
	}
	old, err := format.ReadAt(r, 0, cabHeader, cabHeader, "header")
	if err != nil {
		return nil, err
	}
	folders := int(binary.LittleEndian.Uint16(old[26:])) * 8
	table, err := format.ReadAt(r, cabHeader, folders, 1<<19, "folders")
	if err != nil {
		return nil, err
	}
	return &room{headOf(old, table, uint32(c.end)), int64(cabHeader + folders), c.end}, nil
}

func headOf(old, folders []byte, end uint32) []byte {
	le := binary.LittleEndian
	head := bytes.Clone(old)
	copy(head[4:8], []byte{0, 0, 0, 0})
	le.PutUint32(head[8:], end+cabGrows)
	le.PutUint32(head[16:], le.Uint32(head[16:])+cabGrows)
	le.PutUint16(head[cabFlags:], le.Uint16(head[cabFlags:])|cabHasReserve)
	head = append(head, cabReserved...)
	head = le.AppendUint32(head, end+cabGrows)
	head = append(head, make([]byte, 12)...)
	for ; len(folders) >= 8; folders = folders[8:] {
		head = le.AppendUint32(head, le.Uint32(folders)+cabGrows)
		head = append(head, folders[4:8]...)
	}
	return head
}
