package ese

import (
	"bytes"
	"os"
	"testing"

	"github.com/redx-update/redx/internal/testdata"
	write "github.com/redx-update/redx/internal/write/ese"
)

// FuzzOpen walks all that a database offers, within bounds.
func FuzzOpen(f *testing.F) {
	for _, name := range []string{"basic.edb", "multi.edb", "text.edb", "qmgr.db"} {
		if os.Getenv(testdata.Env) != "" {
			// Real files end in pages never written, which only slow the fuzzing.
			f.Add(bytes.TrimRight(testdata.Open(f, "windows/ese/"+name+".gz"), "\x00"))
		}
	}
	f.Add(fixture(f, write.Options{PageSize: 4096, CompressKeys: true}))
	f.Fuzz(func(t *testing.T, b []byte) {
		db, err := Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		_ = db.Info().State.String()
		budget := 20_000
		for table := range db.Tables() {
			for _, rows := range []func(func(Row, error) bool){table.Rows(), table.Deleted()} {
				// The catalog comes first, and is long: it must not take what the others need.
				budget -= walkRows(rows, min(budget, 600))
			}
			_, _ = db.Table(table.Name)
		}
	})
}

// walkRows asks the rows for everything, until there have been enough questions, and gives their number.
func walkRows(rows func(func(Row, error) bool), most int) (asked int) {
	for row := range rows {
		if asked += exhaust(row); asked >= most {
			break
		}
	}
	return asked
}

// exhaust asks a row for every column in every way, and gives the number of questions.
func exhaust(row Row) int {
	if row.Table() == nil {
		return 1
	}
	columns := row.Table().Columns()
	for _, c := range columns {
		_, _ = row.Values(c.Name)
		_, _ = row.Value(c)
		row.Text(c.Name)
		row.Int(c.Name)
		row.Float(c.Name)
		row.Time(c.Name)
		row.GUID(c.Name)
	}
	return 1 + len(columns)
}
