package wintest

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/repair"
	"github.com/redx-update/redx/internal/repair/act/live"
	"github.com/redx-update/redx/internal/repair/act/sim"
	"github.com/redx-update/redx/internal/repair/journal"
	"github.com/redx-update/redx/internal/repair/run"
	"github.com/redx-update/redx/internal/win"
)

// open opens this Windows, which the tests change: its services, and its update folder.
func open(t *testing.T) (*live.Machine, *win.Services) {
	t.Helper()
	if os.Getenv("REDX_TEST_SERVICES") == "" {
		t.Skip("needs a Windows that may be broken: tools/wine/run.sh internal/wintest")
	}
	m, err := live.Open()
	if err != nil {
		t.Fatal(err)
	}
	s, err := win.OpenServices()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close(); s.Close() })
	return m, s
}

// step is the step that moves a folder, and the name that its copy gets.
func step(t *testing.T, m *live.Machine, target repair.Target, services ...string) (repair.Step, repair.Copy) {
	t.Helper()
	to := repair.Copy{Of: target}
	names, err := m.Run().Files.Names(to.Dir(m.Root()))
	if err != nil {
		t.Fatal(err)
	}
	if to, err = to.Free(names); err != nil {
		t.Fatal(err)
	}
	return repair.Step{Rung: target.Rung, Services: services, Moves: []repair.Move{{Target: target, Copy: to}}}, to
}

// begin makes the transaction of a step.
func begin(t *testing.T, m *live.Machine, s repair.Step) *journal.Writer {
	t.Helper()
	var scene repair.Scene
	m.Facts(t.Context(), &scene, nil)
	if len(scene.Unseen) > 0 || scene.Free <= 0 || !scene.Live {
		t.Errorf("got %+v", scene)
	}
	log, err := run.Begin(m.Run(), sim.New().Journals, "j.jsonl", journal.Header{
		Machine: "m", Root: m.Root(), Kind: journal.Repair, Rung: s.Rung, Acts: s.Sequence(scene.Dependents),
	})
	if err != nil {
		t.Fatal(err)
	}
	return log
}

func states(t *testing.T, s *win.Services, names ...string) (all []serviceState) {
	t.Helper()
	for _, name := range names {
		st, err := stateOf(s, name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, st)
	}
	return all
}

// setUp makes services, which are quiet when the test ends: name, start, manner, path.
func setUp(t *testing.T, s *win.Services, list ...[]string) (names []string) {
	t.Helper()
	for _, args := range list {
		name := args[0]
		if err := install(args); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := quiet(s, name); err != nil {
				t.Error(err)
			}
		})
		names = append(names, name)
	}
	return names
}

// downloads makes the update folder with a file in it.
func downloads(t *testing.T, m *live.Machine) (folder string, content []byte) {
	t.Helper()
	folder = repair.Target{Rung: repair.SoftwareDistribution}.Path(m.Root())
	content = []byte(t.Name())
	if err := os.MkdirAll(filepath.Join(folder, "Download"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "Download", "file"), content, 0o600); err != nil {
		t.Fatal(err)
	}
	return folder, content
}

// TestRepairOfHeldFolder moves the folder away from services that hold it, are slow to stop, hold on after they have
// stopped and are started again by another; then all run as before.
func TestRepairOfHeldFolder(t *testing.T) {
	m, s := open(t)
	folder, content := downloads(t, m)
	names := setUp(
		t, s, []string{"UsoSvc", "2d", "slow"}, []string{"wuauserv", "3", "holds,lingers", folder},
		[]string{"BITS", "2", "holds,slow", folder}, []string{"DoSvc", "2d", "plain"},
		[]string{"WaaSMedicSvc", "3", "starts=wuauserv"},
	)
	if err := errors.Join(start(s, "UsoSvc"), start(s, "BITS"), start(s, "WaaSMedicSvc"), start(s, "wuauserv")); err != nil {
		t.Fatal(err)
	}
	before := states(t, s, names...)
	st, to := step(t, m, repair.Target{Rung: repair.SoftwareDistribution}, repair.Services()[:4]...)
	log := begin(t, m, st)
	outcome, err := run.Do(t.Context(), m.Run(), log)
	if err != nil || outcome != run.Committed {
		t.Fatalf("%s, %v", outcome, err)
	}
	t.Cleanup(func() { os.RemoveAll(to.Path(m.Root())) })
	if err := stop(s, "WaaSMedicSvc"); err != nil {
		t.Error(err)
	}
	after := states(t, s, names...)
	after[4].Running = true
	if d := cmp.Diff(before, after); d != "" {
		t.Error(d)
	}
	if got, err := os.ReadFile(filepath.Join(to.Path(m.Root()), "Download", "file")); err != nil || !bytes.Equal(got, content) {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := os.Stat(filepath.Join(folder, "Download")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want the folder made anew", err)
	}
	noTrace(t, m, s)
}

// noTrace wants neither the guard nor its program.
func noTrace(t *testing.T, m *live.Machine, s *win.Services) {
	t.Helper()
	if _, err := s.Status(live.GuardName); !errors.Is(err, win.ErrNoService) {
		t.Errorf("the guard: got %v, want it gone", err)
	}
	own, err := m.OwnFolder()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(own + `\redx.exe`); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("redx's copy: got %v, want it gone", err)
	}
}

// TestRepairOfAServiceThatIgnoresStop gives up, names it, and takes all back; nothing is killed.
func TestRepairOfAServiceThatIgnoresStop(t *testing.T) {
	m, s := open(t)
	folder, _ := downloads(t, m)
	names := setUp(t, s, []string{"wuauserv", "3", "plain"}, []string{"BITS", "2", "ignores", folder})
	if err := errors.Join(start(s, "wuauserv"), start(s, "BITS")); err != nil {
		t.Fatal(err)
	}
	before := states(t, s, names...)
	st, to := step(t, m, repair.Target{Rung: repair.SoftwareDistribution}, "wuauserv", "bits")
	outcome, err := run.Do(t.Context(), m.Run(), begin(t, m, st))
	if outcome != run.RolledBack || !errors.Is(err, win.ErrStalled) || !strings.Contains(err.Error(), "bits") {
		t.Fatalf("%s, %v", outcome, err)
	}
	if d := cmp.Diff(before, states(t, s, names...)); d != "" {
		t.Error(d)
	}
	if _, err := os.Stat(to.Path(m.Root())); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want nothing moved", err)
	}
	noTrace(t, m, s)
}

// TestOwnFolder: journals stand in a folder of redx's own, which is made once.
func TestOwnFolder(t *testing.T) {
	m, _ := open(t)
	for range 2 {
		root, err := m.Journals()
		if err != nil {
			t.Fatal(err)
		}
		root.Close()
	}
	root, err := m.ExistingJournals()
	if err != nil {
		t.Fatal(err)
	}
	root.Close()
}

// TestReport: Wine takes events and drops them.
func TestReport(t *testing.T) {
	m, _ := open(t)
	begun := time.Now()
	if err := errors.Join(m.Report(live.Done, "A test of redx."), m.ForgetSource()); err != nil {
		t.Error(err)
	}
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("took %s", took)
	}
}
