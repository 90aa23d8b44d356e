package ese

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/testdata"
)

// The databases are those of dissect.esedb's tests. The values below follow from the names of the columns and from the
// sizes that the databases themselves state; those of basic.edb are also what esedbexport 20181229 prints.

func realRows(t *testing.T, file, table string) []Row {
	t.Helper()
	db := open(t, testdata.Open(t, "windows/ese/"+file))
	tab, err := db.Table(table)
	if err != nil {
		t.Fatal(err)
	}
	var rows []Row
	for row, err := range tab.Rows() {
		if err != nil {
			t.Error(err)
		}
		rows = append(rows, row)
	}
	return rows
}

func TestRealBasic(t *testing.T) {
	rows := realRows(t, "basic.edb.gz", "basic")
	if len(rows) != 2 {
		t.Fatalf("%d rows, want 2", len(rows))
	}
	for name, want := range map[string]int64{
		"Id": 1, "Bit": 0, "UnsignedByte": 213, "Short": -1337, "Long": -13371337, "Currency": 1337133713371337,
		"UnsignedLong": 13371337, "LongLong": -13371337, "UnsignedShort": 1337,
	} {
		if got, ok := rows[0].Int(name); got != want || !ok {
			t.Errorf("%s is %d %v, want %d", name, got, ok, want)
		}
	}
	if got, _ := rows[0].Float("IEEEDouble"); got != 13371337.13371337 {
		t.Errorf("IEEEDouble is %v", got)
	}
	if got, _ := rows[0].Time("DateTime"); got.IsZero() {
		t.Error("DateTime is not set")
	}
	if got, _ := rows[0].GUID("GUID"); got.String() != "3f360af1-6766-46dc-9af2-0dacf295c2a1" {
		t.Errorf("GUID is %v", got)
	}
	for _, name := range []string{"UnsignedLong", "LongLong", "GUID", "UnsignedShort"} {
		if v, err := rows[1].Values(name); v != nil || err != nil {
			t.Errorf("%s is %v %v, want null", name, v, err)
		}
	}
}

func TestRealText(t *testing.T) {
	rows := realRows(t, "text.edb.gz", "text")
	if len(rows) != 1 {
		t.Fatalf("%d rows, want 1", len(rows))
	}
	const fox = " \U0001f98a"
	as := strings.Repeat("a", 1024)
	for name, want := range map[string]string{
		"ASCII": "Simple ASCII text", "Unicode": "Simple Unicode text" + fox,
		"TaggedASCII": "Tagged ASCII text", "TaggedUnicode": "Tagged Unicode text" + fox,
		"LongASCII": "Long ASCII text " + as, "LongUnicode": "Long Unicode text" + fox + " " + as,
		"LongCompressedASCII":       "Long compressed ASCII text " + as,
		"LongCompressedUnicode":     "Long compressed Unicode text" + fox + " " + as,
		"LongTinyASCII":             "Tiny ASCII",
		"LongTinyUnicode":           "Tiny" + fox,
		"LongTinyCompressedASCII":   "Tiny c ASCII",
		"LongTinyCompressedUnicode": "Tiny c" + fox,
		"MaxLongASCII":              "Max long ASCII text that can be a bit longer " + as[:900],
		"MaxLongUnicode":            "Max long Unicode text that can be a bit longer" + fox + " " + as[:900],
		"MaxLongCompressedASCII":    "Max long compressed ASCII text that can be a bit longer " + as[:900],
		"MaxLongCompressedUnicode":  "Max long compressed Unicode text that can be a bit longer" + fox + " " + as[:900],
	} {
		if got, ok := rows[0].Text(name); got != want || !ok {
			t.Errorf("%s is %.80q (%d), want %.80q (%d)", name, got, len(got), want, len(want))
		}
	}
	if got, _ := rows[0].Text("FixedASCII"); strings.TrimRight(got, " ") != "Fixed ASCII text" || len(got) != 255 {
		t.Errorf("FixedASCII is %q", got)
	}
	for _, name := range []string{"NullableFixedASCII", "NullableUnicode", "NullableTaggedUnicode"} {
		if got, ok := rows[0].Text(name); ok {
			t.Errorf("%s is %q, want null", name, got)
		}
	}
}

func TestRealMultiValues(t *testing.T) {
	rows := realRows(t, "multi.edb.gz", "multi")
	if len(rows) != 2 {
		t.Fatalf("%d rows, want 2", len(rows))
	}
	for _, name := range []string{"LongBinary", "LongCompressedBinary", "LongASCII", "LongCompressedASCII"} {
		values, err := rows[0].Values(name)
		if err != nil || len(values) != 3 {
			t.Fatalf("%s: %d values, %v", name, len(values), err)
		}
		for i, v := range values {
			want := fmt.Sprintf("this is value %d", i+1)
			if !strings.Contains(string(v), want) || !strings.HasSuffix(string(v), strings.Repeat("a", 1000)) {
				t.Errorf("%s value %d is %.90q (%d bytes)", name, i+1, v, len(v))
			}
		}
	}
	want := []string{strings.Repeat("a", 41), strings.Repeat("b", 40), strings.Repeat("c", 35)}
	if diff := cmp.Diff(want, texts(t, rows[1], "LongCompressedASCII")); diff != "" {
		t.Error(diff)
	}
	want = []string{"Tiny \U0001f98a 1", "Tiny \U0001f98a\U0001f98a", "Tiny \U0001f98a\U0001f98a\U0001f98a"}
	if got := texts(t, rows[1], "LongUnicode"); !slices.Equal(got, want) {
		t.Errorf("LongUnicode is %q, want %q", got, want)
	}
}

func texts(t *testing.T, row Row, name string) (out []string) {
	t.Helper()
	values, err := row.Values(name)
	if err != nil {
		t.Error(err)
	}
	for _, v := range values {
		out = append(out, row.Table().Column(name).Decode(v))
	}
	return out
}

// Windows 11's queue: 16 KB pages, 8-byte ids of long values, reserved tag bits, never shut down.
func TestRealQueue(t *testing.T) {
	b := testdata.Open(t, "windows/ese/qmgr.db.gz")
	db := open(t, b)
	got := db.Info()
	if diff := cmp.Diff(Info{PageSize: 16384, Version: 0x620, Revision: 0xc8, State: Dirty}, got); diff != "" {
		t.Error(diff)
	}
	for _, name := range []string{"Jobs", "Files"} {
		seen := make(map[string]bool)
		for _, row := range realRows(t, "qmgr.db.gz", name) {
			id, _ := row.GUID("Id")
			blob, ok := row.Bytes("Blob")
			if seen[id.String()] || !ok || len(blob) < 1000 {
				t.Errorf("%s %v: seen before %v, blob of %d bytes", name, id, seen[id.String()], len(blob))
			}
			seen[id.String()] = true
		}
		if len(seen) != 4 {
			t.Errorf("%s has %d rows, want 4", name, len(seen))
		}
	}
}

func TestRealLargeTable(t *testing.T) {
	start := time.Now()
	db := open(t, testdata.Open(t, "windows/ese/large.edb.gz"))
	table, err := db.Table("large")
	if err != nil {
		t.Fatal(err)
	}
	rows, values := 0, 0
	for row, err := range table.Rows() {
		if err != nil {
			t.Error(err)
		}
		rows++
		for _, c := range table.Columns() {
			v, err := row.Values(c.Name)
			if err != nil {
				t.Error(err)
			}
			values += len(v)
		}
	}
	t.Logf("%d rows, %d columns, %d values in %v", rows, len(table.Columns()), values, time.Since(start))
	if rows != 16 || len(table.Columns()) < 64000 || values < 16 {
		t.Errorf("%d rows, %d columns, %d values", rows, len(table.Columns()), values)
	}
}
