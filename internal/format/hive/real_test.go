package hive_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/format/hive"
	"github.com/redx-update/redx/internal/registry"
	"github.com/redx-update/redx/internal/testdata"
)

// tally counts what a hive has.
type tally struct {
	Keys, Values, Damaged int
	Bytes                 int64
}

func walk(k registry.Key, t *tally, damage func(error)) {
	t.Keys++
	for v, err := range k.Values() {
		if err != nil {
			t.Damaged++
			damage(err)
			continue
		}
		t.Values++
		t.Bytes += int64(len(v.Data))
	}
	for sub, err := range k.Subkeys() {
		if err != nil {
			t.Damaged++
			damage(err)
			continue
		}
		walk(sub, t, damage)
	}
}

func log(b []byte) hive.Log { return hive.Log{R: bytes.NewReader(b), Size: int64(len(b))} }

func open(t testing.TB, b []byte, logs ...hive.Log) *hive.Hive {
	t.Helper()
	h, err := hive.Open(bytes.NewReader(b), int64(len(b)), logs...)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// The counts of keys and values are those of hivexml.
func TestRealCounts(t *testing.T) {
	tests := []struct {
		name string
		want tally
	}{
		{"SYSTEM_WIN_10_1709", tally{Keys: 43211, Values: 90307, Bytes: 5175840}},
		{"SYSTEM_B", tally{Keys: 33123, Values: 74957, Bytes: 4161741}},
	}
	for _, tt := range tests {
		h := open(t, testdata.Open(t, "windows/hives/"+tt.name+".xz"))
		var got tally
		walk(h.Root(), &got, func(err error) { t.Error(err) })
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// The logs are given in the wrong order on purpose.
func TestRealRecovery(t *testing.T) {
	one := testdata.Open(t, "windows/hives/SYSTEM_B.LOG1.xz")
	two := testdata.Open(t, "windows/hives/SYSTEM_B.LOG2.xz")
	h := open(t, testdata.Open(t, "windows/hives/SYSTEM_B.xz"), log(two), log(one))
	var got tally
	walk(h.Root(), &got, func(err error) { t.Error(err) })
	want := []hive.LogInfo{
		{Format: hive.NewLog, First: 2111, Last: 2130, Entries: 20, Applied: 20},
		{Format: hive.NewLog, First: 2107, Last: 2110, Entries: 4, Applied: 4},
	}
	if diff := cmp.Diff(want, h.Info().Logs); diff != "" {
		t.Errorf("logs (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(tally{Keys: 35595, Values: 78901, Bytes: 4409637}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
