package bits

import (
	"bytes"
	"iter"
	"testing"

	"github.com/redx-update/redx/internal/testdata"
)

func FuzzBits(f *testing.F) {
	testdata.Seeds(f, "windows/ese/qmgr*")
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
