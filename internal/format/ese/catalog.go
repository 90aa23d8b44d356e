package ese

import (
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
	at := 4
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

func (db *DB) buildTables(entries map[catalogKey]catalogEntry) {
	columns := make(map[uint32][]*Column)
	longValues := make(map[uint32]uint32)
	tables := make(map[uint32]catalogEntry)
	for _, e := range entries {
		switch e.kind {
		case catalogTable:
			tables[e.table] = e
		case catalogColumn:
			if e.id < 1<<16 {
				columns[e.table] = append(columns[e.table], columnOf(e))
			}
		case catalogLongValue:
			longValues[e.table] = e.typeOrPage
		}
	}
	db.byName = make(map[string]*Table)
	for _, id := range slices.Sorted(maps.Keys(tables)) {
		e := tables[id]
		cols := columns[id]
		slices.SortFunc(cols, func(a, b *Column) int { return int(a.ID) - int(b.ID) })
		cols = append(templateColumns(tables, columns, e.template), cols...)
		t := newTable(db, e.name, e.typeOrPage, longValues[id], cols)
		placeFixed(cols)
		db.tables = append(db.tables, t)
		if _, taken := db.byName[strings.ToLower(e.name)]; !taken {
			db.byName[strings.ToLower(e.name)] = t
		}
	}
}

// templateColumns gives copies of the columns that a table derives from its template.
func templateColumns(tables map[uint32]catalogEntry, columns map[uint32][]*Column, template string) []*Column {
	var out []*Column
	for id, e := range tables {
		if template == "" || !strings.EqualFold(e.name, template) || e.template != "" {
			continue
		}
		for _, c := range columns[id] {
			derived := *c
			derived.derived = true
			out = append(out, &derived)
		}
		break
	}
	slices.SortFunc(out, func(a, b *Column) int { return int(a.ID) - int(b.ID) })
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

// placeFixed gives every fixed column its place in the record: the catalog's offset when it is behind the column
// before, else right behind that one.
func placeFixed(cols []*Column) {
	at := 4
	for _, c := range cols {
		if c.ID >= firstVariable {
			continue
		}
		if c.offset < at {
			c.offset = at
		}
		at = c.offset + c.size
	}
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
