package check

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/update"
)

// manySessions makes evidence of n failed sessions of servicing, each over another update, component, driver, package
// and file, with one event of every kind in each.
func manySessions(n int, kinds ...evidence.Kind) *evidence.Set {
	b := evidence.NewBuilder()
	for i := range n {
		for k, kind := range kinds {
			b.Add(oneOfMany(i, i*len(kinds)+k+1, kind))
		}
	}
	return b.Set()
}

func oneOfMany(i, line int, kind evidence.Kind) evidence.Event {
	code := manyCodes[i%len(manyCodes)]
	name := fmt.Sprintf("thing%d.inf", i)
	e := evidence.Event{
		Kind: kind, Source: evidence.Source{Path: "CBS.log", Line: line}, Session: fmt.Sprintf("%d_1", i), Code: code,
		Time: noon.Add(time.Duration(line) * time.Second), Text: "a line of the log",
		Update: update.Ref{
			ID: update.ID{GUID: guid.GUID{0: byte(i), 1: byte(i >> 8), 2: 1}}, KB: update.KB(fmt.Sprintf("KB%07d", 1000000+i)),
		},
		Fields: map[string]string{
			evidence.Name: name, evidence.Component: fmt.Sprintf("amd64_thing_31bf3856ad364e35_10.0.19041.1_none_%016x", i),
			evidence.Path: fmt.Sprintf(`C:\Windows\SoftwareDistribution\Download\%d\%s`, i, name), evidence.Service: name,
			evidence.URL: fmt.Sprintf("http://wsus:8530/Content/%d.cab", i), evidence.State: evidence.Absent,
			evidence.Level: evidence.LevelError, evidence.Needed: "10.0.19041.9999",
		},
	}
	if kind == evidence.Attempt {
		e.Fields = install(0, code).Fields
	}
	if kind == evidence.Trouble {
		e.Fields[evidence.Component] = "CBS"
	}
	return e
}

// BenchmarkManySessions runs each check on 20,000 failed sessions with all that it reads in each.
func BenchmarkManySessions(b *testing.B) {
	for _, c := range All() {
		b.Run(c.ID, func(b *testing.B) {
			set := manySessions(20000, c.Reads...)
			for b.Loop() {
				doctor.Examine(set, []doctor.Check{c})
			}
		})
	}
}

// TestManySessions runs all checks on thousands of failed sessions with every kind of event in each. A check that asks
// each event of each other would need many times the time that all of them take.
func TestManySessions(t *testing.T) {
	kinds := map[evidence.Kind]bool{}
	for _, c := range All() {
		for _, k := range c.Reads {
			kinds[k] = true
		}
	}
	sorted := slices.Sorted(maps.Keys(kinds))
	set := manySessions(4000, sorted...)
	start := time.Now()
	found := doctor.Examine(set, All())
	if took := time.Since(start); took > 20*time.Second {
		// The machine may be busy: a quarter of the sessions takes a quarter of the time then, not a sixteenth. How busy it is
		// may change meanwhile, so each is measured several times, in turns.
		few, quarter := manySessions(1000, sorted...), took
		for range 3 {
			quarter = min(quarter, allChecks(few))
			took = min(took, allChecks(set))
		}
		if took > 10*quarter {
			t.Errorf("the checks took %v, and %v for a quarter of the sessions", took, quarter)
		}
	}
	if len(found) < 4000 {
		t.Errorf("%d findings: the sessions do not reach the checks", len(found))
	}
}

// allChecks is how long all checks take.
func allChecks(set *evidence.Set) time.Duration {
	start := time.Now()
	doctor.Examine(set, All())
	return time.Since(start)
}

// manyCodes are codes that checks look for; the sessions take turns.
var manyCodes = []hresult.Code{hresult.FileNotFound, denied, full, 0x80246002, 0x80190194, hresult.PathNotFound}

// TestMarksAreAfter holds that marks say what after says of one of their events.
func TestMarksAreAfter(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		var m marks
		events := make([]evidence.Event, 1+rnd.IntN(5))
		for i := range events {
			events[i] = anyEvent(rnd)
			if i > 0 {
				m.add(&events[i])
			}
		}
		want := slices.ContainsFunc(events[1:], func(e evidence.Event) bool { return after(&e, &events[0]) })
		if got := m.after(&events[0]); got != want {
			t.Fatalf("after = %t, want %t, of %+v behind %+v", got, want, events[1:], events[0])
		}
	}
}

// anyEvent stands at one of a few places and times, or has none.
func anyEvent(rnd *rand.Rand) evidence.Event {
	e := evidence.Event{
		Kind: evidence.ServicingEnd, Source: evidence.Source{Path: []string{"a.log", "b.log", "c.log"}[rnd.IntN(3)], Line: rnd.IntN(4)},
		Local: rnd.IntN(4) == 0,
	}
	if n := rnd.IntN(5); n > 0 {
		e.Time = noon.Add(time.Duration(n) * time.Hour)
	}
	if rnd.IntN(4) == 0 {
		e.LastSource = evidence.Source{Path: e.Source.Path, Line: e.Source.Line + 1}
	}
	return e
}
