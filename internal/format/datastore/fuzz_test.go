package datastore

import (
	"bytes"
	"iter"
	"testing"

	write "github.com/redx-update/redx/internal/write/ese"
)

func FuzzDatastore(f *testing.F) {
	f.Add(fixture(f, write.Options{PageSize: 4096}))
	// Large pages are for package ese to fuzz: they make a seed that is slow to change and to read.
	f.Fuzz(func(_ *testing.T, b []byte) {
		s, err := Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		drain(s.History())
		drain(s.DeletedHistory())
		drain(s.Files())
		drain(s.Updates())
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
