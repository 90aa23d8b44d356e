package etl_test

import (
	"bytes"
	"testing"

	"github.com/redx-update/redx/internal/format/etl"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/testdata"
)

func FuzzOpen(f *testing.F) {
	f.Add(trace(f))
	f.Add(withRecord(f, record("Info\x00\x01s\x00\xd8\x02a\x00\x04b\x00\x16", z16("x"), []byte{1, 0, 2, 2, 0, 'x', 0})))
	for _, c := range fieldCases() {
		f.Add(withRecord(f, record(c.fields, c.data)))
	}
	wpp, manifest, classic := foreign(guid.GUID{})
	for _, rec := range [][]byte{wpp, manifest, classic} {
		f.Add(withRecord(f, rec))
	}
	testdata.Seeds(f, "windows/etl/*")
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := etl.Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		text, n := 0, 0
		for e, err := range file.Events() {
			n++
			text += len(e.Text)
			if err == nil && (e.Offset < 0 || e.Offset >= int64(len(b))) {
				t.Fatalf("event at %d of %d bytes", e.Offset, len(b))
			}
		}
		if n > len(b) || text > 40*len(b)+1<<20 {
			t.Fatalf("%d events with %d bytes of text from %d bytes", n, text, len(b))
		}
		file.Info()
		_ = file.Count().Err()
	})
}
