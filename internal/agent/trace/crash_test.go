package trace_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/redx-update/redx/internal/agent/disk"
	"github.com/redx-update/redx/internal/agent/disk/disksim"
	"github.com/redx-update/redx/internal/agent/trace"
	"github.com/redx-update/redx/internal/format/datastore"
	"github.com/redx-update/redx/internal/format/evtx"
	"github.com/redx-update/redx/internal/format/reporting"
	"github.com/redx-update/redx/internal/hresult"
)

// TestCrash stops the computer at every I/O of an attempt's traces. What is told again afterwards stands everywhere once,
// and what stood there before still does.
func TestCrash(t *testing.T) {
	lost := 0
	for _, loss := range []disksim.Loss{disksim.LoseAll, disksim.LoseNone, disksim.LoseSome} {
		for n, done := 1, false; !done; n++ {
			d := disksim.New()
			if _, err := disk.MakeAll(d, logs); err != nil {
				t.Fatal(err)
			}
			k := trace.New(d, options)
			tell(t, k, attempt(start, hresult.FileNotFound)[5])
			again := attempt(start.Add(time.Hour), hresult.FileNotFound)[4:]
			d.CrashAt(n)
			for _, e := range again {
				if k.Tell(e) != nil {
					lost++
					break
				}
			}
			done = !d.Dead()
			d.PowerCut(loss, rand.New(rand.NewPCG(7, uint64(n))))
			tell(t, k, again...)
			if got := told(t, d); got != "history 2, reported 2, logged 2" {
				t.Fatalf("crash at %d with loss %d: %s", n, loss, got)
			}
		}
	}
	if lost == 0 {
		t.Error("nothing was interrupted")
	}
}

// told counts the attempts in each place.
func told(t *testing.T, d disk.Disk) string {
	t.Helper()
	read := func(path string) *bytes.Reader {
		b, err := disk.Read(d, path, 1<<26)
		if err != nil {
			t.Fatal(err)
		}
		return bytes.NewReader(b)
	}
	edb := read(`C:\Windows\SoftwareDistribution\DataStore\DataStore.edb`)
	s, err := datastore.Open(edb, edb.Size())
	if err != nil {
		t.Fatal(err)
	}
	var rows, lines, events int
	for _, err := range s.History() {
		if err != nil {
			t.Fatal(err)
		}
		rows++
	}
	scan := reporting.NewScanner(read(`C:\Windows\SoftwareDistribution\ReportingEvents.log`))
	for scan.Scan() {
		if scan.Damage() != nil {
			t.Fatal(scan.Damage())
		}
		if scan.Row().ID == reporting.InstallFailed {
			lines++
		}
	}
	log := read(logs + `\System.evtx`)
	f, err := evtx.Open(log, log.Size())
	if err != nil {
		t.Fatal(err)
	}
	for r, err := range f.Records(nil) {
		if err != nil {
			t.Fatal(err)
		}
		if r.EventID == 20 {
			events++
		}
	}
	return fmt.Sprintf("history %d, reported %d, logged %d", rows, lines, events)
}

// TestOldReports keeps what is in a log that somebody else has cut off or let grow.
func TestOldReports(t *testing.T) {
	top, d, k := computer(t)
	path := `C:\Windows\SoftwareDistribution\ReportingEvents.log`
	if err := disk.RemoveAll(d, path); err != nil {
		t.Fatal(err)
	}
	tell(t, k, attempt(start, 0)...)
	old, err := disk.Read(d, path, 1<<26)
	if err != nil {
		t.Fatal(err)
	}
	torn := append(bytes.Clone(old), 'x', 0, 'y')
	if err := disk.Replace(d, path, disk.Bytes(torn)); err != nil {
		t.Fatal(err)
	}
	tell(t, k, attempt(start.Add(time.Hour), 0)...)
	_, entries, _ := look(t, top)
	if len(entries) != 2 {
		t.Errorf("%d entries", len(entries))
	}
	line := bytes.Repeat([]byte(strings.Repeat("x\x00", 1000)+"\r\x00\n\x00"), 2200)
	if err := disk.Replace(d, path, disk.Bytes(append(bytes.Clone(old), line...))); err != nil {
		t.Fatal(err)
	}
	tell(t, k, attempt(start.Add(2*time.Hour), 0)...)
	if info, err := d.Stat(path); err != nil || info.Size > 3<<20 || info.Size < 2<<20 {
		t.Errorf("%+v, %v", info, err)
	}
}

// BenchmarkAttempt measures what the traces of one attempt cost, on a real disk.
func BenchmarkAttempt(b *testing.B) {
	for _, size := range []int{4096, 32768} {
		b.Run(fmt.Sprintf("pages of %d", size), func(b *testing.B) { benchmarkAttempt(b, size) })
	}
}

func benchmarkAttempt(b *testing.B, size int) {
	d, err := disk.Open(b.TempDir(), "C:")
	if err != nil {
		b.Fatal(err)
	}
	defer d.Close()
	if _, err := disk.MakeAll(d, logs); err != nil {
		b.Fatal(err)
	}
	o := options
	o.PageSize = size
	k := trace.New(d, o)
	b.ReportAllocs()
	for n := range b.N {
		for _, e := range attempt(start.Add(time.Duration(n)*time.Hour), hresult.FileNotFound) {
			if err := k.Tell(e); err != nil {
				b.Fatal(err)
			}
		}
	}
	info, err := d.Stat(`C:\Windows\SoftwareDistribution\DataStore\DataStore.edb`)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(info.Size), "datastore-bytes")
}
