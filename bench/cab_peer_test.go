package bench

import (
	"bytes"
	"io"
	"testing"

	peer "github.com/secDre4mer/go-cab"

	"github.com/redx-update/redx/internal/format/cab"
	"github.com/redx-update/redx/internal/testdata"
)

// TestCabAgainstGoCab compares every file of the real cabinets with what go-cab makes of them.
func TestCabAgainstGoCab(t *testing.T) {
	for _, name := range []string{"windows/cab/lzx.cab", "windows/cab/simple.cab"} {
		b := testdata.Open(t, name)
		theirs, err := peer.Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		ours, err := cab.Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		err = ours.Each(func(f cab.File, r io.Reader) error {
			got, err := io.ReadAll(r)
			if err != nil {
				return err
			}
			for _, p := range theirs.Files {
				if p.Name != f.Name {
					continue
				}
				n++
				pr, err := p.Open()
				if err != nil {
					return err
				}
				want, err := io.ReadAll(pr)
				if err != nil || !bytes.Equal(got, want) {
					t.Errorf("%s in %s: %d bytes differ from the %d of go-cab (%v)", f.Name, name, len(got), len(want), err)
				}
			}
			return nil
		})
		if err != nil || n != len(theirs.Files) || n == 0 {
			t.Errorf("%s: compared %d of %d files, %v", name, n, len(theirs.Files), err)
		}
	}
}
