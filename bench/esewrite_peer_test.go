package bench

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/Velocidex/ordereddict"
	"www.velocidex.com/golang/go-ese/parser"

	"github.com/redx-update/redx/internal/write/ese"
)

// What internal/write/ese writes must come back from a reader that knows nothing of it, value by value. XPRESS is left
// out: go-ese prints that it does not support it.
func TestGoESEReadsWhatWeWrite(t *testing.T) {
	for _, size := range []int{4096, 8192, 16384, 32768} {
		for _, opt := range []ese.Options{{}, {XORChecksum: true}, {CompressKeys: true}, {Revision: ese.Revision11, Dirty: true}} {
			opt.PageSize = size
			t.Run(fmt.Sprintf("%+v", opt), func(t *testing.T) {
				const rows = 2000
				got := goESE(t, eseSample(t, opt, rows), "tbTest")
				if len(got) != rows {
					t.Fatalf("%d rows, want %d", len(got), rows)
				}
				for i, r := range got {
					checkESERow(t, r, i+1)
				}
			})
		}
	}
}

func eseTitle(i int) string { return fmt.Sprintf("Update %d for Windows, Windows, Windows", i) }

func eseSample(t *testing.T, opt ese.Options, rows int) []byte {
	t.Helper()
	b, err := ese.Build(opt, func(db *ese.DB) error {
		tab, err := db.Table("tbTest", []ese.Column{
			{Name: "Id", Type: ese.Long},
			{Name: "Big", Type: ese.Currency},
			{Name: "Name", Type: ese.Text},
			{Name: "Title", Type: ese.LongText},
			{Name: "Seven", Type: ese.LongText, ASCII: true, Compress: ese.SevenBit},
			{Name: "SevenWide", Type: ese.LongText, Compress: ese.SevenBit},
		})
		for i := 1; i <= rows && err == nil; i++ {
			err = tab.Add(ese.Row{
				"Id": i, "Big": int64(i) << 33, "Name": fmt.Sprintf("name %d", i), "Title": eseTitle(i),
				"Seven": eseTitle(i), "SevenWide": eseTitle(i),
			})
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func checkESERow(t *testing.T, r *ordereddict.Dict, i int) {
	t.Helper()
	want := map[string]string{
		"Id": fmt.Sprint(i), "Big": fmt.Sprint(int64(i) << 33), "Name": fmt.Sprintf("name %d", i), "Title": eseTitle(i),
		"Seven": eseTitle(i), "SevenWide": eseTitle(i),
	}
	for name, w := range want {
		v, _ := r.Get(name)
		if g := fmt.Sprint(v); g != w {
			t.Fatalf("row %d: %s is %q, want %q", i, name, g, w)
		}
	}
}

// goESE gives the rows of one table as go-ese reads them.
func goESE(t *testing.T, db []byte, table string) []*ordereddict.Dict {
	t.Helper()
	ctx, err := parser.NewESEContext(bytes.NewReader(db), int64(len(db)))
	if err != nil {
		t.Fatal(err)
	}
	catalog, err := parser.ReadCatalog(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var rows []*ordereddict.Dict
	err = catalog.DumpTable(table, func(row *ordereddict.Dict) error {
		rows = append(rows, row)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}
