package ese_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/testdata"
	"github.com/redx-update/redx/internal/write/ese"
)

var day = time.Date(2024, 3, 12, 18, 0, 0, 0, time.UTC)

func columns() []ese.Column {
	return []ese.Column{
		{Name: "Id", Type: ese.Long},
		{Name: "Flag", Type: ese.Bool},
		{Name: "Tiny", Type: ese.Byte},
		{Name: "Small", Type: ese.Short},
		{Name: "Big", Type: ese.Currency},
		{Name: "Real", Type: ese.Double},
		{Name: "Guid", Type: ese.GUID},
		{Name: "Word", Type: ese.UShort},
		{Name: "Fixed", Type: ese.Binary, ID: 9, Size: 4},
		{Name: "Date", Type: ese.DateTime},
		{Name: "Word32", Type: ese.ULong, Default: 7},
		{Name: "Blob", Type: ese.Binary},
		{Name: "Name", Type: ese.Text},
		{Name: "Title", Type: ese.LongText},
		{Name: "Bytes", Type: ese.LongBinary},
		{Name: "ASCII", Type: ese.LongText, ASCII: true},
	}
}

func row(i int) ese.Row {
	return ese.Row{
		"Id": i, "Flag": i%2 == 0, "Tiny": i % 256, "Small": -i % 1000, "Big": int64(i) << 33, "Real": float64(i) / 4,
		"Guid": guid.MustParse(fmt.Sprintf("01234567-89ab-cdef-0123-%012x", i)), "Word": i % 65536,
		"Fixed": []byte{1, 2, 3, byte(i)}, "Date": day, "Word32": i,
		"Blob": []byte{0xca, byte(i)}, "Name": fmt.Sprintf("name %d", i), "Title": fmt.Sprintf("Update %d für Windows", i),
		"Bytes": bytes.Repeat([]byte{byte(i)}, i%40+1), "ASCII": strings.Repeat("a", i%50+1),
	}
}

func build(t *testing.T, opt ese.Options, rows int) []byte {
	t.Helper()
	b, err := ese.Build(opt, func(db *ese.DB) error {
		tab, err := db.Table("tbTest", columns())
		for i := 1; i <= rows && err == nil; i++ {
			err = tab.Add(row(i))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// export runs esedbexport and gives each table's rows, the first one being the names.
func export(t *testing.T, db []byte) map[string][][]string {
	t.Helper()
	tool := testdata.Tool(t, "esedbexport")
	dir := t.TempDir()
	file := filepath.Join(dir, "x.edb")
	if err := os.WriteFile(file, db, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(tool, "-t", filepath.Join(dir, "out"), file).CombinedOutput(); err != nil {
		t.Fatalf("esedbexport: %v\n%s", err, out)
	}
	tables := map[string][][]string{}
	names, err := filepath.Glob(filepath.Join(dir, "out.export", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		r := csv.NewReader(bytes.NewReader(b))
		r.Comma, r.LazyQuotes = '\t', true
		rows, err := r.ReadAll()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		base := filepath.Base(name)
		tables[base[:strings.LastIndexByte(base, '.')]] = rows
	}
	return tables
}

// spelled gives a row as esedbexport prints it.
func spelled(i int) []string {
	r := row(i)
	ole := math.Float64bits(45363.75) // day
	return []string{
		fmt.Sprint(i), fmt.Sprint(r["Flag"]), fmt.Sprint(r["Tiny"]), fmt.Sprint(r["Small"]),
		fmt.Sprint(r["Big"]), fmt.Sprintf("%f", r["Real"]), fmt.Sprintf("%x", r["Guid"].(guid.GUID).LE()), fmt.Sprint(r["Word"]),
		fmt.Sprintf("%x", r["Fixed"]), fmt.Sprintf("(0x%08x 0x%08x)", ole>>32, ole&0xffffffff), fmt.Sprint(r["Word32"]),
		fmt.Sprintf("%x", r["Blob"]), fmt.Sprint(r["Name"]), fmt.Sprint(r["Title"]), fmt.Sprintf("%x", r["Bytes"]),
		fmt.Sprint(r["ASCII"]),
	}
}

func TestEsedbexportReadsAllRows(t *testing.T) {
	for _, size := range []int{4096, 8192, 16384, 32768} {
		for _, opt := range []ese.Options{{}, {XORChecksum: true}, {CompressKeys: true}, {Revision: ese.Revision11, Dirty: true}} {
			opt.PageSize = size
			t.Run(fmt.Sprintf("%+v", opt), func(t *testing.T) {
				const rows = 700
				got := export(t, build(t, opt, rows))["tbTest"]
				if len(got) != rows+1 {
					t.Fatalf("%d rows, want %d", len(got)-1, rows)
				}
				for i := 1; i <= rows; i++ {
					if diff := cmp.Diff(spelled(i), got[i]); diff != "" {
						t.Fatalf("row %d (-want +got):\n%s", i, diff)
					}
				}
			})
		}
	}
}

func TestSameCallsGiveSameBytes(t *testing.T) {
	opt := ese.Options{PageSize: 8192, CompressKeys: true}
	if !bytes.Equal(build(t, opt, 100), build(t, opt, 100)) {
		t.Error("two runs differ")
	}
}

func TestRefused(t *testing.T) {
	tests := map[string]struct {
		columns []ese.Column
		row     ese.Row
	}{
		"gap in fixed ids":  {[]ese.Column{{ID: 1, Type: ese.Long}, {ID: 3, Type: ese.Long}}, nil},
		"same id":           {[]ese.Column{{ID: 1, Type: ese.Long}, {ID: 1, Type: ese.Long}}, nil},
		"long value fixed":  {[]ese.Column{{ID: 1, Type: ese.LongText}}, nil},
		"unknown column":    {columns(), ese.Row{"Nobody": 1}},
		"wrong kind":        {columns(), ese.Row{"Id": "text"}},
		"does not fit":      {columns(), ese.Row{"Tiny": 256}},
		"too long variable": {columns(), ese.Row{"Blob": make([]byte, 256)}},
		"too long fixed":    {columns(), ese.Row{"Fixed": make([]byte, 5)}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := ese.Build(ese.Options{}, func(db *ese.DB) error {
				tab, err := db.Table("t", tt.columns)
				if err != nil {
					return err
				}
				return tab.Add(tt.row)
			})
			if err == nil {
				t.Error("accepted")
			}
		})
	}
}
