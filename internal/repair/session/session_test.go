package session_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/proof"
	"github.com/redx-update/redx/internal/repair"
	"github.com/redx-update/redx/internal/repair/act/sim"
	"github.com/redx-update/redx/internal/repair/journal"
	"github.com/redx-update/redx/internal/repair/run"
	"github.com/redx-update/redx/internal/repair/session"
	"github.com/redx-update/redx/internal/update"
)

const hash = "7f1c3e0a9b2d4c5e8f60718293a4b5c6"

var windows = repair.Root{Dir: `C:\Windows`}

// computer is a Windows with one broken update; its services make what they lack anew.
func computer(live bool) *sim.World {
	w := sim.New()
	for _, path := range []string{
		`C:\Windows\SoftwareDistribution\Download\` + hash + `\x`, `C:\Windows\SoftwareDistribution\DataStore\Logs`,
		`C:\Windows\System32\catroot2`, `C:\Windows\SDTemp\older`,
	} {
		w.Disk.Make(path)
	}
	w.Agent = func(w *sim.World) {
		w.Disk.Make(`C:\Windows\SoftwareDistribution\Download\` + hash)
		w.Disk.Make(`C:\Windows\SoftwareDistribution\DataStore`)
	}
	if live {
		for _, name := range []string{"UsoSvc", "bits", "dosvc"} {
			w.Add(sim.Service{Name: name}, 3)
		}
		w.Add(sim.Service{Name: "wuauserv", Running: true, Triggered: true, MakesAnew: true}, 3)
	}
	return w
}

// scripted proves what it was told to, one after the other.
type scripted struct {
	verdicts []proof.Verdict
	about    []update.Ref // what it was asked for last
}

func (s *scripted) Prove(_ context.Context, about []update.Ref) proof.Proof {
	s.about = about
	p := proof.Proof{Verdict: s.verdicts[0], Text: "as scripted"}
	if p.Verdict == proof.Failed {
		p.Code = hresult.Code(0x80070002)
	}
	s.verdicts = s.verdicts[1:]
	return p
}

type vault struct {
	saved int
	err   error
}

func (v *vault) Save(context.Context) error { v.saved++; return v.err }

// newSession is a session on a simulated computer, with a prover when there are verdicts.
func newSession(w *sim.World, verdicts ...proof.Verdict) *session.Session {
	s := &session.Session{
		Machine:  run.Machine{Files: w.Disk, Pause: func(n int) bool { w.Triggers(); return n < 3 && !w.Dead() }},
		Journals: w.Journals, Copies: w.Disk, Self: journal.Self{Machine: "m", Roots: []repair.Root{windows}},
	}
	live := len(w.Services) > 0
	if live {
		s.Machine.Services, s.Machine.Restart = w.Manager(), w.Restart()
	}
	if len(verdicts) > 0 {
		s.Prover = &scripted{verdicts: verdicts}
	}
	s.Look = func(_ context.Context, targets []repair.Target) (*repair.Scene, error) {
		scene := &repair.Scene{
			Root: windows, Machine: "m", Live: live, Looked: true, Elevated: true, Free: repair.Unknown,
			Folders: map[repair.Target]repair.Folder{}, Names: map[string][]string{},
		}
		for _, t := range targets {
			f, err := w.Disk.Folder(t.Path(windows))
			if err != nil {
				return nil, err
			}
			scene.Folders[t] = repair.Folder{Present: f.Present, Bytes: 1}
			dir := repair.Copy{Of: t}.Dir(windows)
			if scene.Names[dir], err = w.Disk.Names(dir); err != nil {
				return nil, err
			}
		}
		return scene, nil
	}
	return s
}

func findings() []doctor.Finding {
	return []doctor.Finding{{
		ID: "f", Check: "payload-missing-download", Severity: doctor.Error, Confidence: doctor.Proven, Title: "a file is missing",
		Files: []doctor.File{{Path: `C:\Windows\SoftwareDistribution\Download\` + hash + `\x.cab`}}, Update: update.Ref{KB: "KB5031455"},
	}}
}

// wish is a plan for the findings as it is shown.
func wish(t *testing.T, s *session.Session) session.Wish {
	t.Helper()
	scene, err := s.Look(t.Context(), repair.Targets(findings(), windows))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := repair.Make(findings(), scene, repair.Options{})
	if err != nil || plan.Empty() {
		t.Fatalf("%+v, %v", plan, err)
	}
	return session.Wish{Findings: findings(), Shown: plan}
}

func rungs(res session.Result) []repair.Rung {
	var out []repair.Rung
	for _, d := range res.Steps {
		out = append(out, d.Rung)
	}
	return out
}

// TestClimbing takes as many rungs as it needs, and undoes all of them.
func TestClimbing(t *testing.T) {
	all := []repair.Rung{repair.UpdateFolder, repair.Download, repair.SoftwareDistribution}
	const failed = proof.Failed
	for _, tt := range []struct {
		verdicts []proof.Verdict
		steps    int
		want     session.State
	}{
		{[]proof.Verdict{proof.Proven}, 1, session.Proven},
		{[]proof.Verdict{proof.Unproven}, 1, session.Unproven},
		{[]proof.Verdict{failed, proof.Proven}, 2, session.Proven},
		{[]proof.Verdict{failed, failed, proof.Proven}, 3, session.Proven},
		{[]proof.Verdict{failed, failed, failed}, 3, session.Failing},
	} {
		w := computer(true)
		was := w.Disk.IDs()
		states := w.States()
		s := newSession(w, tt.verdicts...)
		v := &vault{}
		s.Vault = v
		res, err := s.Repair(t.Context(), wish(t, s))
		if err != nil || res.State != tt.want || v.saved != 1 {
			t.Fatalf("%v: %+v, %v, saved %d times", tt.verdicts, res, err, v.saved)
		}
		if d := cmp.Diff(all[:tt.steps], rungs(res)); d != "" {
			t.Errorf("%v: %s", tt.verdicts, d)
		}
		st, err := s.Status()
		if err != nil || st.State != "done" || len(st.Steps) != tt.steps || len(st.Kept) != tt.steps {
			t.Errorf("%v: %+v, %v", tt.verdicts, st, err)
		}
		for _, one := range st.Steps {
			if !one.Verified {
				t.Errorf("%v: %+v is not verified", tt.verdicts, one)
			}
		}
		if undo, err := s.Undo(t.Context()); err != nil || undo.State != session.Undone || len(undo.Steps) != tt.steps {
			t.Fatalf("%v: undo: %+v, %v", tt.verdicts, undo, err)
		}
		now := w.Disk.IDs()
		for id, path := range was {
			if now[id] != path {
				t.Errorf("%v: %s is now %s", tt.verdicts, path, now[id])
			}
		}
		if d := cmp.Diff(states, w.States()); d != "" {
			t.Errorf("%v: services: %s", tt.verdicts, d)
		}
		if _, err := s.Undo(t.Context()); !errors.Is(err, session.ErrNothing) {
			t.Errorf("%v: undone twice: %v", tt.verdicts, err)
		}
		if st, err := s.Status(); err != nil || st.State != "undone" {
			t.Errorf("%v: %+v, %v", tt.verdicts, st, err)
		}
	}
}

func TestOfflineIsUnproven(t *testing.T) {
	s := newSession(computer(false))
	res, err := s.Repair(t.Context(), wish(t, s))
	if err != nil || res.State != session.Unproven || len(res.Steps) != 1 || res.Steps[0].Proof != nil {
		t.Errorf("%+v, %v", res, err)
	}
}

// TestNothingIsDone lists what stops a repair before anything is touched.
func TestNothingIsDone(t *testing.T) {
	var refused *session.Refused
	broken := errors.New("the vault is full")
	for name, tt := range map[string]struct {
		upset func(*sim.World, *session.Session)
		want  func(error) bool
	}{
		"no identity": {
			func(_ *sim.World, s *session.Session) { s.Self.Machine = "" },
			func(err error) bool { return errors.Is(err, session.ErrMachine) },
		},
		"the vault fails": {
			func(_ *sim.World, s *session.Session) { s.Vault = &vault{err: broken} },
			func(err error) bool { return errors.Is(err, broken) },
		},
		"a restart is pending meanwhile": {
			func(_ *sim.World, s *session.Session) {
				look := s.Look
				s.Look = func(ctx context.Context, t []repair.Target) (*repair.Scene, error) {
					scene, err := look(ctx, t)
					scene.Pending = []string{"pending.xml"}
					return scene, err
				}
			},
			func(err error) bool {
				return errors.As(err, &refused) && refused.Refusals[0].Reason == repair.RestartPending
			},
		},
		"the name was taken meanwhile": {
			func(w *sim.World, _ *session.Session) { w.Disk.Make(`C:\Windows\sdtemp.` + hash) },
			func(err error) bool { return errors.Is(err, session.ErrChanged) },
		},
		"the folder is gone": {
			func(w *sim.World, _ *session.Session) {
				if err := w.Disk.Rename(`C:\Windows\SoftwareDistribution\Download\`+hash, `C:\Windows\gone`); err != nil {
					panic(err)
				}
			},
			func(err error) bool { return errors.Is(err, session.ErrChanged) },
		},
		"a foreign journal": {
			func(w *sim.World, _ *session.Session) { plant(w, "00001.jsonl", "another") },
			func(err error) bool { return errors.Is(err, journal.ErrForeign) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := computer(true)
			s := newSession(w, proof.Proven)
			wanted := wish(t, s)
			tt.upset(w, s)
			was, journals := w.Disk.IDs(), len(names(t, w))
			if res, err := s.Repair(t.Context(), wanted); !tt.want(err) || len(res.Steps) > 0 {
				t.Errorf("%+v, %v", res, err)
			}
			if d := cmp.Diff(was, w.Disk.IDs()); d != "" || len(names(t, w)) != journals {
				t.Errorf("something was done: %s, journals %q", d, names(t, w))
			}
		})
	}
}

func names(t *testing.T, w *sim.World) []string {
	t.Helper()
	all, err := w.Journals.Names()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// plant puts the journal of a machine into the folder, begun and not ended.
func plant(w *sim.World, name, machine string) {
	target := repair.Target{Rung: repair.SoftwareDistribution}
	h := journal.Header{
		Machine: machine, Root: windows, Kind: journal.Repair, Rung: target.Rung,
		Acts: []repair.Reversible{repair.MoveAway{Move: repair.Move{Target: target, Copy: repair.Copy{Of: target, N: 7}}}},
	}
	if _, err := journal.Create(w.Journals, name, h); err != nil {
		panic(err)
	}
}

// TestAForeignJournalStopsEverything until somebody has looked at it; what could be read is still shown.
func TestAForeignJournalStopsEverything(t *testing.T) {
	w := computer(false)
	s := newSession(w)
	if _, err := s.Repair(t.Context(), wish(t, s)); err != nil {
		t.Fatal(err)
	}
	plant(w, "00002.jsonl", "another")
	_, undo := s.Undo(t.Context())
	_, resume := s.Resume(t.Context())
	_, purge := s.Purge(t.Context(), true)
	st, status := s.Status()
	for what, err := range map[string]error{"undo": undo, "resume": resume, "purge": purge, "status": status} {
		if !errors.Is(err, journal.ErrForeign) || !strings.Contains(err.Error(), "00002.jsonl") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if st.State != "done" || len(st.Kept) != 1 {
		t.Errorf("%+v", st)
	}
}

func TestPurge(t *testing.T) {
	for _, tt := range []struct {
		verdicts []proof.Verdict
		unproven bool
		want     int // copies that are deleted
	}{
		{[]proof.Verdict{proof.Failed, proof.Proven}, false, 2},
		{[]proof.Verdict{proof.Unproven}, false, 0},
		{[]proof.Verdict{proof.Unproven}, true, 1},
		{[]proof.Verdict{proof.Failed, proof.Failed, proof.Failed}, false, 0},
	} {
		w := computer(true)
		s := newSession(w, tt.verdicts...)
		if _, err := s.Repair(t.Context(), wish(t, s)); err != nil {
			t.Fatal(err)
		}
		gone, err := s.Purge(t.Context(), tt.unproven)
		if len(gone) != tt.want || (err != nil) != (tt.want == 0) {
			t.Errorf("%v: deleted %+v, %v", tt.verdicts, gone, err)
		}
		st, err := s.Status()
		if err != nil || len(st.Kept) != len(tt.verdicts)-tt.want {
			t.Errorf("%v: %+v, %v", tt.verdicts, st, err)
		}
		if w.Disk.ID(`C:\Windows\SDTemp\older`) == "" {
			t.Errorf("%v: somebody else's SDTemp was deleted", tt.verdicts)
		}
		_, err = s.Undo(t.Context())
		if deleted := errors.Is(err, session.ErrNothing); deleted != (tt.want > 0) {
			t.Errorf("%v: undone: %v", tt.verdicts, err)
		}
	}
}

// TestPurgeLeavesWhatIsNotRedxs puts a folder of somebody else's under the copy's name.
func TestPurgeLeavesWhatIsNotRedxs(t *testing.T) {
	w := computer(false)
	s := newSession(w)
	res, err := s.Repair(t.Context(), wish(t, s))
	if err != nil {
		t.Fatal(err)
	}
	kept := res.Steps[0].Moves[0].Copy.Path(windows)
	if err := w.Disk.Rename(kept, `C:\Windows\mine`); err != nil {
		t.Fatal(err)
	}
	w.Disk.Make(kept + `\precious`)
	if gone, err := s.Purge(t.Context(), true); !errors.Is(err, session.ErrNothing) || len(gone) > 0 {
		t.Errorf("deleted %+v, %v", gone, err)
	}
	if st, err := s.Status(); err != nil || st.Steps[0].Verified {
		t.Errorf("%+v, %v: the copy is another folder, and verified", st, err)
	}
}

// TestWaitsForRestart leaves a folder to Windows, and asks for nothing else until it has started.
func TestWaitsForRestart(t *testing.T) {
	w := computer(true)
	held := `C:\Windows\SoftwareDistribution\Download\` + hash + `\x`
	w.Add(sim.Service{Name: "Scanner", Running: true, Finds: true, Opens: []string{held}}, 2)
	s := newSession(w, proof.Proven)
	res, err := s.Repair(t.Context(), wish(t, s))
	if err != nil || res.State != session.Waiting {
		t.Fatalf("%+v, %v", res, err)
	}
	if st, err := s.Status(); err != nil || st.State != "waits-for-restart" {
		t.Errorf("%+v, %v", st, err)
	}
	if res, err := s.Repair(t.Context(), wish(t, s)); err != nil || res.State != session.Waiting || len(res.Steps) > 0 {
		t.Errorf("again: %+v, %v", res, err)
	}
	w.PowerCut(sim.LoseNone, nil)
	all, err := s.Resume(t.Context())
	if err != nil || len(all) != 1 || all[0].Outcome != run.Committed {
		t.Fatalf("%+v, %v", all, err)
	}
	if st, err := s.Status(); err != nil || st.State != "done" || !st.Steps[0].Verified {
		t.Errorf("%+v, %v", st, err)
	}
}

// TestCrashAnywhere kills a repair of one step at every I/O, then resumes it, undoes it, or repairs again.
func TestCrashAnywhere(t *testing.T) {
	for _, live := range []bool{false, true} {
		for _, then := range []string{"resume", "undo", "repair"} {
			t.Run(fmt.Sprintf("live %v, then %s", live, then), func(t *testing.T) {
				t.Parallel()
				for at := 1; crashAt(t, at, live, then); at++ {
				}
			})
		}
	}
}

func crashAt(t *testing.T, at int, live bool, then string) (died bool) {
	t.Helper()
	w := computer(live)
	path := `C:\Windows\SoftwareDistribution\Download\` + hash
	id, states := w.Disk.ID(path), w.States()
	verdicts := []proof.Verdict{}
	if live {
		verdicts = append(verdicts, proof.Proven, proof.Proven)
	}
	s := newSession(w, verdicts...)
	wanted := wish(t, s)
	w.CrashAt(at)
	_, _ = s.Repair(t.Context(), wanted)
	if died = w.Dead(); died && at%2 == 0 {
		w.PowerCut(sim.LoseSome, rand.New(rand.NewPCG(uint64(at), 1)))
	}
	w.Revive()
	var err error
	switch then {
	case "resume":
		_, err = s.Resume(t.Context())
	case "undo":
		if _, err = s.Undo(t.Context()); errors.Is(err, session.ErrNothing) {
			err = nil
		}
		if is := w.Disk.ID(path); is != id {
			t.Fatalf("at %d: undone, and %q is there, want %q", at, is, id)
		}
	default:
		if _, err = s.Repair(t.Context(), wish(t, s)); errors.Is(err, session.ErrChanged) {
			err = nil // what was left open was taken back first, and changed what was shown
		}
	}
	if err != nil {
		t.Fatalf("at %d: %v", at, err)
	}
	st, err := s.Status()
	if err != nil || slices.ContainsFunc(st.Steps, func(one session.Standing) bool { return one.State == "open" || !one.Verified }) {
		t.Fatalf("at %d: %+v, %v", at, st, err)
	}
	for name, was := range states {
		if is := w.States()[name]; is.Start != was.Start || w.IsGuarded() {
			t.Fatalf("at %d: %s is %+v, was %+v; guarded %v", at, name, is, was, w.IsGuarded())
		}
	}
	return died
}

// TestCrashInAPurge kills a purge at every I/O: nothing is ever undone from half a copy.
func TestCrashInAPurge(t *testing.T) {
	for at := 1; ; at++ {
		w := computer(false)
		s := newSession(w)
		if _, err := s.Repair(t.Context(), wish(t, s)); err != nil {
			t.Fatal(err)
		}
		kept := `C:\Windows\SDTemp.` + hash
		w.CrashAt(at)
		_, _ = s.Purge(t.Context(), true)
		died := w.Dead()
		w.PowerCut(sim.LoseSome, rand.New(rand.NewPCG(uint64(at), 1)))
		whole := w.Disk.ID(kept+`\x`) != ""
		if _, err := s.Undo(t.Context()); err == nil && !whole {
			t.Fatalf("at %d: undone from half a copy", at)
		} else if err != nil && !errors.Is(err, session.ErrNothing) {
			t.Fatalf("at %d: %v", at, err)
		}
		if !died {
			return
		}
	}
}
