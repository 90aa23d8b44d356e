package bench

import (
	"bytes"
	"errors"
	"testing"

	"github.com/Velocidex/ordereddict"
	"www.velocidex.com/golang/go-ese/parser"

	"github.com/redx-update/redx/internal/format/ese"
	"github.com/redx-update/redx/internal/testdata"
)

// TestESERowsBesideGoESE counts the rows of every table of databases without deleted rows or reserved tags, where
// go-ese is right.
func TestESERowsBesideGoESE(t *testing.T) {
	for _, name := range []string{"basic", "multi", "text", "large"} {
		t.Run(name, func(t *testing.T) {
			data := testdata.Open(t, "windows/ese/"+name+".edb.gz")
			db, err := ese.Open(bytes.NewReader(data), int64(len(data)))
			if err != nil {
				t.Fatal(err)
			}
			want := goESERows(t, data)
			for table := range db.Tables() {
				got := 0
				for _, err := range table.Rows() {
					if err != nil {
						t.Error(err)
					}
					got++
				}
				if got != want[table.Name] {
					t.Errorf("%s: %d rows, go-ese has %d", table.Name, got, want[table.Name])
				}
				delete(want, table.Name)
			}
			if len(want) > 0 {
				t.Errorf("tables that only go-ese found: %v", want)
			}
		})
	}
}

func goESERows(t *testing.T, data []byte) map[string]int {
	t.Helper()
	ctx, err := parser.NewESEContext(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	catalog, err := parser.ReadCatalog(ctx)
	if err != nil {
		t.Fatal(err)
	}
	rows := make(map[string]int)
	for _, name := range catalog.Tables.Keys() {
		count := func(*ordereddict.Dict) error { rows[name]++; return nil }
		err = errors.Join(err, catalog.DumpTable(name, count))
	}
	if err != nil {
		t.Fatal(err)
	}
	return rows
}
