package install_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/agent"
	"github.com/redx-update/redx/internal/agent/disk"
	"github.com/redx-update/redx/internal/agent/disk/disksim"
	"github.com/redx-update/redx/internal/agent/install"
	"github.com/redx-update/redx/internal/format/datastore"
	"github.com/redx-update/redx/internal/format/evtx"
	"github.com/redx-update/redx/internal/format/hive"
	"github.com/redx-update/redx/internal/format/reporting"
	"github.com/redx-update/redx/internal/winsys"
)

// simulated is a lab image on a simulated drive, with the update ready.
func simulated(t testing.TB) (*disksim.Disk, *computer) {
	t.Helper()
	d := disksim.New()
	bare(t, d)
	c := on(t, d)
	c.ready(t, parts())
	d.Settle()
	return d, c
}

// like gives a computer of its own that is as another is.
func like(t testing.TB, d *disksim.Disk, c *computer) (*disksim.Disk, *computer) {
	t.Helper()
	copied := d.Clone()
	other := on(t, copied)
	other.order, other.now = c.order, c.now
	return copied, other
}

// stateOf is what counts of an image: the files outside of where its history stands, and the packages of its registry.
func stateOf(t testing.TB, d *disksim.Disk) string {
	t.Helper()
	all := d.Files()
	var lines []string
	for _, path := range sorted(all) {
		content := all[path]
		switch {
		case strings.Contains(path, `\softwaredistribution`), strings.Contains(path, `\winevt`):
			continue
		case strings.HasSuffix(path, `\config\software`):
			content = packagesOf(t, content)
		case strings.HasSuffix(path, `installed.json`):
			content = "the record"
		}
		lines = append(lines, path+" = "+content)
	}
	return strings.Join(lines, "\n")
}

func packagesOf(t testing.TB, b string) string {
	t.Helper()
	h, err := hive.Open(strings.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	s := "packages:"
	for p, err := range winsys.NewSoftware(h.Root()).Packages() {
		if err != nil {
			t.Fatal(err)
		}
		s += " " + p.Name + " " + p.State.String()
	}
	return s
}

// attempts counts the ends of attempts in each place that keeps them.
func attempts(t testing.TB, d disk.Disk) (rows, lines, events int) {
	t.Helper()
	read := func(path string) *bytes.Reader {
		b, err := disk.Read(d, path, 1<<26)
		if err != nil {
			return bytes.NewReader(nil)
		}
		return bytes.NewReader(b)
	}
	edb := read(`C:\Windows\SoftwareDistribution\DataStore\DataStore.edb`)
	s, err := datastore.Open(edb, edb.Size())
	if err != nil {
		t.Fatal(err)
	}
	for range s.History() {
		rows++
	}
	scan := reporting.NewScanner(read(`C:\Windows\SoftwareDistribution\ReportingEvents.log`))
	for scan.Scan() {
		switch scan.Row().ID {
		case 182, 183, 186, 221, 222:
			lines++
		}
	}
	log := read(logs + `\System.evtx`)
	if log.Size() == 0 {
		return rows, lines, 0
	}
	f, err := evtx.Open(log, log.Size())
	if err != nil {
		t.Fatal(err)
	}
	for r := range f.Records(nil) {
		switch r.EventID {
		case 19, 20, 23, 24:
			events++
		}
	}
	return rows, lines, events
}

// once makes sure that n attempts are told, in every place.
func once(t testing.TB, d disk.Disk, n int, when string) {
	t.Helper()
	if rows, lines, events := attempts(t, d); rows != n || lines != n || events != n {
		t.Fatalf("%s: %d attempts in the datastore, %d reported, %d logged, want %d", when, rows, lines, events, n)
	}
}

// recovered lets a new process find what the last one has left. It dies in between as often as it can, each time one
// I/O later.
func recovered(t testing.TB, d *disksim.Disk, c *computer, loss disksim.Loss, rng *rand.Rand) {
	t.Helper()
	for n := 1; ; n += 1 + rng.IntN(60) {
		d.CrashAt(n)
		_, err := c.Recover()
		if !d.Dead() {
			if err != nil {
				t.Fatal(err)
			}
			d.CrashAt(0)
			return
		}
		d.PowerCut(loss, rng)
	}
}

var losses = map[string]disksim.Loss{"all lost": disksim.LoseAll, "nothing lost": disksim.LoseNone, "some lost": disksim.LoseSome}

// stride is the distance of the I/Os that are crashed on: each where what is lost is of every kind, else each third.
func stride(loss disksim.Loss) int {
	switch {
	case testing.Short():
		return 11
	case loss == disksim.LoseSome:
		return 1
	}
	return 3
}

// TestCrashAnywhere stops the computer on each I/O of an installation, and of taking it off, and lets the next process
// recover, which is stopped as well. Then the update is there whole or not at all, nothing is left over, and the attempt
// is in the history once.
func TestCrashAnywhere(t *testing.T) {
	for name, loss := range losses {
		t.Run(name, func(t *testing.T) {
			t.Run("install", func(t *testing.T) { crashEverywhere(t, loss, false) })
			t.Run("uninstall", func(t *testing.T) { crashEverywhere(t, loss, true) })
		})
	}
}

func crashEverywhere(t *testing.T, loss disksim.Loss, uninstall bool) {
	first, ready, told := starting(t, uninstall)
	without, with := states(t, first, ready, uninstall)
	seen := map[string]bool{}
	for n, done := 1, false; !done; n += stride(loss) {
		d, c := like(t, first, ready)
		d.CrashAt(n)
		_, err := c.either(uninstall)(t.Context(), c.order)
		done = !d.Dead()
		if done != (err == nil) {
			t.Fatalf("I/O %d: %v", n, err)
		}
		rng := rand.New(rand.NewPCG(3, uint64(n)))
		d.PowerCut(loss, rng)
		recovered(t, d, c, loss, rng)
		got := stateOf(t, d)
		if got != without && got != with {
			t.Fatalf("I/O %d: neither installed nor not:\n%s", n, cmp.Diff(strings.Split(without, "\n"), strings.Split(got, "\n")))
		}
		seen[got] = true
		// A computer that stops before the journal has its first record has begun nothing.
		if rows, _, _ := attempts(t, d); rows == told && !seen["begun"] && got == without {
			continue
		}
		seen["begun"] = true
		once(t, d, told+1, fmt.Sprintf("I/O %d", n))
	}
	if !seen[without] || !seen[with] {
		t.Error("not both ends were seen")
	}
}

// starting is a computer on which an update is to be installed, or is installed and to be taken off, and how many
// attempts it knows.
func starting(t *testing.T, uninstall bool) (*disksim.Disk, *computer, int) {
	t.Helper()
	d, c := simulated(t)
	if !uninstall {
		return d, c, 0
	}
	if _, err := c.Install(t.Context(), c.order); err != nil {
		t.Fatal(err)
	}
	return d, c, 1
}

func (c *computer) either(uninstall bool) func(context.Context, install.Order) (agent.Result, error) {
	if uninstall {
		return c.Uninstall
	}
	return c.Install
}

// states gives the image before and after.
func states(t *testing.T, first *disksim.Disk, ready *computer, uninstall bool) (before, after string) {
	t.Helper()
	d, c := like(t, first, ready)
	before = stateOf(t, d)
	if _, err := c.either(uninstall)(t.Context(), c.order); err != nil {
		t.Fatal(err)
	}
	return before, stateOf(t, d)
}

// TestErrorAnywhere lets one I/O fail of which the process does not die: it takes back itself what it did.
func TestErrorAnywhere(t *testing.T) {
	first, ready, _ := starting(t, false)
	without, with := states(t, first, ready, false)
	failures := 0
	for n, done := 1, false; !done; n += stride(disksim.LoseAll) {
		d, c := like(t, first, ready)
		d.FailAt(n)
		_, err := c.Install(t.Context(), c.order)
		done = d.Ticks() < n
		d.FailAt(0)
		if err != nil {
			failures++
		}
		if _, err := c.Recover(); err != nil {
			t.Fatalf("I/O %d: %v", n, err)
		}
		if got := stateOf(t, d); got != without && got != with || err == nil && got != with {
			t.Fatalf("I/O %d: %v, and neither installed nor not:\n%s", n, err, cmp.Diff(strings.Split(without, "\n"), strings.Split(got, "\n")))
		}
		if rows, lines, events := attempts(t, d); rows > 1 || lines > 1 || events > 1 || rows != lines || lines != events {
			t.Fatalf("I/O %d: %v: %d %d %d attempts", n, err, rows, lines, events)
		}
	}
	if failures == 0 {
		t.Error("nothing failed")
	}
}

// TestForeignJournal puts aside what it does not understand, does nothing by it, and goes on.
func TestForeignJournal(t *testing.T) {
	other := strings.Repeat("cd", 16)
	for name, text := range map[string]string{
		"torn":         `{"version":1,"image":"`,
		"empty":        ``,
		"other":        `{"version":1,"image":"` + other + `","began":"2026-11-25T09:00:00Z","update":{"ID":{"GUID":"5c2a3f60-7d41-4be9-9a0e-2f6f8e5b1d07","Revision":1}},"phase":"begun"}`,
		"a path out":   journalWith(`C:\Users\x`),
		"up":           journalWith(`C:\Windows\..\x`),
		"a hive":       journalWith(`C:\Windows\System32\config\SYSTEM`),
		"the journal":  journalWith(state + `\install.json`),
		"not a phase":  strings.Replace(journalWith(`C:\Windows\x`), "applying", "sleeping", 1),
		"new version":  strings.Replace(journalWith(`C:\Windows\x`), `"version":1`, `"version":2`, 1),
		"another word": strings.Replace(journalWith(`C:\Windows\x`), `"version":1`, `"version":1,"x":1`, 1),
	} {
		t.Run(name, func(t *testing.T) {
			d, c := simulated(t)
			if err := disk.Replace(d, state+`\install.json`, disk.Bytes([]byte(text))); err != nil {
				t.Fatal(err)
			}
			before := d.Files()
			if _, err := c.Recover(); !errors.Is(err, install.ErrJournal) {
				t.Fatalf("got %v", err)
			}
			after := d.Files()
			if after[strings.ToLower(state)+`\install.json.damaged`] != text || len(after) != len(before) {
				t.Error("something else was changed")
			}
			if _, err := c.Install(t.Context(), c.order); err != nil {
				t.Error(err)
			}
		})
	}
}

func journalWith(path string) string {
	path = strings.ReplaceAll(path, `\`, `\\`)
	return `{"version":1,"image":"` + strings.Repeat("ab", 16) + `","began":"2026-11-25T09:00:00Z","update":{"ID":{"GUID":"5c2a3f60-7d41-4be9-9a0e-2f6f8e5b1d07","Revision":1}},"phase":"applying","acts":[{"path":"` + path + `","old":true}]}`
}
