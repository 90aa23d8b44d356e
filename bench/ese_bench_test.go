package bench

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/Velocidex/ordereddict"
	"www.velocidex.com/golang/go-ese/parser"

	"github.com/redx-update/redx/internal/format/ese"
	"github.com/redx-update/redx/internal/testdata"
	write "github.com/redx-update/redx/internal/write/ese"
)

// BenchmarkESE reads every value of every row of every table, beside go-ese, from the same bytes in memory.
func BenchmarkESE(b *testing.B) {
	b.Run("large.edb", func(b *testing.B) { besideGoESE(b, testdata.Open(b, "windows/ese/large.edb.gz")) })
	b.Run("made-100MB", func(b *testing.B) { besideGoESE(b, history(b, 190_000, 0)) })
}

func besideGoESE(b *testing.B, data []byte) {
	for _, reader := range []struct {
		name string
		read func([]byte) (int, error)
	}{{"redx", readRedx}, {"go-ese", readGoESE}} {
		b.Run(reader.name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				rows, err := reader.read(data)
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(rows), "rows")
			}
		})
	}
}

func readRedx(data []byte) (rows int, err error) {
	db, err := ese.Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return 0, err
	}
	for table := range db.Tables() {
		columns := table.Columns()
		for row, err := range table.Rows() {
			if err != nil {
				return rows, err
			}
			rows++
			for _, c := range columns {
				if _, err := row.Value(c); err != nil {
					return rows, err
				}
			}
		}
	}
	return rows, nil
}

func readGoESE(data []byte) (rows int, err error) {
	ctx, err := parser.NewESEContext(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return 0, err
	}
	catalog, err := parser.ReadCatalog(ctx)
	if err != nil {
		return 0, err
	}
	for _, name := range catalog.Tables.Keys() {
		err = errors.Join(err, catalog.DumpTable(name, func(*ordereddict.Dict) error { rows++; return nil }))
	}
	return rows, err
}

// history makes a datastore of about half a kilobyte a row, and other rows that a reader of the history need not read.
func history(tb testing.TB, rows, others int) []byte {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "DataStore.edb")
	f, err := os.Create(path)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	db, err := write.Create(f, write.Options{CompressKeys: true})
	if err != nil {
		tb.Fatal(err)
	}
	fill(tb, db, "tbHistory", rows)
	fill(tb, db, "tbOther", others)
	if err := db.Close(); err != nil {
		tb.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

func fill(tb testing.TB, db *write.DB, name string, rows int) {
	table, err := db.Table(name, []write.Column{
		{Name: "IdEvent", Type: write.Long},
		{Name: "MappedResult", Type: write.Long},
		{Name: "UpdateId", Type: write.Binary, ID: 128},
		{Name: "Date", Type: write.Double},
		{Name: "Title", Type: write.LongText},
		{Name: "Description", Type: write.LongText},
	})
	if err != nil {
		tb.Fatal(err)
	}
	for i := range rows {
		err := table.Add(write.Row{
			"IdEvent": i, "MappedResult": 0x80070002, "UpdateId": make([]byte, 20), "Date": 45000.25,
			"Title":       fmt.Sprintf("2024-01 Cumulative Update for Windows 11 (KB%07d)", i),
			"Description": "Install this update to resolve issues in Windows. For a complete listing of the issues, see the article. After you install this item, you may have to restart your computer.",
		})
		if err != nil {
			tb.Fatal(err)
		}
	}
}

// countingReader counts what is asked of it.
type countingReader struct {
	*bytes.Reader
	bytes int64
}

func (c *countingReader) ReadAt(b []byte, off int64) (int, error) {
	c.bytes += int64(len(b))
	return c.Reader.ReadAt(b, off)
}

// TestESEReadsOneTableOnly holds the promise that a table costs its own pages, whatever else the database holds.
func TestESEReadsOneTableOnly(t *testing.T) {
	data := history(t, 500, 40_000)
	r := &countingReader{Reader: bytes.NewReader(data)}
	db, err := ese.Open(r, int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	table, err := db.Table("tbHistory")
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for _, err := range table.Rows() {
		if err != nil {
			t.Fatal(err)
		}
		rows++
	}
	t.Logf("%d rows of a database of %d bytes: %d bytes read", rows, len(data), r.bytes)
	if rows != 500 || r.bytes > int64(len(data))/20 {
		t.Errorf("%d rows, %d of %d bytes read", rows, r.bytes, len(data))
	}
}
