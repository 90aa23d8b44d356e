package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/Velocidex/ordereddict"
	"www.velocidex.com/golang/go-ese/parser"

	"github.com/redx-update/redx/internal/format/ese"
	write "github.com/redx-update/redx/internal/write/ese"
)

// compareESEReal reads every value of every row of every table.
func compareESEReal(o options, dir string) ([]row, error) {
	path, err := sample(dir, "windows/ese/large.edb.gz")
	if err != nil {
		return nil, err
	}
	return compareESE(o, "ESE, large.edb, all values", path)
}

// compareESEMade does so with 100 MB that our writer made.
func compareESEMade(o options, dir string) ([]row, error) {
	path := filepath.Join(dir, "made.edb")
	if err := makeESE(path, 190_000); err != nil {
		return nil, err
	}
	return compareESE(o, "ESE, made, all values", path)
}

// compareESE has both read the file, as go-ese's own program does, and then the same bytes in memory: go-ese asks for
// a few bytes at a time, and what that costs hides the rest.
func compareESE(o options, what, path string) ([]row, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	what = fmt.Sprintf("%s, %s", what, megabytes(info.Size()))
	var rows []row
	for _, where := range []string{"", " in memory"} {
		t, err := alternate(o.pairs, self("redx ese"+where, path, info.Size()), self("go-ese"+where, path, info.Size()))
		if err != nil {
			return rows, err
		}
		r := speedRow(what+where, notSlower(), t[0], t[1], "asking every column of sparse rows; strings for the caller")
		rows = append(rows, r.counted(t[0], t[1], "rows"))
	}
	return rows, nil
}

// fromFile and inMemory make readers of a file out of those of an io.ReaderAt.
func fromFile(read func(io.ReaderAt, int64) (figures, error)) func(string) (figures, error) {
	return func(path string) (f figures, err error) {
		file, size, err := open(path)
		if err != nil {
			return f, err
		}
		defer file.Close()
		return read(file, size)
	}
}

func inMemory(read func(io.ReaderAt, int64) (figures, error)) func(string) (figures, error) {
	return func(path string) (figures, error) {
		b, err := os.ReadFile(path)
		if err != nil {
			return figures{}, err
		}
		return read(bytes.NewReader(b), int64(len(b)))
	}
}

func eseRows(r io.ReaderAt, size int64) (f figures, err error) {
	db, err := ese.Open(r, size)
	if err != nil {
		return f, err
	}
	for table := range db.Tables() {
		columns := table.Columns()
		for row, err := range table.Rows() {
			if err != nil {
				return f, err
			}
			f.Count++
			for _, c := range columns {
				if _, err := row.Value(c); err != nil {
					return f, err
				}
			}
		}
	}
	return f, nil
}

// goESE opens a database with go-ese.
func goESE(r io.ReaderAt, size int64) (*parser.ESEContext, *parser.Catalog, error) {
	ctx, err := parser.NewESEContext(readerAt{r}, size)
	if err != nil {
		return nil, nil, err
	}
	catalog, err := parser.ReadCatalog(ctx)
	return ctx, catalog, err
}

// readerAt is an io.ReaderAt and nothing else.
type readerAt struct{ io.ReaderAt }

func goESERows(r io.ReaderAt, size int64) (f figures, err error) {
	_, catalog, err := goESE(r, size)
	if err != nil {
		return f, err
	}
	for _, name := range catalog.Tables.Keys() {
		err = errors.Join(err, catalog.DumpTable(name, func(*ordereddict.Dict) error { f.Count++; return nil }))
	}
	return f, err
}

// makeESE writes a database of about half a kilobyte a row.
func makeESE(path string, rows int) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	db, err := write.Create(file, write.Options{CompressKeys: true})
	if err != nil {
		return err
	}
	table, err := db.Table("tbMade", []write.Column{
		{Name: "IdEvent", Type: write.Long},
		{Name: "MappedResult", Type: write.Long},
		{Name: "UpdateId", Type: write.Binary, ID: 128},
		{Name: "Date", Type: write.Double},
		{Name: "Title", Type: write.LongText},
		{Name: "Description", Type: write.LongText},
	})
	if err != nil {
		return err
	}
	for i := range rows {
		err := table.Add(write.Row{
			"IdEvent": i, "MappedResult": 0x80070002, "UpdateId": bytes.Repeat([]byte{byte(i)}, 20), "Date": 45000.25,
			"Title":       fmt.Sprintf("2024-01 Cumulative Update for Windows 11 (KB%07d)", i),
			"Description": description,
		})
		if err != nil {
			return err
		}
	}
	return db.Close()
}

const description = "Install this update to resolve issues in Windows. For a complete listing of the issues, see the article. " +
	"After you install this item, you may have to restart your computer."
