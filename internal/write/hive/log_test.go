package hive_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	reader "github.com/redx-update/redx/internal/format/hive"
	"github.com/redx-update/redx/internal/write/hive"
)

// states gives a hive after one, two, ... writes; each adds to it, so that it grows.
func states(t testing.TB, n int) [][]byte {
	t.Helper()
	list := make([][]byte, n)
	root := &hive.Key{Name: "ROOT", Time: written}
	for i := range list {
		root.Sub("a").DWord("n", uint32(i))
		root.Sub("b"+strings.Repeat("x", i)).SZ("grow", strings.Repeat("g", 3000))
		b, err := hive.Encode(root, hive.Options{Name: "SYSTEM", Sequence: 10, Written: written})
		if err != nil {
			t.Fatal(err)
		}
		list[i] = b
	}
	return list
}

func logOf(b []byte) reader.Log { return reader.Log{R: bytes.NewReader(b), Size: int64(len(b))} }

// read gives the number in the hive, which tells the state, and whether all of the hive reads well.
func read(t *testing.T, h *reader.Hive) uint64 {
	t.Helper()
	flat(t, h.Root(), "", map[string]string{})
	k, err := h.Root().Open("a")
	if err != nil {
		t.Fatal(err)
	}
	v, err := k.Value("n")
	if err != nil {
		t.Fatal(err)
	}
	n, _ := v.Uint64()
	return n
}

func TestRecover(t *testing.T) {
	s := states(t, 8)
	dirty := hive.MarkDirty(s[0])
	torn := bytes.Clone(dirty)
	torn[100] ^= 1
	lost := append(make([]byte, 4096), s[0][4096:]...)
	bad := hive.NewLog(11, s[:4]...)
	bad[len(bad)-600] ^= 1 // in the third entry
	short := hive.NewLog(11, s[:4]...)
	oldBad := hive.OldLog(s[0], s[3])
	tests := []struct {
		name    string
		hive    []byte
		logs    [][]byte
		want    uint64 // number of the state
		applied []int
	}{
		{"clean, log not needed", s[0], [][]byte{hive.NewLog(11, s[:4]...)}, 0, []int{0}},
		{"dirty without logs", dirty, nil, 0, nil},
		{"one log", dirty, [][]byte{hive.NewLog(11, s[:4]...)}, 3, []int{3}},
		{"second continues first", dirty, [][]byte{hive.NewLog(11, s[:4]...), hive.NewLog(14, s[3:]...)}, 7, []int{3, 4}},
		{"in wrong order", dirty, [][]byte{hive.NewLog(14, s[3:]...), hive.NewLog(11, s[:4]...)}, 7, []int{4, 3}},
		{"first is a leftover", dirty, [][]byte{hive.NewLog(3, s[4:7]...), hive.NewLog(11, s[:3]...)}, 2, []int{0, 2}},
		{"all is in the hive", dirty, [][]byte{hive.NewLog(2, s[1:4]...)}, 0, []int{0}},
		{"third entry damaged", dirty, [][]byte{bad}, 2, []int{2}},
		{"third entry cut off", dirty, [][]byte{short[:len(short)-1024]}, 2, []int{2}},
		{"leftover behind the end", dirty, [][]byte{append(hive.NewLog(11, s[:3]...), hive.NewLog(5, s[2:5]...)[512:]...)}, 2, []int{2}},
		{"base block torn", torn, [][]byte{hive.NewLog(11, s[:4]...)}, 3, []int{3}},
		{"base block lost", lost, [][]byte{hive.NewLog(14, s[3:]...), hive.NewLog(11, s[:4]...)}, 7, []int{4, 3}},
		{"empty log", dirty, [][]byte{{}, hive.NewLog(11, s[:4]...)}, 3, []int{0, 3}},
		{"not a log", dirty, [][]byte{s[3]}, 0, []int{0}},
		{"old log", dirty, [][]byte{hive.OldLog(s[0], s[3])}, 3, []int{1}},
		{"old log, base block torn", torn, [][]byte{hive.OldLog(s[0], s[3])}, 3, []int{1}},
		{"old log cut off", dirty, [][]byte{oldBad[:len(oldBad)-512]}, 0, []int{0}},
		{"two old logs, one incomplete", dirty, [][]byte{hive.OldLog(s[0], s[3]), hive.MarkDirty(hive.OldLog(s[0], s[4]))}, 3, []int{1, 0}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var logs []reader.Log
			for _, l := range tt.logs {
				logs = append(logs, logOf(l))
			}
			h, err := reader.Open(bytes.NewReader(tt.hive), int64(len(tt.hive)), logs...)
			if err != nil {
				t.Fatal(err)
			}
			if got := read(t, h); got != tt.want {
				t.Errorf("got state %d, want %d; %+v", got, tt.want, h.Info())
			}
			var applied []int
			for _, l := range h.Info().Logs {
				applied = append(applied, l.Applied)
			}
			if diff := cmp.Diff(tt.applied, applied); diff != "" {
				t.Errorf("applied (-want +got):\n%s%+v", diff, h.Info())
			}
			if got, want := h.Info().Dirty, !bytes.Equal(tt.hive, s[0]); got != want {
				t.Errorf("dirty: got %v, want %v", got, want)
			}
		})
	}
}

// TestWildBase has a base block of which nothing holds: neither the root, nor the numbers, which are above all that the
// logs have.
func TestWildBase(t *testing.T) {
	s := states(t, 8)
	wild := hive.MarkDirty(s[0])
	for i := 4; i < 48; i++ {
		wild[i] |= 0xf0
	}
	for name, tt := range map[string]struct {
		logs []reader.Log
		want uint64
	}{
		"new logs": {[]reader.Log{logOf(hive.NewLog(11, s[:4]...)), logOf(hive.NewLog(14, s[3:]...))}, 7},
		"old log":  {[]reader.Log{logOf(hive.OldLog(s[0], s[3]))}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			h, err := reader.Open(bytes.NewReader(wild), int64(len(wild)), tt.logs...)
			if err != nil {
				t.Fatal(err)
			}
			if got := read(t, h); got != tt.want || !h.Info().BadChecksum || !h.Info().Recovered() {
				t.Errorf("got state %d, want %d; %+v", got, tt.want, h.Info())
			}
		})
	}
}

func TestRecoverSaysWhyNot(t *testing.T) {
	s := states(t, 4)
	l := hive.NewLog(2, s[1:4]...)
	dirty := hive.MarkDirty(s[0])
	h, err := reader.Open(bytes.NewReader(dirty), int64(len(dirty)), logOf(l), logOf(nil))
	if err != nil {
		t.Fatal(err)
	}
	for i, l := range h.Info().Logs {
		if l.Err == nil {
			t.Errorf("log %d: no reason", i)
		}
	}
	if got := h.Info().Note(); !strings.Contains(got, "no log of it could be used") {
		t.Errorf("note: %s", got)
	}
	if errors.Is(h.Info().Logs[0].Err, h.Info().Logs[1].Err) {
		t.Error("both logs have the same reason")
	}
}
