package bits

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/winbin"
	write "github.com/redx-update/redx/internal/write/ese"
)

var (
	jobID  = guid.MustParse("11111111-2222-3333-4444-555555555555")
	fileID = guid.MustParse("aaaaaaaa-2222-3333-4444-555555555555")
	when   = time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
)

func words(v ...uint32) (b []byte) {
	for _, w := range v {
		b = binary.LittleEndian.AppendUint32(b, w)
	}
	return b
}

func text(s string) []byte {
	u := append(winbin.PutUTF16(s), 0, 0)
	return append(words(uint32(len(u)/2)), u...)
}

// failedJob follows the public description, for no real job in error was at hand.
func failedJob() []byte {
	times := binary.LittleEndian.AppendUint64(nil, winbin.PutFiletime(when))
	times = binary.LittleEndian.AppendUint64(times, winbin.PutFiletime(when.Add(time.Hour)))
	return bytes.Join([][]byte{
		make([]byte, 16), words(0, 0, 4, 0), jobID.LE(),
		text("WU Client Download"), text(""), text(""), text(""), text("S-1-5-18"), words(3), []byte("token"),
		separator, words(1), fileID.LE(), separator,
		words(1), words(0x80190194, 0, 1, 2, 3, 4), words(2, 600, 1209600), times,
	}, nil)
}

func fixture(t testing.TB, blob []byte) []byte {
	t.Helper()
	b, err := write.Build(write.Options{PageSize: 4096}, func(db *write.DB) error {
		columns := []write.Column{{Name: "Id", Type: write.GUID}, {Name: "Blob", Type: write.LongBinary}}
		if _, err := db.Table("Files", columns); err != nil {
			return err
		}
		jobs, err := db.Table("Jobs", columns)
		if err != nil {
			return err
		}
		return jobs.Add(write.Row{"Id": jobID, "Blob": blob})
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func onlyJob(t *testing.T, blob []byte) (Job, error) {
	t.Helper()
	b := fixture(t, blob)
	q, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	for j, err := range q.Jobs() {
		return j, err
	}
	t.Fatal("no job")
	return Job{}, nil
}

func TestFailedJob(t *testing.T) {
	got, err := onlyJob(t, failedJob())
	want := Job{
		ID: jobID, State: InError, Name: "WU Client Download", SID: "S-1-5-18", Flags: 3, Files: []guid.GUID{fileID},
		Errors:     []Error{{Code: hresult.Code(0x80190194), More: [4]uint32{1, 2, 3, 4}}},
		Transients: 2, RetryDelay: 10 * time.Minute, Timeout: 14 * 24 * time.Hour,
		Created: when, Modified: when.Add(time.Hour),
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Job{}, "Place")); diff != "" || err != nil {
		t.Error(err, diff)
	}
}

func TestCutBlobsGiveWhatTheyHold(t *testing.T) {
	whole := failedJob()
	for n := range len(whole) {
		got, err := onlyJob(t, whole[:n])
		if err == nil || got.ID != jobID {
			t.Fatalf("%d of %d bytes: job %v, error %v", n, len(whole), got.ID, err)
		}
		if n >= 100 && got.Name != "WU Client Download" {
			t.Fatalf("%d bytes: name %q", n, got.Name)
		}
	}
}
