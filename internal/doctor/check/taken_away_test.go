package check

import (
	"slices"
	"testing"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/evidence"
)

// A database that was damaged and is not there any more is Windows' turn: there is nothing to put aside.
func TestTakenAway(t *testing.T) {
	damage := said(evidence.DatabaseDamaged, 1, 0xc80003fa, evidence.Path, edb)
	for state, want := range map[string]doctor.Turn{evidence.Absent: doctor.WindowsTurn, evidence.Present: doctor.OwnersTurn} {
		b := evidence.NewBuilder()
		b.SetMachine(evidence.Machine{SystemRoot: `C:\Windows`, Present: true})
		b.Add(damage)
		b.Add(fileState(`C:\Windows\SoftwareDistribution\DataStore`, state))
		found := doctor.Examine(b.Set(), []doctor.Check{DatastoreDamaged()})
		if len(found) != 1 || found[0].Turn != want || (found[0].Severity == doctor.Info) != (want == doctor.WindowsTurn) {
			t.Errorf("%s: got %+v, want one with turn %s", state, found, want)
		}
	}
}

// Damage of the database of redx's own agent says nothing of Windows'.
func TestOwnDatabase(t *testing.T) {
	const own = `C:\ProgramData\redx\SoftwareDistribution\DataStore\DataStore.edb`
	for _, damaged := range [][]string{{own}, {edb, own}} {
		b := evidence.NewBuilder()
		b.SetMachine(evidence.Machine{SystemRoot: `C:\Windows`, Present: true})
		for n, path := range damaged {
			b.Add(said(evidence.DatabaseDamaged, n+1, 0xc80003fa, evidence.Path, path))
		}
		found := doctor.Examine(b.Set(), []doctor.Check{DatastoreDamaged()})
		if len(found) != 1 || found[0].Confidence != doctor.Proven {
			t.Fatalf("%q: got %+v, want one", damaged, found)
		}
		var files []string
		for _, f := range found[0].Files {
			files = append(files, f.Path)
		}
		if !slices.Equal(files, damaged) {
			t.Errorf("got one about %q, want %q", files, damaged)
		}
		if alone := len(damaged) == 1; alone != slices.Equal(found[0].Next, []string{"redx agent status"}) {
			t.Errorf("%q: next is %q", damaged, found[0].Next)
		}
	}
}
