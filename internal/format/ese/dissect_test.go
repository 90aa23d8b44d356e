package ese

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The values here are those that the tests of dissect.esedb assert of its databases.

func TestDissectBasic(t *testing.T) {
	rows := realRows(t, "basic.edb.gz", "basic")
	if len(rows) != 2 {
		t.Fatalf("%d rows, want 2", len(rows))
	}
	for name, want := range map[string]int64{
		"Id": 2, "Bit": 1, "UnsignedByte": 255, "Short": 1339, "Long": 13391339, "Currency": -1339133913391339,
	} {
		if got, ok := rows[1].Int(name); !ok || (got != want && !(name == "Bit" && got != 0)) {
			t.Errorf("%s is %d %v, want %d", name, got, ok, want)
		}
	}
	for i, want := range []struct {
		single, double float64
		date           time.Time
	}{
		{1, 13371337.13371337, time.Date(1999, 3, 1, 0, 0, 0, 0, time.UTC)},
		{-2, -13391339.13391339, time.Date(1337, 6, 9, 0, 0, 0, 0, time.UTC)},
	} {
		single, _ := rows[i].Float("IEEESingle")
		double, _ := rows[i].Float("IEEEDouble")
		date, _ := rows[i].Time("DateTime")
		if single != want.single || double != want.double || !date.Equal(want.date) {
			t.Errorf("row %d: %v %v %v, want %v", i, single, double, date, want)
		}
	}
}

func TestDissectMulti(t *testing.T) {
	rows := realRows(t, "multi.edb.gz", "multi")
	if len(rows) != 2 {
		t.Fatalf("%d rows, want 2", len(rows))
	}
	as := strings.Repeat("a", 1024)
	three := func(text, end string) []string {
		var out []string
		for i := 1; i <= 3; i++ {
			out = append(out, fmt.Sprintf("%s, this is value %d%s", text, i, end))
		}
		return out
	}
	foxes := func(text, end string) []string {
		out := three(text, "")
		for i := range out {
			out[i] += " " + strings.Repeat("\U0001f98a", i+1) + end
		}
		return out
	}
	want := []map[string][]string{{
		"Binary":                three("Some binary data that has multiple values", ""),
		"LongBinary":            three("Some very long binary data that has multiple values", " "+as),
		"LongCompressedBinary":  three("Some very long compressed binary data that has multiple values", " "+as),
		"ASCII":                 three("Some ASCII text that has multiple values", ""),
		"Unicode":               foxes("Some Unicode text that has multiple values", ""),
		"LongASCII":             three("Some very long ASCII text that has multiple values", " "+as),
		"LongUnicode":           foxes("Some very long Unicode text that has multiple values", " "+as),
		"LongCompressedASCII":   three("Some very long compressed ASCII text that has multiple values", " "+as),
		"LongCompressedUnicode": foxes("Some very long compressed Unicode text that has multiple values", " "+as),
	}, {
		"Binary": nil, "ASCII": nil, "Unicode": nil,
		"LongBinary":           {"Tiny binary 1", "Tiny binary 2", "Tiny binary 3"},
		"LongCompressedBinary": {"Tiny c binary 1", "Tiny c binary 2", "Tiny c binary 3"},
		"LongASCII":            {"Tiny ASCII 1", "Tiny ASCII 2"},
		"LongUnicode":          {"Tiny \U0001f98a 1", "Tiny \U0001f98a\U0001f98a", "Tiny \U0001f98a\U0001f98a\U0001f98a"},
	}}
	for i, columns := range want {
		for name, texts := range columns {
			if got := decoded(t, rows[i], name); !cmp.Equal(got, texts) {
				t.Errorf("row %d, %s: %.120q, want %.120q", i, name, got, texts)
			}
		}
	}
}

// decoded gives all values of a column as text, binary ones as they are.
func decoded(t *testing.T, r Row, name string) []string {
	t.Helper()
	values, err := r.Values(name)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, v := range values {
		if strings.Contains(name, "Binary") {
			out = append(out, string(v))
		} else {
			out = append(out, r.Table().Column(name).Decode(v))
		}
	}
	return out
}

func TestDissectLarge(t *testing.T) {
	rows := realRows(t, "large.edb.gz", "large")
	if len(rows) != 16 {
		t.Fatalf("%d rows, want 16", len(rows))
	}
	wrong := 0
	for i := range 64993 {
		if got, ok := rows[i/4096].Int(fmt.Sprintf("Column%d", i)); (!ok || got != int64(i)) && wrong < 5 {
			t.Errorf("Column%d is %d %v", i, got, ok)
			wrong++
		}
	}
}
