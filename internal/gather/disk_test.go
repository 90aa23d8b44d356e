package gather

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/redx-update/redx/internal/format/datastore"
	"github.com/redx-update/redx/internal/write/ese"
)

// badDisk does not give what lies behind a place.
type badDisk struct {
	io.ReaderAt
	from int64
}

func (d badDisk) ReadAt(b []byte, off int64) (int, error) {
	if off+int64(len(b)) > d.from {
		return 0, errors.New("the disk does not answer")
	}
	return d.ReaderAt.ReadAt(b, off)
}

// TestDiskIsNoDamage tells a database that is cut off, which a repair makes anew, from one that the disk does not give.
func TestDiskIsNoDamage(t *testing.T) {
	b, err := ese.Build(ese.Options{PageSize: 4096}, func(db *ese.DB) error {
		_, err := db.Table("tbHistory", []ese.Column{{Name: "IdEvent", Type: ese.Long}})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	const path = `C:\Windows\SoftwareDistribution\DataStore\DataStore.edb`
	for _, at := range []int64{0, 300, 4096, 3 * 4096} {
		_, cut := datastore.Open(bytes.NewReader(b[:at]), at)
		if _, damaged := databaseDamage(path, cut); cut == nil || damaged != (at > 0) { // without a header it is no database at all
			t.Errorf("cut at %d: damaged %v, %v", at, damaged, cut)
		}
		_, failed := datastore.Open(badDisk{bytes.NewReader(b), at}, int64(len(b)))
		if _, damaged := databaseDamage(path, failed); failed == nil || damaged {
			t.Errorf("no answer from %d on: damaged %v, %v", at, damaged, failed)
		}
	}
}
