package ese_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	reader "github.com/redx-update/redx/internal/format/ese"
	"github.com/redx-update/redx/internal/write/ese"
)

// What no other reader gets right, ours must: deleted nodes, reserved tags, long values over many segments, multi-values
// and defaults. Reader and writer were written apart from each other.
func TestOurReaderReadsTheRest(t *testing.T) {
	for _, size := range []int{4096, 8192, 16384, 32768} {
		for _, how := range []ese.Compression{ese.Plain, ese.SevenBit, ese.XPRESS} {
			opt := ese.Options{PageSize: size, CompressKeys: true, Revision: ese.RevisionTags, Dirty: true}
			t.Run(fmt.Sprintf("page=%d compression=%d", size, how), func(t *testing.T) { rest(t, opt, how) })
		}
	}
}

func rest(t *testing.T, opt ese.Options, how ese.Compression) {
	t.Helper()
	text := strings.Repeat("payload is missing. ", 5000)
	blob := bytes.Repeat([]byte{1, 2, 3, 250, 251}, 9000)
	b, err := ese.Build(opt, func(db *ese.DB) error {
		tab, err := db.Table("tbRest", []ese.Column{
			{Name: "Id", Type: ese.Long},
			{Name: "Late", Type: ese.Long, Default: 42},
			{Name: "Text", Type: ese.LongText, Compress: how},
			{Name: "Apart", Type: ese.LongText, ASCII: true, Compress: how, Separate: true},
			{Name: "Blob", Type: ese.LongBinary, Compress: how},
			{Name: "Many", ID: 300, Type: ese.Long},
			{Name: "Texts", ID: 301, Type: ese.LongText},
			{Name: "Tagged", ID: 302, Type: ese.Long, Default: 5},
		})
		if err != nil {
			return err
		}
		if err := tab.AddDeleted(ese.Row{"Id": 1}); err != nil {
			return err
		}
		return tab.Add(ese.Row{
			"Id": 2, "Text": text, "Apart": "short", "Blob": blob, "Many": ese.Multi{1, 2}, "Texts": ese.Multi{"a", "bc", text},
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	db, err := reader.Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	table, err := db.Table("tbRest")
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for row, err := range table.Rows() {
		if err != nil {
			t.Fatal(err)
		}
		rows++
		want := map[string]any{
			"Id": int64(2), "Late": int64(42), "Tagged": int64(5), "Text": text, "Apart": "short", "Blob": blob, "Many": 2, "Texts": 3,
		}
		if diff := cmp.Diff(want, values(t, row)); diff != "" {
			t.Errorf("(-want +got):\n%.2000s", diff)
		}
	}
	if rows != 1 {
		t.Errorf("%d live rows, want 1", rows)
	}
}

// values gives what the row holds, of multi-values how many.
func values(t *testing.T, row reader.Row) map[string]any {
	t.Helper()
	got := map[string]any{}
	for _, name := range []string{"Id", "Late", "Tagged"} {
		got[name], _ = row.Int(name)
	}
	for _, name := range []string{"Text", "Apart"} {
		got[name], _ = row.Text(name)
	}
	got["Blob"], _ = row.Bytes("Blob")
	for _, name := range []string{"Many", "Texts"} {
		all, err := row.Values(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		got[name] = len(all)
	}
	return got
}
