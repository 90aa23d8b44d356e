package ese

// Row is one record. It stays valid after the iteration has gone on, and then keeps its page in memory.
type Row struct {
	Page   uint32 // number of the page that the record stands in
	Number int    // 1-based count of the rows of this iteration

	table     *Table
	data      []byte
	fixedLast int // highest fixed column in the record
	fixedEnd  int // end of fixed data and of the null bits behind it
	varLast   int // highest variable column in the record
	varData   int // begin of variable data
	tagged    int // begin of tagged data
	large     bool
}

// Table gives the row's table, nil for the empty row beside an error.
func (r Row) Table() *Table { return r.table }

// Offset gives the byte offset of the row's page in the file, to report damage at.
func (r Row) Offset() int64 {
	if r.table == nil {
		return 0
	}
	return (int64(r.Page) + 1) * int64(r.table.db.info.PageSize)
}

// parse bounds the parts of a record: head, fixed columns, null bits, ends of variable columns, their data, tagged
// columns.
func (r *Row) parse(b []byte) bool {
	if len(b) < 4 {
		return false
	}
	r.data, r.fixedLast, r.varLast, r.fixedEnd = b, int(b[0]), int(b[1]), u16(b, 2)
	nulls := (r.fixedLast + 7) / 8
	if r.fixedEnd < 4+nulls || r.fixedEnd > len(b) {
		return false
	}
	variable := max(0, r.varLast-(firstVariable-1))
	r.varData = r.fixedEnd + 2*variable
	if r.varData > len(b) {
		return false
	}
	r.tagged = r.varData
	if variable > 0 {
		r.tagged += u16(b, r.varData-2) & 0x7fff
	}
	return r.tagged <= len(b)
}

// instance is one value as it is stored: in the record, or as the id of a long value.
type instance struct {
	data       []byte
	separated  bool
	compressed bool
}

// stored finds a column's values in the record; none is null.
func (r *Row) stored(c *Column) ([]instance, error) {
	if c.ID >= firstTagged {
		return r.taggedValues(c)
	}
	b, ok := r.simple(c)
	if !ok {
		return nil, nil
	}
	return []instance{{data: b}}, nil
}

// simple gives the value of a fixed or variable column, or its default when the record is older than the column.
func (r *Row) simple(c *Column) ([]byte, bool) {
	id := int(c.ID)
	if id < firstVariable {
		if id > r.fixedLast || id == 0 {
			return c.def, c.def != nil
		}
		nulls := r.fixedEnd - (r.fixedLast+7)/8
		if r.data[nulls+(id-1)/8]>>((id-1)%8)&1 != 0 || c.offset+c.size > nulls {
			return nil, false
		}
		return r.data[c.offset : c.offset+c.size : c.offset+c.size], true
	}
	if id > r.varLast {
		return c.def, c.def != nil
	}
	from, end := 0, u16(r.data, r.fixedEnd+2*(id-firstVariable))
	if id > firstVariable {
		from = u16(r.data, r.fixedEnd+2*(id-firstVariable-1)) & 0x7fff
	}
	if end&0x8000 != 0 || end < from || r.varData+end > r.tagged {
		return nil, false
	}
	return r.data[r.varData+from : r.varData+end : r.varData+end], true
}
