package sqlitefile

import "fmt"

// maxText is how much of one value is read, in characters.
const maxText = 64 << 10

// RowID names the number of a table's row. A table may hide it behind columns of the same names; then it is 0.
func RowID(have map[string]bool) string {
	for _, name := range []string{"ROWID", "_ROWID_", "OID"} {
		if !have[name] {
			return name
		}
	}
	return "0"
}

// Column is the expression that reads a column as what its variable wants (*string, *int64 or *bool), whatever type
// SQLite has stored; texts are cut. A column that the table lacks reads as the zero value.
func Column(name string, to any, have bool) string {
	switch to.(type) {
	case *bool:
		if !have {
			return "0"
		}
		return fmt.Sprintf(`coalesce(CAST(%q AS INTEGER), 0) <> 0`, name)
	case *int64:
		if !have {
			return "0"
		}
		return fmt.Sprintf(`coalesce(CAST(%q AS INTEGER), 0)`, name)
	}
	if !have {
		return "''"
	}
	return fmt.Sprintf(`coalesce(substr(CAST(%q AS TEXT), 1, %d), '')`, name, maxText)
}
