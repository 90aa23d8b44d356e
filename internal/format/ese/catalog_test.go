package ese

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTemplate has a table that derives columns from a template: those come first, in the record too.
func TestTemplate(t *testing.T) {
	db := &DB{}
	db.buildTables(asCatalog(
		catalogEntry{table: 8, id: 8, kind: catalogTable, name: "Base"},
		catalogEntry{table: 8, id: 1, kind: catalogColumn, typeOrPage: uint32(LongLong), name: "a"},
		catalogEntry{table: 8, id: 256, kind: catalogColumn, typeOrPage: uint32(LongText), name: "far"},
		catalogEntry{table: 9, id: 9, kind: catalogTable, name: "Derived", template: "BASE"},
		catalogEntry{table: 9, id: 2, kind: catalogColumn, typeOrPage: uint32(Long), name: "b"},
		catalogEntry{table: 10, id: 10, kind: catalogTable, name: "Lost", template: "Nowhere"},
		catalogEntry{table: 10, id: 1, kind: catalogColumn, typeOrPage: uint32(Long), name: "c"},
	))
	got := map[string]string{}
	for table := range db.Tables() {
		for _, c := range table.Columns() {
			got[table.Name+"."+c.Name] = fmt.Sprintf("%d at %d, derived %t", c.ID, c.offset, c.derived)
		}
	}
	want := map[string]string{
		"Base.a": "1 at 4, derived false", "Base.far": "256 at 0, derived false", "Derived.a": "1 at 4, derived true",
		"Derived.far": "256 at 0, derived true", "Derived.b": "2 at 12, derived false", "Lost.c": "1 at 4, derived false",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
}

// TestSharedTemplate has as many tables as their template has columns.
func TestSharedTemplate(t *testing.T) {
	const n = 1500
	var entries []catalogEntry
	entries = append(entries, catalogEntry{table: 8, id: 8, kind: catalogTable, name: "Base"})
	for i := uint32(1); i <= n; i++ {
		entries = append(entries,
			catalogEntry{table: 8, id: 255 + i, kind: catalogColumn, typeOrPage: uint32(LongText), name: fmt.Sprint("c", i)},
			catalogEntry{table: 8 + i, id: 8 + i, kind: catalogTable, name: fmt.Sprint("t", i), template: "Base"})
	}
	known := asCatalog(entries...)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	db := &DB{}
	db.buildTables(known)
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > 16<<20 {
		t.Errorf("%d tables of a template of %d columns took %d MB", n, n, took>>20)
	}
	last, err := db.Table(fmt.Sprint("t", n))
	if err != nil || last.Column(fmt.Sprint("C", n)) == nil {
		t.Errorf("%v; the last table lacks the last column", err)
	}
}

// TestContradiction has a catalog that says one thing twice; what is read does not depend on chance.
func TestContradiction(t *testing.T) {
	for range 50 {
		db := &DB{}
		db.buildTables(asCatalog(
			catalogEntry{table: 8, id: 8, kind: catalogTable, name: "First", typeOrPage: 40},
			catalogEntry{table: 8, id: 9, kind: catalogTable, name: "Second", typeOrPage: 50},
			catalogEntry{table: 8, id: 20, kind: catalogLongValue, typeOrPage: 60},
			catalogEntry{table: 8, id: 21, kind: catalogLongValue, typeOrPage: 70},
		))
		if len(db.tables) != 1 || db.tables[0].Name != "First" || db.tables[0].root != 40 || db.tables[0].longValues != 60 {
			t.Fatalf("got %+v", db.tables[0])
		}
	}
}

func asCatalog(entries ...catalogEntry) map[catalogKey]catalogEntry {
	out := map[catalogKey]catalogEntry{}
	for _, e := range entries {
		out[catalogKey{e.table, e.id, e.kind}] = e
	}
	return out
}
