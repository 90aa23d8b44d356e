package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redx-update/redx/internal/lab"
	"github.com/redx-update/redx/internal/repair"
	"github.com/redx-update/redx/internal/repair/journal"
	"github.com/redx-update/redx/internal/repair/session"
	"github.com/redx-update/redx/internal/report"
)

// broken builds the image of a missing payload.
func broken(t *testing.T) string {
	t.Helper()
	s, err := lab.Load("payload-missing-download")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "c")
	if err := lab.Build(s, dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

// command runs one command line, with somebody who answers when there is an answer.
func command(answer string, args ...string) (out, errs string, exit int) {
	var o, e bytes.Buffer
	std := stdio{in: strings.NewReader(answer), out: &o, err: &e, getenv: func(string) string { return "" }, asks: answer != ""}
	exit = run(context.Background(), args, std)
	return o.String(), e.String(), exit
}

func TestAsking(t *testing.T) {
	for answer, want := range map[string]int{"y\n": exitOK, "YES\n": exitOK, "n\n": exitCancelled, "\n": exitCancelled, "yes please\n": exitCancelled, "": exitUsage} {
		dir := broken(t)
		_, errs, exit := command(answer, "repair", "--image", dir)
		_, err := os.Stat(filepath.Join(dir, "ProgramData", "redx", "journal"))
		if exit != want || (err == nil) != (want == exitOK) {
			t.Errorf("%q: exit %d, want %d; journals: %v\n%s", answer, exit, want, err, errs)
		}
	}
}

// journals opens the folder of journals of an image that was repaired.
func journals(t *testing.T, dir string) *os.Root {
	t.Helper()
	root, err := os.OpenRoot(filepath.Join(dir, "ProgramData", "redx", "journal"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return root
}

func TestSecondRepair(t *testing.T) {
	dir := broken(t)
	if _, errs, exit := command("", "repair", "--image", dir, "--yes"); exit != exitOK {
		t.Fatal(exit, errs)
	}
	other, err := journal.Lock(journals(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"repair"}, {"repair", "undo"}, {"repair", "resume"}, {"repair", "purge", "--unproven"}} {
		_, errs, exit := command("", append(args, "--image", dir, "--yes")...)
		if exit != exitLocked || !strings.Contains(errs, "hint: wait until it has ended") {
			t.Errorf("%q: exit %d\n%s", args, exit, errs)
		}
	}
	if out, errs, exit := command("", "repair", "status", "--image", dir); exit != exitOK || !strings.Contains(out, ": done") {
		t.Errorf("status: exit %d\n%s%s", exit, out, errs)
	}
	if err := other.Unlock(); err != nil {
		t.Fatal(err)
	}
	if _, errs, exit := command("", "repair", "undo", "--image", dir, "--yes"); exit != exitOK {
		t.Errorf("undo: exit %d\n%s", exit, errs)
	}
}

// begun leaves a repair open, as a crash does: its journal is begun, and nothing else.
func begun(t *testing.T, dir string) {
	t.Helper()
	for _, args := range [][]string{{"repair"}, {"repair", "undo"}} {
		if _, errs, exit := command("", append(args, "--image", dir, "--yes")...); exit != exitOK {
			t.Fatal(exit, errs)
		}
	}
	d, err := journal.Lock(journals(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	target := repair.Target{Rung: repair.SoftwareDistribution}
	w, err := journal.Create(d, "00003.jsonl", journal.Header{
		Machine: "00000000-1ab0-4ab0-8ab0-000000000001", Root: repair.Root{Dir: `C:\Windows`}, Kind: journal.Repair, Rung: target.Rung,
		Acts: []repair.Reversible{repair.MoveAway{Move: repair.Move{Target: target, Copy: repair.Copy{Of: target, N: 1}}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Close(), d.Unlock()); err != nil {
		t.Fatal(err)
	}
}

// TestLeftOpen finds a repair that was never ended: looking says so, all else says so and ends it first.
func TestLeftOpen(t *testing.T) {
	dir := broken(t)
	begun(t, dir)
	if out, _, exit := command("", "repair", "status", "--image", dir); exit != exitOK || !strings.Contains(out, ": open") ||
		!strings.Contains(out, "redx repair resume --image") {
		t.Errorf("status: exit %d\n%s", exit, out)
	}
	if _, errs, exit := command("", "repair", "--dry-run", "--image", dir); exit != exitOK || !strings.Contains(errs, "00003.jsonl) is open") {
		t.Errorf("dry run: exit %d\n%s", exit, errs)
	}
	// What stands against a repair stands against ending one too.
	hiberfil := filepath.Join(dir, "hiberfil.sys")
	if err := os.WriteFile(hiberfil, []byte("hibr...."), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, errs, exit := command("", "repair", "resume", "--image", dir); exit != exitFailed || !strings.Contains(errs, "shutdown /s") {
		t.Errorf("hibernated: exit %d\n%s", exit, errs)
	}
	if err := os.Remove(hiberfil); err != nil {
		t.Fatal(err)
	}
	_, errs, exit := command("", "repair", "--image", dir, "--yes")
	if exit != exitOK || !strings.Contains(errs, "00003.jsonl) was never ended: it is now rolled-back") {
		t.Errorf("repair: exit %d\n%s", exit, errs)
	}
}

func TestResumed(t *testing.T) {
	dir := broken(t)
	begun(t, dir)
	out, errs, exit := command("", "repair", "resume", "--image", dir)
	if exit != exitOK || !strings.Contains(errs, "it is now done") || !strings.Contains(out, `kept       C:\Windows\SDTemp,`) {
		t.Errorf("exit %d\n%s%s", exit, out, errs)
	}
	if _, err := os.Stat(filepath.Join(dir, "Windows", "SDTemp")); err != nil {
		t.Error(err)
	}
}

// TestExits holds how a repair ends the process, also where the tests have no such machine.
func TestExits(t *testing.T) {
	refused := func(r repair.Reason) error { return &session.Refused{Refusals: []repair.Refusal{{Reason: r}}} }
	for _, tt := range []struct {
		kind  string
		state session.State
		err   error
		want  int
	}{
		{"online", session.Proven, nil, 0},
		{"online", session.Unproven, nil, 3},
		{"offline", session.Unproven, nil, 0},
		{"online", session.Failing, nil, 3},
		{"online", session.RolledBack, errors.New("held"), 4},
		{"online", session.Waiting, nil, 3010},
		{"online", session.Open, errors.New("the disk is full"), 1},
		{"online", "", errors.New("the vault is full"), 1},
		{"online", "", refused(repair.NotElevated), 5},
		{"online", "", refused(repair.InstallRunning), 12},
		{"offline", "", refused(repair.Hibernated), 1},
		{"offline", "", journal.ErrLocked, 11},
		{"offline", session.Undone, nil, 0},
	} {
		target := &target{image: report.Image{Kind: "offline"}, options: &repairOptions{}}
		if tt.kind == "online" {
			target.image.Kind = "online"
		}
		var p *problem
		got := exitOK
		if err := target.exit(tt.state, tt.err); errors.As(err, &p) {
			got = p.exit
		}
		if got != tt.want {
			t.Errorf("%s %q, %v: exit %d, want %d", tt.kind, tt.state, tt.err, got, tt.want)
		}
	}
}
