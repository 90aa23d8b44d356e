package hresult

import (
	"strings"
	"testing"
)

// The counts are those of mingw-w64-common 10.0; a new header changes them on purpose.
func TestTableCounts(t *testing.T) {
	for _, tt := range []struct {
		name   string
		table  []entry
		prefix string
		want   int
	}{
		{"wu", wuTable, "WU_", 465},
		{"win32", win32Table, "ERROR_", 1762 + 92}, // 1760 in capitals, 2 that end in _64k, 92 of wininet.h
		{"win32 sxs", win32Table, "ERROR_SXS_", 105},
		{"win32 inet", win32Table, "ERROR_INTERNET_", 69},
		{"win32 all", win32Table, "", 2182},
		{"hresult", hresultTable, "", 1284},
		{"spapi", spapiTable, "SPAPI_E_", 80},
		{"bits", bitsTable, "BG_", 105},
		{"ntstatus", ntstatusTable, "STATUS_", 1673}, // the header's other four are STATUS_SEVERITY_*
		{"ese", eseTable, "JET_err", 321},
		{"cbs and psfx", cbsTable, "", 110},
		{"mosetup", mosetupTable, "MOSETUP_E_", 63},
		{"delivery optimization", doTable, "DO_E_", 17},
	} {
		got := 0
		for _, e := range tt.table {
			if strings.HasPrefix(e.name, tt.prefix) {
				got++
			}
		}
		if got != tt.want {
			t.Errorf("%s: got %d names, want %d", tt.name, got, tt.want)
		}
	}
}

func TestTablesAreSortedAndWhole(t *testing.T) {
	for i, nt := range namedTables {
		for j, e := range nt.entries {
			if e.name == "" {
				t.Errorf("table %d: 0x%08X has no name", i, e.code)
			}
			if j > 0 && nt.entries[j-1].code > e.code {
				t.Errorf("table %d is not sorted at %s", i, e.name)
			}
		}
	}
}

// Every name leads to its code, and that code to the name: no entry is shadowed by a rule.
func TestNamesRoundTrip(t *testing.T) {
	for _, nt := range namedTables {
		for _, e := range nt.entries {
			if e.code != 0 && !leadsBack(e.name) {
				t.Errorf("%s (0x%08X): the code does not lead back to the name", e.name, e.code)
			}
		}
	}
}

func leadsBack(name string) bool {
	for _, c := range ByName(name) {
		for _, m := range Lookup(c) {
			if m.Symbol == name {
				return true
			}
		}
	}
	return false
}

// What the headers have is not written by hand a second time.
func TestHandMadeTablesAddOnly(t *testing.T) {
	for _, e := range win32LaterTable {
		if found := find(win32Table, e.code); len(found) > 0 {
			t.Errorf("%s (%d) is in the header as %s", e.name, e.code, found[0].name)
		}
	}
	for _, e := range winhttpTable {
		if found := find(win32Table, e.code); len(found) > 0 && found[0].name == e.name {
			t.Errorf("%s (%d) is in the header", e.name, e.code)
		}
	}
}
