package bench

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redx-update/redx/internal/format/bits"
	"github.com/redx-update/redx/internal/format/cab"
	"github.com/redx-update/redx/internal/format/datastore"
	"github.com/redx-update/redx/internal/format/ese"
	"github.com/redx-update/redx/internal/format/etl"
	"github.com/redx-update/redx/internal/format/evtx"
	"github.com/redx-update/redx/internal/format/hive"
	"github.com/redx-update/redx/internal/format/uso"
	"github.com/redx-update/redx/internal/format/wer"
	"github.com/redx-update/redx/internal/registry"
)

const (
	peakInput = 64 << 20  // bytes of each input
	peakLimit = 256 << 20 // bytes that reading it may take, the whole process counted
	peakEnv   = "REDX_PEAK_READER"
)

// TestPeakMemory has every reader walk all of a 64 MB file in a process of its own: zeros, noise behind the format's
// signature, a sound file whose body comes again and again, and that with bytes overwritten throughout. No error is asked for and none is wrong; what counts is
// that the walk ends, without a panic, in little memory.
func TestPeakMemory(t *testing.T) {
	if reader := os.Getenv(peakEnv); reader != "" {
		walkOnce(t, reader)
		return
	}
	if testing.Short() {
		t.Skip("reads 64 MB with every reader")
	}
	if PeakMemory() == 0 {
		t.Skip("this system does not tell a process's peak memory")
	}
	for _, reader := range slices.Sorted(maps.Keys(walks())) {
		t.Run(reader, func(t *testing.T) {
			t.Parallel()
			sound := soundFile(t, reader)
			path := filepath.Join(t.TempDir(), "input")
			for _, kind := range []string{"zeros", "noise", "again", "torn"} {
				if _, text := TextReaders()[reader]; text && kind == "torn" {
					continue
				}
				if err := fill(path, kind, sound); err != nil {
					t.Fatal(err)
				}
				checkPeak(t, reader, kind, path)
			}
		})
	}
}

func checkPeak(t *testing.T, reader, kind, path string) {
	cmd := exec.Command(os.Args[0], "-test.run", "^TestPeakMemory$", "-test.v")
	cmd.Env = slices.DeleteFunc(os.Environ(), func(s string) bool { return strings.HasPrefix(s, "GOMEMLIMIT=") })
	cmd.Env = append(cmd.Env, peakEnv+"="+reader, "REDX_PEAK_FILE="+path)
	start := time.Now()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%s, %s: %v\n%s", reader, kind, err, out)
		return
	}
	_, rest, _ := strings.Cut(string(out), "peak=")
	digits, rest, _ := strings.Cut(rest, " ")
	peak, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		t.Errorf("%s, %s: no figure in %q", reader, kind, out)
		return
	}
	what, _, _ := strings.Cut(rest, "\n")
	t.Logf("%-10s %-6s %4d MB, %v, %s", reader, kind, peak>>20, time.Since(start).Round(time.Millisecond), what)
	if kind == "again" && strings.HasPrefix(what, "0 ") {
		t.Errorf("%s: nothing was read of a sound file that goes on", reader)
	}
	if peak > peakLimit {
		t.Errorf("%s, %s: peak of %d MB, want at most %d", reader, kind, peak>>20, peakLimit>>20)
	}
}

// walkOnce is the child's part.
func walkOnce(t *testing.T, reader string) {
	f, err := os.Open(os.Getenv("REDX_PEAK_FILE"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n := walks()[reader](f)
	fmt.Printf("peak=%d %d items\n", PeakMemory(), n)
}

// fill makes 64 MB of the sort that kind says.
func fill(path, kind string, s sound) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if kind == "zeros" {
		return f.Truncate(peakInput)
	}
	head, rest := s.file[:s.head], io.Reader(&again{text: s.file[s.head:]})
	switch kind {
	case "noise":
		head, rest = s.file[:s.signature], rand.NewChaCha8([32]byte{})
	case "torn":
		head, rest = s.file[:s.signature], &torn{again{text: s.file, at: s.signature}, rand.New(rand.NewPCG(5, 6))}
	}
	_, err = io.Copy(f, io.LimitReader(io.MultiReader(bytes.NewReader(head), rest), peakInput))
	return err
}

// again gives the same bytes for ever.
type again struct {
	text []byte
	at   int
}

func (e *again) Read(b []byte) (int, error) {
	n := copy(b, e.text[e.at:])
	e.at = (e.at + n) % len(e.text)
	return n, nil
}

// torn gives the same bytes for ever, but for one in about 2,000 that is another.
type torn struct {
	again
	rnd *rand.Rand
}

func (e *torn) Read(b []byte) (int, error) {
	n, err := e.again.Read(b)
	for i := e.rnd.IntN(4000); i < n; i += 1 + e.rnd.IntN(4000) {
		b[i] = byte(e.rnd.Uint32())
	}
	return n, err
}

// walks are all readers, each walking everything that it offers. They give the number of things and errors given.
func walks() map[string]func(*os.File) int {
	all := map[string]func(*os.File) int{
		"bits": walkBITS, "cab": walkCab, "datastore": walkDatastore, "ese": walkESE, "etl": walkETL, "evtx": walkEVTX,
		"hive": walkHive, "uso": walkUSO, "wer": walkWER,
	}
	for name, read := range TextReaders() {
		all[name] = func(f *os.File) int { n, _ := read(f); return n }
	}
	return all
}

func drain[T any](seq iter.Seq2[T, error]) (n int) {
	for range seq {
		n++
	}
	return n
}

func walkBITS(f *os.File) int {
	q, err := bits.Open(f, peakInput)
	if err != nil {
		return 0
	}
	return drain(q.Jobs()) + drain(q.Files()) + drain(q.DeletedJobs()) + drain(q.DeletedFiles())
}

func walkCab(f *os.File) (n int) {
	c, err := cab.Open(f, peakInput)
	if err != nil {
		return 0
	}
	_ = c.Each(func(_ cab.File, r io.Reader) error {
		n++
		_, _ = io.Copy(io.Discard, r)
		return nil
	})
	return n
}

func walkDatastore(f *os.File) int {
	s, err := datastore.Open(f, peakInput)
	if err != nil {
		return 0
	}
	return drain(s.History()) + drain(s.Updates()) + drain(s.Files()) + drain(s.DeletedHistory())
}

func walkESE(f *os.File) (n int) {
	db, err := ese.Open(f, peakInput)
	if err != nil {
		return 0
	}
	for table := range db.Tables() {
		for row, err := range table.Rows() {
			n++
			for _, c := range table.Columns() {
				if err == nil {
					_, _ = row.Values(c.Name)
				}
			}
		}
		n += drain(table.Deleted())
	}
	return n
}

func walkETL(f *os.File) int {
	trace, err := etl.Open(f, peakInput)
	if err != nil {
		return 0
	}
	trace.Count()
	return drain(trace.Events())
}

func walkEVTX(f *os.File) (n int) {
	log, err := evtx.Open(f, peakInput)
	if err != nil {
		return 0
	}
	var xml []byte
	for r := range log.Records(nil) {
		if n++; r != nil {
			xml, _ = r.AppendXML(xml[:0])
		}
	}
	return n + drain(log.Stale(nil))
}

func walkHive(f *os.File) int {
	h, err := hive.Open(f, peakInput)
	if err != nil {
		return 0
	}
	return walkRegistry(h.Root())
}

func walkRegistry(k registry.Key) int {
	n := 1 + drain(k.Values())
	for sub, err := range k.Subkeys() {
		if n++; err == nil {
			n += walkRegistry(sub)
		}
	}
	return n
}

func walkUSO(f *os.File) int {
	updates, _ := uso.Updates(context.Background(), f.Name())
	return len(updates)
}

func walkWER(f *os.File) int {
	r, err := wer.Read(f)
	if err != nil {
		return 0
	}
	return len(r.Fields) + len(r.Sig) + len(r.Dynamic)
}
