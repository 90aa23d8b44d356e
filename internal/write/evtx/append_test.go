package evtx_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redx-update/redx/internal/format"
	read "github.com/redx-update/redx/internal/format/evtx"
	"github.com/redx-update/redx/internal/testdata"
	"github.com/redx-update/redx/internal/write/evtx"
)

// numbers gives the numbers of the records, and whether a record or chunk is damaged.
func numbers(t *testing.T, b []byte) (all []uint64, damaged bool) {
	t.Helper()
	f, err := read.Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	for r, err := range f.Records(nil) {
		damaged = damaged || err != nil
		if r != nil {
			all = append(all, r.Number)
		}
	}
	return all, damaged
}

func appended(t *testing.T, old []byte, n, most int) []byte {
	t.Helper()
	b, err := evtx.Append(old, log(n), most)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestAppend(t *testing.T) {
	sound := write(t, log(6), evtx.Options{First: 5})
	for name, tt := range map[string]struct {
		old         []byte
		first, last uint64
		size        int
		damaged     bool
	}{
		"to nothing":       {nil, 1, 9, 4096 + 65536, false},
		"to a sound log":   {sound, 5, 19, 4096 + 65536, false},
		"to a dirty log":   {write(t, log(6), evtx.Options{First: 5, Dirty: true}), 5, 19, 4096 + 65536, false},
		"behind a reserve": {write(t, log(6), evtx.Options{First: 5, Reserved: 3}), 5, 19, 4096 + 65536, false},
		"behind a damaged chunk": {
			write(t, log(6), evtx.Options{First: 5, BadChecksum: []int{0}}), 5, 19, 4096 + 2*65536, true,
		},
		"behind a header that lags": {write(t, log(6), evtx.Options{First: 5, PerChunk: 3, HeaderChunks: 1, Dirty: true}), 5, 19, 4096 + 2*65536, false},
		"to a log that was cut":     {sound[:4096+700], 5, 19, 4096 + 2*65536, true},
	} {
		t.Run(name, func(t *testing.T) {
			b := appended(t, tt.old, 9, 0)
			got, damaged := numbers(t, b)
			if len(got) == 0 || got[len(got)-1] != tt.last || !tt.damaged && got[0] != tt.first || damaged != tt.damaged || len(b) != tt.size {
				t.Errorf("records %d, damaged %v, %d bytes", got, damaged, len(b))
			}
		})
	}
}

// TestAppendOneByOne holds that events which come one by one end up as if they had come at once.
func TestAppendOneByOne(t *testing.T) {
	all := log(300)
	var b []byte
	for i := range all {
		var err error
		if b, err = evtx.Append(b, all[i:i+1], 0); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(b, write(t, all, evtx.Options{})) {
		t.Error("they differ")
	}
}

func TestAppendLeavesTheOldestOut(t *testing.T) {
	old := write(t, log(40), evtx.Options{PerChunk: 4})
	got, damaged := numbers(t, appended(t, old, 1, 3))
	if len(got) != 4+4+4+1 || got[0] != 29 || got[len(got)-1] != 41 || damaged {
		t.Errorf("%d, %v", got, damaged)
	}
	// The newest chunk stands first, as in a log that has wrapped around.
	wrapped := append(append(bytes.Clone(old[:4096]), old[4096+9*65536:]...), old[4096:4096+9*65536]...)
	if got, damaged := numbers(t, appended(t, wrapped, 1, 0)); len(got) != 41 || got[0] != 1 || got[40] != 41 || damaged {
		t.Errorf("wrapped: %d, %v", got, damaged)
	}
}

func TestAppendToAnotherFile(t *testing.T) {
	for _, old := range []string{"x", strings.Repeat("y", 5000)} {
		if _, err := evtx.Append([]byte(old), log(1), 0); !errors.Is(err, format.ErrNotThis) {
			t.Errorf("got %v", err)
		}
	}
}

// TestAppendToRealLog adds to a log of Windows' own and has evtxexport read the result.
func TestAppendToRealLog(t *testing.T) {
	export, info := testdata.Tool(t, "evtxexport"), testdata.Tool(t, "evtxinfo")
	old := testdata.Open(t, "windows/evtx/Win10_Belkasoft_Microsoft-Windows-WindowsUpdateClient-Operational.evtx")
	before, _ := numbers(t, old)
	b := appended(t, old, 8, 0)
	if after, damaged := numbers(t, b); len(after) != len(before)+8 || damaged {
		t.Errorf("%d records and then %d, damaged %v", len(before), len(after), damaged)
	}
	path := filepath.Join(t.TempDir(), "log.evtx")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(export, "-f", "xml", path).CombinedOutput()
	if n := strings.Count(string(out), "<Event "); err != nil || n != len(before)+8 {
		t.Errorf("evtxexport reads %d records, want %d: %v", n, len(before)+8, err)
	}
	if n := strings.Count(string(out), "Fix &lt;&amp;&gt;"); n != 2 {
		t.Errorf("evtxexport reads %d of the new titles, want 2", n)
	}
	out, err = exec.Command(info, path).CombinedOutput()
	if err != nil || strings.Contains(string(out), "corrupted") || strings.Contains(string(out), "dirty") {
		t.Errorf("evtxinfo: %v: %s", err, out)
	}
}

func FuzzAppend(f *testing.F) {
	var b bytes.Buffer
	if err := evtx.Write(&b, log(3), evtx.Options{}); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, old []byte) {
		out, err := evtx.Append(old, log(1), 4)
		if err != nil {
			return
		}
		r, err := read.Open(bytes.NewReader(out), int64(len(out)))
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for rec := range r.Records(nil) {
			found = found || rec != nil && rec.Computer == "PC-17"
		}
		if !found {
			t.Error("what was appended is not there")
		}
	})
}
