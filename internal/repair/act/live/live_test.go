package live

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/repair"
	"github.com/redx-update/redx/internal/repair/run"
	"github.com/redx-update/redx/internal/win"
)

const sd = `C:\Windows\SoftwareDistribution`

func TestFolders(t *testing.T) {
	f, m := newFake(t)
	a := files{m}
	got, err := a.Folder(sd)
	if err != nil || !got.Present || got.Reparse || got.ID == "" || len(got.ID) > 64 {
		t.Fatalf("got %+v, %v", got, err)
	}
	f.held[strings.ToLower(sd)] = 1
	if err := a.Rename(sd, `C:\Windows\SDTemp`); !errors.Is(err, run.ErrHeld) {
		t.Errorf("held: got %v, want run.ErrHeld", err)
	}
	if err := a.Rename(sd, `C:\Windows\SDTemp`); err != nil {
		t.Fatal(err)
	}
	if moved, err := a.Folder(`C:\Windows\SDTemp`); err != nil || moved != got {
		t.Errorf("got %+v, %v, want %+v", moved, err, got)
	}
	if gone, err := a.Folder(sd); err != nil || gone.Present {
		t.Errorf("got %+v, %v", gone, err)
	}
	link := f.files[`c:\windows`]
	link.Reparse = true
	f.files[`c:\windows`] = link
	f.add(`C:\Windows\SDTemp.2`, false)
	for _, path := range []string{`C:\Windows`, `C:\Windows\SDTemp.2`} {
		if got, err := a.Folder(path); err != nil || !got.Reparse {
			t.Errorf("%s: got %+v, %v, want nothing that may be moved", path, got, err)
		}
	}
}

// TestSync flushes every folder that has names of the list in it, also after another process has done the renames.
func TestSync(t *testing.T) {
	f, m := newFake(t)
	if err := (files{m}).Sync(); err != nil {
		t.Fatal(err)
	}
	want := []string{`C:\Windows`, sd, `C:\Windows\System32`} // there is no Download
	if d := cmp.Diff(want, f.flushed); d != "" {
		t.Error(d)
	}
	f.fails["flush"] = errors.New("no")
	if err := (files{m}).Sync(); err == nil {
		t.Error("nothing is safe on the disk, and nobody says so")
	}
	f.fails = map[string]error{"flush renames": errors.New("no")}
	if err := (services{m}).Sync(); err == nil {
		t.Error("the renames at restart are not safe, and nobody says so")
	}
}

func TestRestart(t *testing.T) {
	f, m := newFake(t)
	r := restart{m}
	if err := r.RenameAtRestart(sd, `C:\Windows\SDTemp`); err != nil {
		t.Fatal(err)
	}
	if there, err := r.Registered(sd, `C:\Windows\SDTemp`); err != nil || !there {
		t.Errorf("got %v, %v", there, err)
	}
	if err := r.Forget(sd, `C:\Windows\SDTemp`); err != nil || len(f.pending) > 0 {
		t.Errorf("got %v, %v", f.pending, err)
	}
	f.deaf = true
	if err := r.RenameAtRestart(sd, `C:\Windows\SDTemp`); err == nil || !strings.Contains(err.Error(), "list") {
		t.Errorf("not on the list: got %v", err)
	}
}

func TestServices(t *testing.T) {
	f, m := newFake(t)
	s := services{m}
	f.service("wuauserv", win.StartManual, win.Stopped)
	f.service("bits", win.StartAutomatic, win.StopPending)
	f.service("hung", win.StartAutomatic, win.StopPending).hangs = true
	f.service("dosvc", win.StartAutomatic, win.Running).denied = true
	for name, want := range map[string]run.Service{
		"wuauserv": {Present: true, Start: 3},
		"bits":     {Present: true, Start: 2},                // it was about to stop
		"hung":     {Present: true, Start: 2, Running: true}, // its process still holds things
		"DOSVC":    {Present: true, Start: 2, Running: true},
		"UsoSvc":   {},
	} {
		if got, err := s.Service(name); err != nil || got != want {
			t.Errorf("%s: got %+v, %v, want %+v", name, got, err, want)
		}
	}
	if err := s.SetStart("dosvc", 4); !errors.Is(err, run.ErrDenied) {
		t.Errorf("got %v, want run.ErrDenied", err)
	}
	if err := s.SetStart("bits", 4); err != nil || f.services["bits"].Config.Start != win.StartDisabled {
		t.Errorf("got %v, %v", f.services["bits"].Config, err)
	}
}

// TestNotNow: some services take no stop for a moment, and the service manager is locked while Windows starts.
func TestNotNow(t *testing.T) {
	f, m := newFake(t)
	s := services{m}
	bits := f.service("bits", win.StartAutomatic, win.Running)
	bits.refuses, bits.locked = 4, 4
	if err := s.Stop("bits"); err != nil || bits.State != win.Stopped {
		t.Errorf("got %v, %v", bits.State, err)
	}
	if err := s.Start("bits"); err != nil || bits.State != win.Running {
		t.Errorf("got %v, %v", bits.State, err)
	}
	before := f.slept
	bits.refuses = 1000
	if err := s.Stop("bits"); !errors.Is(err, win.ErrRefused) || f.slept-before > 2*askAgain {
		t.Errorf("after %s: %v, want win.ErrRefused", f.slept-before, err)
	}
}

// TestWhatRunsOnTop: a dependent that nobody planned to stop is left alone, and named.
func TestWhatRunsOnTop(t *testing.T) {
	f, m := newFake(t)
	f.service("cryptsvc", win.StartAutomatic, win.Running).dependents = []string{"AppIDSvc"}
	top := f.service("AppIDSvc", win.StartManual, win.Running)
	err := services{m}.Stop("cryptsvc")
	if !errors.Is(err, win.ErrDependents) || !strings.Contains(err.Error(), "AppIDSvc") || top.State != win.Running {
		t.Errorf("got %v, and AppIDSvc is %s", err, top.State)
	}
}

func TestRemove(t *testing.T) {
	f, m := newFake(t)
	f.add(`C:\Windows\SDTemp`, true)
	f.add(`C:\Windows\SDTemp\file`, false)
	if got := m.Size(`C:\Windows\SDTemp`); got != 7 {
		t.Errorf("got %d", got)
	}
	if err := m.Remove(`C:\Windows\SDTemp`); err != nil || len(f.files) != 5 {
		t.Errorf("got %v, left are %v", err, f.files)
	}
	f.files[`c:\windows\sdtemp`] = win.File{Folder: true, Reparse: true}
	if err := m.Remove(`C:\Windows\SDTemp`); err == nil {
		t.Error("a link was deleted, or what it leads to")
	}
	if err := m.Remove(`C:\Windows\SDTemp.2`); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want fs.ErrNotExist", err)
	}
}

func TestPause(t *testing.T) {
	f, m := newFake(t)
	n := 0
	for m.pause(n) {
		n++
	}
	if n != maxAttempts || f.slept < 20e9 || f.slept > 60e9 {
		t.Errorf("gave up after %d attempts and %s", n, f.slept)
	}
}

func TestGuard(t *testing.T) {
	f, m := newFake(t)
	s := services{m}
	guarded := func(want bool) {
		t.Helper()
		if got, err := s.Guarded(); err != nil || got != want {
			t.Errorf("guarded is %v, %v, want %v", got, err, want)
		}
	}
	guarded(false)
	for range 2 { // done again, it is the same
		if err := s.Guard(); err != nil {
			t.Fatal(err)
		}
		guarded(true)
	}
	const program = `C:\ProgramData\redx\redx.exe`
	if c := f.services[GuardName]; c.Command != program+" service run recover" || f.contents[strings.ToLower(program)] != "this redx" {
		t.Errorf("it runs %q, which is %q", c.Command, f.contents[strings.ToLower(program)])
	}
	if err := s.Unguard(); err != nil {
		t.Fatal(err)
	}
	guarded(false)
	if _, err := f.Look(program); !errors.Is(err, fs.ErrNotExist) || len(f.pending) > 0 {
		t.Errorf("its program: %v, %v", err, f.pending)
	}
	if err := m.Unguard(); err != nil {
		t.Errorf("a second time: %v", err)
	}
}

// TestGuardOfOthers: what is not as redx makes it is no guard, and is made anew.
func TestGuardOfOthers(t *testing.T) {
	for name, upset := range map[string]func(*fake){
		"disabled":        func(f *fake) { f.services[GuardName].Config.Start = win.StartDisabled },
		"another program": func(f *fake) { f.services[GuardName].Command = `C:\Users\x\redx.exe service run recover` },
		"program is gone": func(f *fake) { delete(f.files, `c:\programdata\redx\redx.exe`) },
		"an older program": func(f *fake) {
			f.contents[`c:\programdata\redx\redx.exe`] = "older"
			f.services[GuardName].Command = ""
		},
		"still on a way out": func(f *fake) { f.services[GuardName].deleting, f.services[GuardName].Command = 3, "" },
	} {
		t.Run(name, func(t *testing.T) {
			f, m := newFake(t)
			s := services{m}
			if err := s.Guard(); err != nil {
				t.Fatal(err)
			}
			upset(f)
			if got, err := s.Guarded(); err != nil || got {
				t.Fatalf("guarded is %v, %v", got, err)
			}
			if err := s.Guard(); err != nil {
				t.Fatal(err)
			}
			if got, err := s.Guarded(); err != nil || !got || f.contents[`c:\programdata\redx\redx.exe`] != "this redx" {
				t.Errorf("guarded is %v, %v", got, err)
			}
		})
	}
}

// TestGuardRemovesItself: its own program is left for Windows to remove, unless a new repair needs it before.
func TestGuardRemovesItself(t *testing.T) {
	f, m := newFake(t)
	s := services{m}
	if err := s.Guard(); err != nil {
		t.Fatal(err)
	}
	f.running = m.program()
	if err := s.Unguard(); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([][2]string{{m.program(), ""}}, f.pending); d != "" {
		t.Error(d)
	}
	if err := s.Guard(); err != nil {
		t.Fatal(err)
	}
	if len(f.pending) > 0 {
		t.Errorf("Windows would remove the guard's program when it is needed: %q", f.pending)
	}
}

// TestFoldersOfOthers refuses before a byte is read or written.
func TestFoldersOfOthers(t *testing.T) {
	link := func(f *fake, path string) {
		f.add(path, true)
		at := f.files[strings.ToLower(path)]
		at.Reparse = true
		f.files[strings.ToLower(path)] = at
	}
	for name, upset := range map[string]func(*fake){
		"a user's folder":  func(f *fake) { f.add(`C:\ProgramData\redx`, true); f.owners[`c:\programdata\redx`] = "a user" },
		"a junction":       func(f *fake) { link(f, `C:\ProgramData\redx`) },
		"a file":           func(f *fake) { f.add(`C:\ProgramData\redx`, false) },
		"a junction above": func(f *fake) { link(f, `C:\ProgramData`) },
		"journals of a user": func(f *fake) {
			f.add(`C:\ProgramData\redx`, true)
			f.add(`C:\ProgramData\redx\journal`, true)
			f.owners[`c:\programdata\redx\journal`] = "a user"
		},
		"journals elsewhere": func(f *fake) { f.add(`C:\ProgramData\redx`, true); link(f, `C:\ProgramData\redx\journal`) },
	} {
		t.Run(name, func(t *testing.T) {
			f, m := newFake(t)
			upset(f)
			if _, err := m.Journals(); !errors.Is(err, ErrNotOwn) {
				t.Errorf("got %v, want ErrNotOwn", err)
			}
			if _, err := m.ExistingJournals(); !errors.Is(err, ErrNotOwn) {
				t.Errorf("to read: got %v, want ErrNotOwn", err)
			}
			if strings.HasPrefix(name, "journals") {
				return // the guard's folder is as it should be
			}
			if err := (services{m}).Guard(); !errors.Is(err, ErrNotOwn) || len(f.services) > 0 {
				t.Errorf("guard: got %v, want ErrNotOwn, and no service", err)
			}
		})
	}
	_, m := newFake(t)
	if _, err := m.ExistingJournals(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("none: got %v, want fs.ErrNotExist", err)
	}
}

type agent struct {
	busy bool
	err  error
}

func (a agent) IsBusy(context.Context) (bool, error) { return a.busy, a.err }

func TestFacts(t *testing.T) {
	f, m := newFake(t)
	f.service("cryptsvc", win.StartAutomatic, win.Running).dependents = []string{"AppIDSvc", "stopped"}
	f.service("AppIDSvc", win.StartManual, win.Running)
	f.service("stopped", win.StartManual, win.Stopped)
	f.service("wuauserv", win.StartManual, win.Running)
	var s repair.Scene
	m.Facts(t.Context(), &s, nil)
	want := repair.Scene{Live: true, Elevated: true, Free: 1000, Dependents: map[string][]string{"cryptsvc": {"AppIDSvc"}}}
	if d := cmp.Diff(want, s); d != "" {
		t.Error(d)
	}
	f.processes = []win.Process{{PID: 7, Name: "TiWorker.exe"}, {PID: 8, Name: "notepad.exe"}}
	m.Facts(t.Context(), &s, agent{busy: true})
	if d := cmp.Diff([]string{"TiWorker.exe runs (7)", "Windows Update's agent says that it is"}, s.Installing); d != "" {
		t.Error(d)
	}
}

// TestFactsUnseen: what could not be looked at is said, so that no repair takes silence for permission.
func TestFactsUnseen(t *testing.T) {
	for _, what := range []string{"elevated", "free", "processes", "dependents"} {
		f, m := newFake(t)
		f.service("wuauserv", win.StartManual, win.Running)
		f.fails[what] = errors.New("no")
		var s repair.Scene
		m.Facts(t.Context(), &s, nil)
		if len(s.Unseen) != 1 {
			t.Errorf("%s: unseen are %q", what, s.Unseen)
		}
	}
	_, m := newFake(t)
	var s repair.Scene
	if m.Facts(t.Context(), &s, agent{err: errors.New("broken")}); len(s.Unseen) != 0 || len(s.Installing) != 0 {
		t.Errorf("a broken agent keeps redx from repairing it: %q, %q", s.Unseen, s.Installing)
	}
}

func TestHolders(t *testing.T) {
	f, m := newFake(t)
	f.add(sd+`\DataStore`, true)
	f.add(sd+`\DataStore\DataStore.edb`, false)
	f.service("wuauserv", win.StartManual, win.Running).PID = 4
	f.processes = []win.Process{{PID: 4, Name: "svchost.exe"}, {PID: 9, Name: "backup.exe"}}
	f.holders = []win.Holder{{PID: 4, Name: "Windows Update", Services: "wuauserv"}}
	f.folders[strings.ToLower(sd)] = []uint32{4, 9}
	f.folders[strings.ToLower(sd)+`\datastore`] = []uint32{11}
	want := []string{"a process (11)", "backup.exe (9)", "svchost.exe (4, wuauserv)"}
	if d := cmp.Diff(want, m.holders(sd)); d != "" {
		t.Error(d)
	}
	f.fails["holders"], f.folders = errors.New("no"), nil
	if got := m.holders(sd); len(got) > 0 {
		t.Errorf("got %q", got)
	}
}

func TestFirst(t *testing.T) {
	list := []string{`c:\a\file.cab`, `c:\a\Logs\edb.log`, `c:\a\DataStore.edb`, `c:\a\x`}
	if d := cmp.Diff([]string{list[2], list[1]}, first(list, 2)); d != "" {
		t.Error(d)
	}
}

func TestID(t *testing.T) {
	f, m := newFake(t)
	if id, err := m.ID(); err != nil || id != "1234abcd-0000-0000-0000-000000000000" {
		t.Errorf("got %q, %v", id, err)
	}
	f.fails["machine"] = errors.New("no")
	if _, err := m.ID(); err == nil {
		t.Error("an installation that is not known has an identity")
	}
}

func TestReport(t *testing.T) {
	f, m := newFake(t)
	for _, e := range []Event{Done, RestartNeeded, LeftOpen} {
		if err := m.Report(e, "text"); err != nil {
			t.Error(err)
		}
	}
	if err := m.ForgetSource(); err != nil {
		t.Error(err)
	}
	if d := cmp.Diff([]string{"redx 4 101 text", "redx 2 103 text", "redx 1 104 text", "remove redx"}, f.events); d != "" {
		t.Error(d)
	}
	f.fails["report"] = errors.New("full")
	if err := m.Report(Done, strings.Repeat("x", 1<<20)); err == nil || len(f.events[4]) > maxEventText+20 {
		t.Errorf("got %v, %d bytes", err, len(f.events[4]))
	}
}

// For redx's own folder no service is touched, and nothing waits for a restart.
func TestOwnFolder(t *testing.T) {
	_, m := computer(t)
	own := m.Own()
	if own.Root() != (repair.Root{Dir: `C:\ProgramData\redx`, Own: true}) || m.Root().Own {
		t.Errorf("roots %+v and %+v", own.Root(), m.Root())
	}
	if r := own.Run(); r.Services != nil || r.Restart != nil || r.Files == nil {
		t.Errorf("the machine has %+v", r)
	}
}

// A folder below redx's own is redx's alone, or is not used.
func TestFolderBelow(t *testing.T) {
	f, m := computer(t)
	if _, err := m.ExistingBelow("agent"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("before it is made: %v", err)
	}
	for range 2 {
		if path, err := m.Below("agent"); err != nil || path != `C:\ProgramData\redx\agent` {
			t.Errorf("%s, %v", path, err)
		}
	}
	if _, err := m.ExistingBelow("agent"); err != nil {
		t.Error(err)
	}
	f.owners[`c:\programdata\redx\agent`] = "somebody"
	if _, err := m.Below("agent"); !errors.Is(err, ErrNotOwn) {
		t.Errorf("somebody else's: %v", err)
	}
}

// A folder of somebody else's in which nothing stands is no folder that is not there: whoever takes redx off a computer would
// sweep it.
func TestForeignFolderIsNotMissing(t *testing.T) {
	f, m := computer(t)
	if _, err := m.OwnFolder(); err != nil {
		t.Fatal(err)
	}
	f.owners[`c:\programdata\redx`] = "somebody"
	if _, err := m.ExistingBelow("agent"); !errors.Is(err, ErrNotOwn) || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}
