package bits

import (
	"bytes"
	"iter"
	"os"
	"testing"

	"github.com/redx-update/redx/internal/testdata"
)

func FuzzBits(f *testing.F) {
	if os.Getenv(testdata.Env) != "" {
		// The real queue ends in pages never written, which only slow the fuzzing.
		f.Add(bytes.TrimRight(testdata.Open(f, "windows/ese/qmgr.db.gz"), "\x00"))
	}
	f.Add(fixture(f, failedJob()))
	f.Fuzz(func(_ *testing.T, b []byte) {
		q, err := Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		drain(q.Jobs())
		drain(q.DeletedJobs())
		drain(q.Files())
		drain(q.DeletedFiles())
	})
}

func drain[T any](s iter.Seq2[T, error]) {
	left := 1000
	for range s {
		if left--; left < 0 {
			return
		}
	}
}
