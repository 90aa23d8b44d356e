package ese

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/redx-update/redx/internal/testdata"
)

// Sealing a real page again must give the bytes that Windows wrote.
func TestChecksumsEqualThoseOfRealPages(t *testing.T) {
	for _, name := range []string{"basic.edb", "text.edb", "multi.edb", "large.edb", "qmgr.db"} {
		t.Run(name, func(t *testing.T) {
			file := testdata.Open(t, "windows/ese/"+name+".gz")
			size := int(binary.LittleEndian.Uint32(file[0xec:]))
			db := &DB{opt: Options{PageSize: size}}
			pages := 0
			for number := uint32(1); (int(number)+2)*size <= len(file); number++ {
				want := file[(int(number)+1)*size:][:size]
				if binary.LittleEndian.Uint32(want[36:])&pageECC == 0 {
					continue // never used
				}
				got := bytes.Clone(want)
				clear(got[:8])
				if db.large() {
					clear(got[40:64])
				}
				db.seal(got, number)
				if !bytes.Equal(got, want) {
					t.Fatalf("page %d: checksum % x, want % x", number, got[:72], want[:72])
				}
				pages++
			}
			if pages < 20 {
				t.Errorf("checked %d pages, want at least 20", pages)
			}
			header := bytes.Clone(file[:size])
			if got, want := xor(header[4:], signature), binary.LittleEndian.Uint32(header); got != want {
				t.Errorf("header checksum 0x%x, want 0x%x", got, want)
			}
		})
	}
}
