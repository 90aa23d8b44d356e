package ese

import "encoding/binary"

// Kinds of rows in the catalog.
const (
	rowTable  = 1
	rowColumn = 2
	rowLong   = 4
)

// flagDefault and flagCompressed are the column flags a reader may look at.
const (
	flagMultivalued = 0x8
	flagDefault     = 0x10
	flagCompressed  = 0x1000
)

// catalogColumns are those of MSysObjects since Windows 10.
func catalogColumns() []Column {
	return []Column{
		{ID: 1, Name: "ObjidTable", Type: Long},
		{ID: 2, Name: "Type", Type: Short},
		{ID: 3, Name: "Id", Type: Long},
		{ID: 4, Name: "ColtypOrPgnoFDP", Type: Long},
		{ID: 5, Name: "SpaceUsage", Type: Long},
		{ID: 6, Name: "Flags", Type: Long},
		{ID: 7, Name: "PagesOrLocale", Type: Long},
		{ID: 8, Name: "RootFlag", Type: Bool},
		{ID: 9, Name: "RecordOffset", Type: Short},
		{ID: 10, Name: "LCMapFlags", Type: Long},
		{ID: 11, Name: "KeyMost", Type: UShort},
		{ID: 12, Name: "LVChunkMax", Type: Long},
		{ID: 128, Name: "Name", Type: Text, ASCII: true},
		{ID: 129, Name: "Stats", Type: Binary},
		{ID: 130, Name: "TemplateTable", Type: Text, ASCII: true},
		{ID: 131, Name: "DefaultValue", Type: Binary},
		{ID: 132, Name: "KeyFldIDs", Type: Binary},
		{ID: 133, Name: "VarSegMac", Type: Binary},
		{ID: 134, Name: "ConditionalColumns", Type: Binary},
		{ID: 135, Name: "TupleLimits", Type: Binary},
		{ID: 136, Name: "Version", Type: Binary},
		{ID: 137, Name: "SortID", Type: Binary},
		{ID: 256, Name: "CallbackData", Type: LongBinary},
		{ID: 257, Name: "CallbackDependencies", Type: LongBinary},
		{ID: 258, Name: "SeparateLV", Type: LongBinary},
		{ID: 259, Name: "SpaceHints", Type: LongBinary},
		{ID: 260, Name: "SpaceDeferredLVHints", Type: LongBinary},
		{ID: 261, Name: "LocaleName", Type: LongBinary},
	}
}

// catalog writes MSysObjects, or its shadow, which says the same.
func (db *DB) catalog(object, root uint32) error {
	cols, err := layout(catalogColumns())
	if err != nil {
		return err
	}
	c := &Table{db: db, name: "MSysObjects", columns: cols, obj: object, rows: newTree(db, object, root, 0)}
	main := &Table{db: db, name: "MSysObjects", columns: cols, obj: objCatalog, rows: &tree{root: pageCatalog}}
	shadow := &Table{db: db, name: "MSysObjectsShadow", columns: cols, obj: objShadow, rows: &tree{root: pageShadow}}
	for _, t := range append([]*Table{main, shadow}, db.tables...) {
		if err := c.describe(t); err != nil {
			return err
		}
	}
	return c.rows.close()
}

// describe adds to the catalog t the rows of one table: itself, its columns, its long values.
func (t *Table) describe(of *Table) error {
	err := t.entry(of.obj, rowTable, of.obj, Row{
		"Name": of.name, "ColtypOrPgnoFDP": of.rows.root, "SpaceUsage": 80, "Flags": 0, "PagesOrLocale": 1, "RootFlag": true,
	})
	for i := range of.columns {
		col := &of.columns[i]
		row := Row{
			"Name": col.Name, "ColtypOrPgnoFDP": uint32(col.Type), "SpaceUsage": max(col.size, col.limit()),
			"Flags": col.flags(), "PagesOrLocale": col.page(),
		}
		if col.fixed() {
			row["RecordOffset"] = col.offset
		}
		if col.Default != nil && err == nil {
			row["DefaultValue"], err = col.bytes(col.Default)
		}
		if err == nil {
			err = t.entry(of.obj, rowColumn, uint32(col.ID), row)
		}
	}
	if err == nil && of.long != nil {
		err = t.entry(of.obj, rowLong, of.longObj, Row{
			"Name": "LV", "ColtypOrPgnoFDP": of.long.root, "SpaceUsage": 100, "Flags": 0, "PagesOrLocale": 1,
			"LVChunkMax": t.db.segment(),
		})
	}
	return err
}

// entry adds one row under the key that real catalogs have: table, kind and id, each as a sortable integer.
func (t *Table) entry(table, kind, id uint32, row Row) error {
	row["ObjidTable"], row["Type"], row["Id"] = table, kind, id
	rec, err := t.record(row)
	if err != nil {
		return err
	}
	key := binary.BigEndian.AppendUint32([]byte{0x7f}, table^0x80000000)
	key = binary.BigEndian.AppendUint16(append(key, 0x7f), uint16(kind)^0x8000)
	key = binary.BigEndian.AppendUint32(append(key, 0x7f), id^0x80000000)
	return t.rows.add(key, rec, 0)
}

func (c *Column) limit() int {
	if c.variable() && (c.Type == Binary || c.Type == Text) {
		return 255
	}
	return 0
}

func (c *Column) flags() int {
	f := 0
	if c.tagged() {
		f |= flagMultivalued
	}
	if c.Default != nil {
		f |= flagDefault
	}
	if c.Compress != Plain {
		f |= flagCompressed
	}
	return f
}

func (c *Column) page() int {
	switch {
	case !c.text():
		return 0
	case c.ASCII:
		return 1252
	}
	return 1200
}
