package authenticode

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/redx-update/redx/internal/format"
)

// program is a PE file. Windows maps it by its headers, but the digest that is signed covers the file from end to end
// without the checksum, the place of the signature and the signature, which must come last.
type program struct {
	r         io.ReaderAt
	size      int64
	checksum  int64 // where it stands: 4 bytes
	directory int64 // where the place of the signature stands: 8 bytes
	at, n     int64 // the signature's place; 0 for none
}

const (
	peOptional   = 24 // the optional header, counted from the signature "PE"
	peChecksum   = 64 // in the optional header
	peCertTable  = 4  // index in the data directories
	peMaxAt      = 1 << 28
	winCert      = 8      // the header of the signature: length, revision, type
	winRevision2 = 0x0200 // WIN_CERT_REVISION_2_0
	winPKCS7     = 2      // WIN_CERT_TYPE_PKCS_SIGNED_DATA
)

func openProgram(r io.ReaderAt, size int64) (carrier, error) {
	dos, err := format.ReadAt(r, 0, 64, 64, "DOS header")
	if err != nil {
		return nil, err
	}
	at := int64(binary.LittleEndian.Uint32(dos[60:]))
	if at < 64 || at > peMaxAt {
		return nil, format.At(60, "PE header at %d", at)
	}
	head, err := format.ReadAt(r, at, peOptional+2, peOptional+2, "PE header")
	if err != nil {
		return nil, err
	}
	if string(head[:4]) != "PE\x00\x00" {
		return nil, format.At(at, "no PE signature")
	}
	optional := at + peOptional
	directories := map[uint16]int64{0x10b: 96, 0x20b: 112}[binary.LittleEndian.Uint16(head[peOptional:])]
	if directories == 0 {
		return nil, format.At(optional, "optional header of an unknown kind")
	}
	p := &program{r: r, size: size, checksum: optional + peChecksum, directory: optional + directories + 8*peCertTable}
	return p, p.place(optional+directories-4, int64(binary.LittleEndian.Uint16(head[20:])))
}

// place reads where the signature is; count is where the number of directories stands.
func (p *program) place(count, optionalSize int64) error {
	b, err := format.ReadAt(p.r, count, 4, 4, "number of directories")
	if err != nil {
		return err
	}
	if binary.LittleEndian.Uint32(b) <= peCertTable || p.directory+8 > p.checksum-peChecksum+optionalSize {
		return format.At(count, "no place for a signature")
	}
	d, err := format.ReadAt(p.r, p.directory, 8, 8, "place of the signature")
	if err != nil {
		return err
	}
	p.at, p.n = int64(binary.LittleEndian.Uint32(d)), int64(binary.LittleEndian.Uint32(d[4:]))
	return nil
}

// signature wants one signature and nothing behind it: what follows is in no digest.
func (p *program) signature() ([]byte, error) {
	if p.at == 0 || p.n == 0 {
		return nil, ErrUnsigned
	}
	if p.at < p.directory+8 || p.at%8 != 0 || p.at+p.n != p.size {
		return nil, fmt.Errorf("its signature is said to be at %d to %d, and the file has %d bytes", p.at, p.at+p.n, p.size)
	}
	b, err := format.ReadAt(p.r, p.at, int(p.n), maxSignature, "signature")
	if err != nil {
		return nil, err
	}
	if len(b) < winCert || binary.LittleEndian.Uint16(b[4:]) != winRevision2 || binary.LittleEndian.Uint16(b[6:]) != winPKCS7 {
		return nil, errors.New("its signature is of an unknown kind")
	}
	// Some tools count the zeros behind the signature in its length, and some do not.
	n := int(binary.LittleEndian.Uint32(b))
	if n < winCert || n > len(b) || len(b)-n >= 8 || !zero(b[n:]) {
		return nil, fmt.Errorf("%d bytes of signature in %d bytes", n, len(b))
	}
	return trim(b[winCert:n])
}

func (p *program) digest(h io.Writer) error {
	at := int64(0)
	for _, hole := range []struct{ at, n int64 }{{p.checksum, 4}, {p.directory, 8}, {p.at, 0}} {
		if err := section(h, p.r, at, hole.at); err != nil {
			return err
		}
		at = hole.at + hole.n
	}
	return nil
}
