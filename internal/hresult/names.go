package hresult

import (
	"slices"
	"strings"
)

// ByName gives the codes of a symbol, in any case: "error_file_not_found" is 0x80070002. A system error code comes in
// its HRESULT form, a database error as 0xC8000000 - n, as Windows Update prints it. The list has
// more than one code where two families use one name, and is empty for an unknown name.
func ByName(name string) []Code {
	var codes []Code
	for _, t := range namedTables {
		for _, e := range t.entries {
			if len(e.name) != len(name) || !strings.EqualFold(e.name, name) {
				continue
			}
			if c := t.code(e.code); !slices.Contains(codes, c) {
				codes = append(codes, c)
			}
		}
	}
	return codes
}

// namedTables are all tables, with the way from a table's number to the code that people see.
var namedTables = []struct {
	entries []entry
	code    func(uint32) Code
}{
	{wuTable, asIs},
	{cbsTable, asIs},
	{win32Table, FromWin32},
	{winhttpTable, FromWin32},
	{win32LaterTable, FromWin32},
	{hresultTable, asIs},
	{spapiTable, asIs},
	{bitsTable, asIs},
	{doTable, asIs},
	{mosetupTable, asIs},
	{ntstatusTable, asIs},
	{eseTable, fromESE},
}

func asIs(n uint32) Code { return Code(n) }

func fromESE(n uint32) Code {
	if n == 0 {
		return OK
	}
	return Code(0xC8000000 | -n&0xFFFF)
}
