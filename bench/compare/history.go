package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/Velocidex/ordereddict"
	"www.velocidex.com/golang/go-ese/parser"

	"github.com/redx-update/redx/internal/format/datastore"
	"github.com/redx-update/redx/internal/guid"
	writestore "github.com/redx-update/redx/internal/write/datastore"
	write "github.com/redx-update/redx/internal/write/ese"
)

const historyTable = "tbHistory"

// compareHistory reads the update history out of a datastore that holds much else. What redx asks of the file is
// compared with the pages that carry the number of the table's object; go-ese says which number that is.
func compareHistory(o options, dir string) ([]row, error) {
	path := filepath.Join(dir, "DataStore.edb")
	if err := makeDatastore(path, int64(o.mb)<<20); err != nil {
		return nil, err
	}
	own, size, err := tablePages(path)
	if err != nil {
		return nil, err
	}
	t, err := alternate(o.pairs, self("redx history", path, own), self("go-ese history", path, own))
	if err != nil {
		return nil, err
	}
	ours, theirs := t[0], t[1]
	what := fmt.Sprintf("%s of a %s datastore", historyTable, megabytes(size))
	part := float64(ours.Read) / float64(own)
	pages := row{
		ratio: fmt.Sprintf("%.2fx the pages", part), goal: goal{text: "its pages alone", met: part <= 1.001},
		what: what + ", bytes read", redx: megabytes(ours.Read), peer: "the table's pages " + megabytes(own),
		limit: "reads each page once; opening reads the catalog besides",
	}
	speed := speedRow(what, goal{}, ours, theirs, "opening: the catalog, and every page's checksum").counted(ours, theirs, "rows")
	speed.redx = fmt.Sprintf("%v, %d rows", median(ours.wall).Round(time.Millisecond), ours.Count)
	speed.peer = fmt.Sprintf("go-ese %v, %d, reads %s", median(theirs.wall).Round(time.Millisecond), theirs.Count, megabytes(theirs.Read))
	return []row{pages, speed}, nil
}

// counter counts what is asked of a file.
type counter struct {
	io.ReaderAt
	bytes int64
}

func (c *counter) ReadAt(b []byte, off int64) (int, error) {
	c.bytes += int64(len(b))
	return c.ReaderAt.ReadAt(b, off)
}

// history counts what the walk reads; opening has read header and catalog before it.
func history(path string) (f figures, err error) {
	file, size, err := open(path)
	if err != nil {
		return f, err
	}
	defer file.Close()
	c := &counter{ReaderAt: file}
	store, err := datastore.Open(c, size)
	if err != nil {
		return f, err
	}
	c.bytes = 0
	for _, err := range store.History() {
		if err != nil {
			return f, err
		}
		f.Count++
	}
	f.Read = c.bytes
	return f, nil
}

func goESEHistory(path string) (f figures, err error) {
	file, size, err := open(path)
	if err != nil {
		return f, err
	}
	defer file.Close()
	c := &counter{ReaderAt: file}
	_, catalog, err := goESE(c, size)
	if err != nil {
		return f, err
	}
	c.bytes = 0
	err = catalog.DumpTable(historyTable, func(*ordereddict.Dict) error { f.Count++; return nil })
	f.Read = c.bytes
	return f, err
}

// tablePages adds up the pages of the table's object.
func tablePages(path string) (own, size int64, err error) {
	file, size, err := open(path)
	if err != nil {
		return 0, 0, err
	}
	defer file.Close()
	ctx, catalog, err := goESE(file, size)
	if err != nil {
		return 0, 0, err
	}
	table, err := goESETable(catalog, historyTable)
	if err != nil {
		return 0, 0, err
	}
	var head [28]byte
	object := func(at int64) uint32 {
		if _, err := file.ReadAt(head[:], at); err != nil {
			return 0
		}
		return binary.LittleEndian.Uint32(head[24:])
	}
	want := object((int64(table.FatherDataPageNumber) + 1) * ctx.PageSize)
	for at := 2 * ctx.PageSize; at < size; at += ctx.PageSize {
		if object(at) == want {
			own += ctx.PageSize
		}
	}
	return own, size, nil
}

// makeDatastore writes a history of 4,000 attempts, their pages strewn among those of another table.
func makeDatastore(path string, size int64) error {
	const attempts, payload = 4000, 7000
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	db, err := write.Create(file, writestore.Options())
	if err != nil {
		return err
	}
	other, err := db.Table("tbMade", []write.Column{{Name: "Id", Type: write.Long}, {Name: "Xml", Type: write.LongBinary}})
	if err != nil {
		return err
	}
	each := int(size / payload / attempts)
	xml := make([]byte, payload)
	var failed error
	err = writestore.AddHistory(db, func(yield func(writestore.Event) bool) {
		for i := range attempts {
			for j := range each {
				if failed = other.Add(write.Row{"Id": i*each + j, "Xml": xml}); failed != nil {
					return
				}
			}
			if !yield(attempt(i)) {
				return
			}
		}
	})
	if err == nil {
		err = failed
	}
	if err != nil {
		return err
	}
	return db.Close()
}

func attempt(i int) writestore.Event {
	return writestore.Event{
		Status: 1, ServerSelection: 2, MappedResult: uint32(i%2) * 0x80070002, UnmappedResult: uint32(i%2) * 0x80070002,
		UpdateID: guid.GUID{0: byte(i), 1: byte(i >> 8), 15: 1}, Revision: 200, ClientID: "UpdateOrchestrator",
		Date:        time.Date(2024, 1, 1, 0, i, 0, 0, time.UTC),
		Title:       fmt.Sprintf("2024-01 Cumulative Update for Windows 11 (KB%07d)", 5000000+i),
		Description: description,
	}
}

func goESETable(c *parser.Catalog, name string) (*parser.Table, error) {
	t, _ := c.Tables.Get(name)
	table, ok := t.(*parser.Table)
	if !ok {
		return nil, fmt.Errorf("go-ese finds no %s", name)
	}
	return table, nil
}
