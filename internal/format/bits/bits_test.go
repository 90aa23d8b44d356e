package bits

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/format/ese"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/testdata"
)

func TestRealQueue(t *testing.T) {
	b := testdata.Open(t, "windows/ese/qmgr.db.gz")
	q, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	if q.Info().State != ese.Dirty {
		t.Errorf("state %v, want dirty", q.Info().State)
	}
	files := make(map[guid.GUID]File)
	for f, err := range q.Files() {
		if err != nil {
			t.Error(err)
		}
		files[f.ID] = f
		if !strings.HasPrefix(f.URL, "https://") || !strings.HasPrefix(f.Volume, `\\?\Volume{`) || f.Drive != `C:\` {
			t.Errorf("file %v: URL %q, volume %q, drive %q", f.ID, f.URL, f.Volume, f.Drive)
		}
	}
	jobs := 0
	for j, err := range q.Jobs() {
		if err != nil {
			t.Error(err)
		}
		jobs++
		for _, id := range j.Files {
			if files[id].Destination == "" {
				t.Errorf("job %q: file %v is unknown", j.Name, id)
			}
			delete(files, id)
		}
		if j.State != Transferred || j.Created.Year() != 2023 || j.Modified.Before(j.Created) {
			t.Errorf("job %q: state %v, created %v, modified %v", j.Name, j.State, j.Created, j.Modified)
		}
	}
	if jobs != 4 || len(files) != 0 {
		t.Errorf("%d jobs and %d files without one, want 4 and 0", jobs, len(files))
	}
}

func TestRealJob(t *testing.T) {
	b := testdata.Open(t, "windows/ese/qmgr.db.gz")
	q, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	for got, err := range q.Jobs() {
		if err != nil {
			t.Fatal(err)
		}
		want := Job{
			Place: got.Place,
			ID:    guid.MustParse("5c26fc39-0647-43cf-bd6b-2ca3125c7fb3"), State: Transferred,
			Name: "MozillaUpdate 308046B0AF4A39CB", SID: "S-1-5-21-4066115557-1486886006-1773980413-1001", Flags: 3,
			Files:      []guid.GUID{guid.MustParse("9d39dd16-9979-4b37-a5aa-359b775f2f8a")},
			RetryDelay: time.Minute, Timeout: time.Hour, Created: got.Created, Modified: got.Modified,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		return
	}
	t.Error("no job")
}

func TestNotAQueue(t *testing.T) {
	b := testdata.Open(t, "windows/ese/basic.edb.gz")
	if _, err := Open(bytes.NewReader(b), int64(len(b))); err == nil {
		t.Error("a database without Jobs was taken for a queue")
	}
}
