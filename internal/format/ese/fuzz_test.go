package ese

import (
	"bytes"
	"testing"

	"github.com/redx-update/redx/internal/testdata"
)

// FuzzOpen walks all that a database offers, within bounds.
func FuzzOpen(f *testing.F) {
	testdata.Seeds(f, "windows/ese/basic*", "windows/ese/multi*", "windows/ese/text*", "windows/ese/qmgr*")
	f.Fuzz(func(t *testing.T, b []byte) {
		db, err := Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		budget := 20000
		for table := range db.Tables() {
			for _, rows := range []func(func(Row, error) bool){table.Rows(), table.Deleted()} {
				for row := range rows {
					if budget -= exhaust(row); budget < 0 {
						return
					}
				}
			}
		}
	})
}

// exhaust asks a row for every column in every way, and gives the number of questions.
func exhaust(row Row) int {
	if row.Table() == nil {
		return 1
	}
	columns := row.Table().Columns()
	for _, c := range columns {
		row.Values(c.Name)
		row.Text(c.Name)
		row.Int(c.Name)
		row.Float(c.Name)
		row.Time(c.Name)
		row.GUID(c.Name)
	}
	return 1 + len(columns)
}
