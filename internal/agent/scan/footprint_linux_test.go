//go:build !race

// The race detector makes programs several times slower, so it measures nothing that is worth knowing.

package scan_test

import (
	"fmt"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/redx-update/redx/internal/agent/metadata"
	"github.com/redx-update/redx/internal/agent/scan"
)

// steady is a computer months later: 50,000 revisions, of which a scan finds nothing new.
func steady() (map[int32]*metadata.Revision, computer) {
	var revs []rev
	for n := range int32(500) {
		revs = append(revs, rev{n: n + 1, kind: "Detectoid", action: metadata.Evaluate, installed: is(fmt.Sprint("d", n%20))})
	}
	for n := int32(501); n <= 50_000; n++ {
		r := rev{n: n, leaf: true, requires: []string{fmt.Sprint(n%500 + 1)}, installed: is(fmt.Sprint("a", n%5000))}
		r.installable = "<And><Not>" + is(fmt.Sprint("b", n%3000)) + "</Not>" + yes + "</And>"
		if n%7 == 0 && n > 600 {
			r.supersedes = []int{int(n) - 7}
		}
		revs = append(revs, r)
	}
	pc := computer{}
	for n := range 10 {
		pc[fmt.Sprint("d", n)] = 1
	}
	for n := range 2500 {
		pc[fmt.Sprint("a", n)] = 1
	}
	return cache(revs...), pc
}

// visit is what a scan costs beside the network: what is installed for the server, then the evaluation.
func visit(t testing.TB, s *scan.Set, all map[int32]*metadata.Revision, pc computer) {
	s.Judge(pc)(all)
	if r := s.Evaluate(pc); len(r.Install) == 0 || r.Installed == 0 || r.NotApplicable == 0 {
		t.Fatal(said(r))
	}
}

func cpu(t testing.TB) time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func BenchmarkScan(b *testing.B) {
	all, pc := steady()
	var s scan.Set
	s.Update(all)
	before := cpu(b)
	b.ReportAllocs()
	for b.Loop() {
		visit(b, &s, all, pc)
	}
	b.ReportMetric(float64((cpu(b)-before).Microseconds())/1000/float64(b.N), "cpu-ms/op")
}

// TestFootprint holds a scan in the steady state to 100 ms of processor time. Who shares the processor makes some tries slower,
// and none faster: the first that keeps within it shows what a scan takes.
func TestFootprint(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; run it without -short")
	}
	all, pc := steady()
	var s scan.Set
	s.Update(all)
	const most = 100 * time.Millisecond
	least := time.Hour
	for tries := 0; tries < 4 || least > most && tries < 40; tries++ {
		before := cpu(t)
		visit(t, &s, all, pc)
		least = min(least, cpu(t)-before)
	}
	t.Logf("%v of processor time", least)
	if least > most {
		t.Errorf("a scan of 50,000 revisions takes %v", least)
	}
}
