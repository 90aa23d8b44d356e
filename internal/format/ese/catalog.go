package ese

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/redx-update/redx/internal/format"
)

// Pages of the catalog and of its copy, the same in every database.
const (
	catalogPage = 4
	shadowPage  = 24
)

// Kinds of catalog rows.
const (
	catalogTable     = 1
	catalogColumn    = 2
	catalogIndex     = 3
	catalogLongValue = 4
)

// catalogColumns are the columns of MSysObjects that are needed to read it.
func catalogColumns() []*Column {
	fixed := []struct {
		name string
		typ  ColumnType
	}{
		{"ObjidTable", Long},
		{"Type", Short},
		{"Id", Long},
		{"ColtypOrPgnoFDP", Long},
		{"SpaceUsage", Long},
		{"Flags", Long},
		{"PagesOrLocale", Long},
		{"RootFlag", Bit},
		{"RecordOffset", Short},
	}
	var cols []*Column
	at := recordHead
	for i, f := range fixed {
		c := &Column{Name: f.name, ID: uint32(i + 1), Type: f.typ, offset: at, size: f.typ.size()}
		cols, at = append(cols, c), at+c.size
	}
	for i, name := range []string{"Name", "Stats", "TemplateTable", "DefaultValue"} {
		cols = append(cols, &Column{Name: name, ID: uint32(128 + i), Type: Binary})
	}
	return cols
}

// catalogEntry is one row of the catalog.
type catalogEntry struct {
	table, id          uint32
	kind               int
	typeOrPage         uint32
	size, flags, other uint32
	offset             int
	name, template     string
	def                []byte
}

type catalogKey struct {
	table, id uint32
	kind      int
}

// readCatalog takes MSysObjects, and from its shadow what damage has taken from it.
func (db *DB) readCatalog() error {
	entries := make(map[catalogKey]catalogEntry)
	damage := db.readCatalogAt(catalogPage, entries)
	if len(damage) > 0 || !hasTables(entries) {
		damage = append(damage, db.readCatalogAt(shadowPage, entries)...)
	}
	db.info.Damage = append(db.info.Damage, damage...)
	if !hasTables(entries) {
		return fmt.Errorf("ESE catalog: no table in MSysObjects or its shadow: %w", errors.Join(damage...))
	}
	db.buildTables(entries)
	return nil
}

func hasTables(entries map[catalogKey]catalogEntry) bool {
	for k := range entries {
		if k.kind == catalogTable {
			return true
		}
	}
	return false
}

// Bounds of what is kept in memory: errors in Info, and entries, of which the largest real catalog has 65,068.
const (
	maxDamage  = 100
	maxEntries = 200_000
)

func (db *DB) readCatalogAt(root uint32, into map[catalogKey]catalogEntry) (damage []error) {
	t := newTable(db, "MSysObjects", root, 0, catalogColumns())
	for row, err := range t.Rows() {
		if err != nil {
			if len(damage) < maxDamage {
				damage = append(damage, err)
			}
			continue
		}
		e := entryOf(row)
		k := catalogKey{e.table, e.id, e.kind}
		if _, known := into[k]; known {
			continue
		}
		if len(into) == maxEntries {
			return append(damage, format.At(row.Offset(), "catalog has more than %d entries", maxEntries))
		}
		into[k] = e
	}
	return damage
}

func entryOf(r Row) catalogEntry {
	num := func(name string) uint32 { v, _ := r.Int(name); return uint32(v) }
	raw := func(name string) []byte { b, _ := r.Bytes(name); return b }
	return catalogEntry{
		table: num("ObjidTable"), id: num("Id"), kind: int(num("Type")),
		typeOrPage: num("ColtypOrPgnoFDP"), size: num("SpaceUsage"), flags: num("Flags"),
		other: num("PagesOrLocale"), offset: int(num("RecordOffset")),
		name: string(raw("Name")), template: string(raw("TemplateTable")), def: slices.Clone(raw("DefaultValue")),
	}
}

// buildTables takes entries in the order of their keys: where two say that they are one thing, the first one is it.
func (db *DB) buildTables(entries map[catalogKey]catalogEntry) {
	columns := make(map[uint32][]*Column)
	longValues := make(map[uint32]uint32)
	tables := make(map[uint32]catalogEntry)
	for _, k := range slices.SortedFunc(maps.Keys(entries), catalogKey.compare) {
		e := entries[k]
		_, hasTable := tables[e.table]
		_, hasLong := longValues[e.table]
		switch {
		case e.kind == catalogTable && !hasTable:
			tables[e.table] = e
		case e.kind == catalogColumn && e.id < 1<<16:
			columns[e.table] = append(columns[e.table], columnOf(e))
		case e.kind == catalogLongValue && !hasLong:
			longValues[e.table] = e.typeOrPage
		}
	}
	db.byName = make(map[string]*Table)
	templates := templatesOf(tables, columns)
	for _, id := range slices.Sorted(maps.Keys(tables)) {
		e := tables[id]
		t := newTable(db, e.name, e.typeOrPage, longValues[id], columns[id])
		begin := recordHead
		if base := templates[strings.ToLower(e.template)]; e.template != "" && base != nil {
			t.derived, begin = base.columns, base.end
		}
		placeFixed(t.columns, begin)
		db.tables = append(db.tables, t)
		if _, taken := db.byName[strings.ToLower(e.name)]; !taken {
			db.byName[strings.ToLower(e.name)] = t
		}
	}
}

func (k catalogKey) compare(other catalogKey) int {
	return cmp.Or(cmp.Compare(k.table, other.table), cmp.Compare(k.kind, other.kind), cmp.Compare(k.id, other.id))
}

// template is what tables derive from another one. They share it: a small file could have thousands of tables and a
// template of thousands of columns.
type template struct {
	columns []*Column
	end     int // of their fixed part in a record
}

// templatesOf gives the templates by name, in lower case.
func templatesOf(tables map[uint32]catalogEntry, columns map[uint32][]*Column) map[string]*template {
	used := make(map[string]bool)
	for _, e := range tables {
		used[strings.ToLower(e.template)] = true
	}
	out := make(map[string]*template)
	for _, id := range slices.Sorted(maps.Keys(tables)) {
		name := strings.ToLower(tables[id].name)
		if tables[id].template != "" || !used[name] || out[name] != nil {
			continue
		}
		t := &template{}
		for _, c := range columns[id] {
			derived := *c
			derived.derived = true
			t.columns = append(t.columns, &derived)
		}
		t.end = placeFixed(t.columns, recordHead)
		out[name] = t
	}
	return out
}

func columnOf(e catalogEntry) *Column {
	c := &Column{
		Name: e.name, ID: e.id, Type: ColumnType(e.typeOrPage), Codepage: int(e.other & 0xffff),
		offset: e.offset, size: ColumnType(e.typeOrPage).size(), flags: e.flags,
	}
	if c.size == 0 && c.ID < firstVariable {
		c.size = int(min(e.size, maxPageSize))
	}
	if len(e.def) > 0 && e.flags&columnUserDefault == 0 {
		c.def = e.def
	}
	return c
}

// recordHead is where the first fixed column stands in a record.
const recordHead = 4

// placeFixed gives every fixed column its place in the record, from at on: the catalog's offset when it is behind the
// column before, else right behind that one. It gives the end of the last.
func placeFixed(cols []*Column, at int) int {
	for _, c := range cols {
		if c.ID < firstVariable {
			c.offset = max(c.offset, at)
			at = c.offset + c.size
		}
	}
	return at
}

// Tables gives all tables in the order of their object ids, the engine's own MSys tables among them.
func (db *DB) Tables() iter.Seq[*Table] { return slices.Values(db.tables) }

// ErrNoTable is wrapped by Table when the database has no such table.
var ErrNoTable = errors.New("no such table")

// Table finds a table by name; case does not matter.
func (db *DB) Table(name string) (*Table, error) {
	if t := db.byName[strings.ToLower(name)]; t != nil {
		return t, nil
	}
	return nil, fmt.Errorf("table %q: %w", name, ErrNoTable)
}

func u16(b []byte, at int) int { return int(binary.LittleEndian.Uint16(b[at:])) }
