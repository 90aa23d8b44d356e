package repair

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCheckHoldsTheList(t *testing.T) {
	own := Root{Dir: `C:\ProgramData\redx\agent`, Own: true}
	tests := []struct {
		root Root
		act  Act
		ok   bool
	}{
		{windows, MoveAway{move(Target{UpdateFolder, hashA}, 1)}, true},
		{windows, MoveAway{move(Target{UpdateFolder, strings.ToUpper(hashA)}, 2)}, true},
		{windows, MoveAway{move(Target{Rung: Catroot2}, 1)}, true},
		{own, MoveAway{move(Target{Rung: Catroot2}, 1)}, false},
		{windows, MoveAway{move(Target{UpdateFolder, `..`}, 1)}, false},
		{windows, MoveAway{move(Target{UpdateFolder, `..\..\System32`}, 1)}, false},
		{windows, MoveAway{move(Target{UpdateFolder, ""}, 1)}, false},
		{windows, MoveAway{move(Target{UpdateFolder, "SharedFileCache"}, 1)}, false},
		{windows, MoveAway{move(Target{UpdateFolder, hashA + `\..`}, 1)}, false},
		{windows, MoveAway{move(Target{UpdateFolder, hashA + "\n"}, 1)}, false},
		{windows, MoveAway{move(Target{Download, hashA}, 1)}, false},
		{windows, MoveAway{move(Target{Rung: "system32"}, 1)}, false},
		{windows, MoveAway{move(Target{Rung: TransferJobs}, 1)}, false},
		{windows, MoveAway{move(Target{Rung: Download}, 0)}, false},
		{windows, MoveAway{move(Target{Rung: Download}, maxCopies+1)}, false},
		{windows, MoveAway{Move{Target{Rung: Download}, Copy{Of: Target{Rung: DataStore}, N: 1}}}, false},
		{windows, BringBack{move(Target{Rung: SoftwareDistribution}, 3)}, true},
		{windows, BringBack{move(Target{Rung: ""}, 3)}, false},
		{windows, Guard{}, true},
		{windows, Hold{"WUAUSERV"}, true},
		{windows, Hold{"TrustedInstaller"}, false},
		{own, Hold{"wuauserv"}, false},
		{windows, Halt{"bits", false}, true},
		{windows, Halt{"appidsvc", true}, true},
		{windows, Halt{"appidsvc", false}, false},
		{windows, Halt{`a\b`, true}, false},
		{windows, Halt{"", true}, false},
		{own, Halt{"appidsvc", true}, false},
		{windows, CancelJobs{}, true},
		{own, CancelJobs{}, false},
	}
	for _, tt := range tests {
		err := tt.act.Check(tt.root)
		if (err == nil) != tt.ok || err != nil && !errors.Is(err, ErrNotListed) {
			t.Errorf("%T %+v: got %v, want ok %v", tt.act, tt.act, err, tt.ok)
		}
	}
}

func move(t Target, n int) Move { return Move{t, Copy{Of: t, N: n}} }

func TestCopyNames(t *testing.T) {
	targets := []Target{
		{UpdateFolder, hashA}, {Rung: Download}, {Rung: DataStore}, {Rung: SoftwareDistribution}, {Rung: Catroot2},
	}
	seen := map[string]bool{}
	for _, tg := range targets {
		for _, undone := range []bool{false, true} {
			for n := 1; n < 4; n++ {
				p := strings.ToUpper(Copy{tg, undone, n}.Path(windows))
				if seen[p] {
					t.Errorf("%s names two copies", p)
				}
				seen[p] = true
			}
		}
	}
	got := []string{
		Copy{Of: targets[3], N: 1}.Path(windows), Copy{Of: targets[3], N: 2}.Path(windows),
		Copy{Of: targets[3], Undone: true, N: 2}.Path(windows), Copy{Of: targets[4], N: 1}.Path(windows),
	}
	want := []string{
		`C:\Windows\SDTemp`, `C:\Windows\SDTemp.2`, `C:\Windows\SDTemp.undone.2`, `C:\Windows\System32\catroot2.SDTemp`,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("paths (-want +got):\n%s", d)
	}
}

func TestFree(t *testing.T) {
	c := Copy{Of: Target{Rung: SoftwareDistribution}}
	got, err := c.Free([]string{"sdtemp", "SDTEMP.2", "SDTemp.4", "SDTemp.Download"})
	if err != nil || got.N != 3 {
		t.Errorf("got %d, %v, want 3", got.N, err)
	}
	var all []string
	for n := 1; n <= maxCopies; n++ {
		all = append(all, Copy{Of: c.Of, N: n}.Name())
	}
	if _, err := c.Free(all); err == nil {
		t.Error("a name was free though all are taken")
	}
}

func TestWay(t *testing.T) {
	got := Target{UpdateFolder, hashA}.Way(windows)
	want := []string{
		`C:\Windows`, `C:\Windows\SoftwareDistribution`, `C:\Windows\SoftwareDistribution\Download`, download + hashA,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("way (-want +got):\n%s", d)
	}
}
