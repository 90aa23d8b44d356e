package heal_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redx-update/redx/internal/agent"
	"github.com/redx-update/redx/internal/agent/heal"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/image"
	"github.com/redx-update/redx/internal/image/offline"
	"github.com/redx-update/redx/internal/lab"
	"github.com/redx-update/redx/internal/repair"
	"github.com/redx-update/redx/internal/repair/journal"
	"github.com/redx-update/redx/internal/update"
)

const folder = "7f1c3e0a9b2d4c5e8f60718293a4b5c6" // of the update in the scenarios of missing and damaged payloads

// engine installs the update of a scenario if that is whole again, which for it means that the broken folder is gone.
type engine struct {
	dir      string // the broken folder
	ref      update.Ref
	stays    error // what an installation ends with in any case
	scanErr  error
	verdict  agent.Verdict
	mute     error
	told     [][]byte
	scans    int
	installs int
}

func (e *engine) Scan(context.Context) (*agent.Scan, error) {
	e.scans++
	return &agent.Scan{Updates: []agent.Update{{Ref: e.ref, Action: agent.Install}}}, e.scanErr
}

func (e *engine) Download(context.Context, agent.Update, agent.Progress) error { return nil }

func (e *engine) Install(context.Context, agent.Update) (agent.Result, error) {
	e.installs++
	if _, err := os.Stat(e.dir); err == nil {
		return agent.Result{}, &agent.Failure{Stage: agent.Installing, Code: hresult.FileNotFound, Err: errors.New("still missing")}
	}
	return agent.Result{}, e.stays
}

func (e *engine) Report(context.Context) error { return nil }
func (e *engine) Close() error                 { return nil }

func (e *engine) Tell(_ context.Context, findings []byte) (agent.Verdict, error) {
	e.told = append(e.told, slices.Clone(findings))
	return e.verdict, e.mute
}

// patient is a scenario's image with an agent's healer, and the failure that brought it here.
type patient struct {
	*heal.Healer
	dir     string
	engine  *engine
	failure *agent.Failure
}

// with builds the image of a scenario, its text changed by pairs of old and new.
func with(t *testing.T, scenario string, pairs ...string) *patient {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "lab", "scenario", scenario+".txtar"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := lab.Parse(scenario, []byte(strings.NewReplacer(pairs...).Replace(string(data))))
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "c")
	if err := lab.Build(s, dir); err != nil {
		t.Fatal(err)
	}
	id, err := guid.Parse("5c2a3f60-7d41-4be9-9a0e-2f6f8e5b1d07")
	if err != nil {
		t.Fatal(err)
	}
	e := &engine{
		dir: filepath.Join(dir, "Windows", "SoftwareDistribution", "Download", folder), verdict: agent.Verdict{Heal: true},
		ref: update.Ref{ID: update.ID{GUID: id, Revision: 200}, KB: "KB5034122", Title: "2024-01 Cumulative Update"},
	}
	p := &patient{dir: dir, engine: e, failure: &agent.Failure{
		Stage: agent.Installing, Update: e.ref, Code: hresult.FileNotFound, Err: errors.New("missing"),
	}}
	p.Healer = &heal.Healer{
		Engine: e, Open: func() (image.Image, error) { return offline.Open(dir) }, Policy: agent.DefaultPolicy(),
		Clock: agent.SystemClock(), Random: func() float64 { return 0.5 }, Log: slog.New(slog.DiscardHandler),
	}
	return p
}

// heal wants a healing that ends so, for a reason that has the words.
func (p *patient) heal(t *testing.T, want agent.Healed, words string) agent.Healing {
	t.Helper()
	got, err := p.Heal(t.Context(), p.failure, true)
	if err != nil {
		t.Fatal(err)
	}
	if got.Healed != want || !strings.Contains(got.Why, words) {
		t.Fatalf("%s: %q; want %s: %q\n%+v", got.Healed, got.Why, want, words, got)
	}
	return got
}

// names lists what the image has below the Windows folder and redx's own, without the hives.
func (p *patient) names(t *testing.T) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(p.dir, func(path string, _ fs.DirEntry, err error) error {
		out = append(out, strings.TrimPrefix(path, p.dir))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func exists(path ...string) bool {
	_, err := os.Stat(filepath.Join(path...))
	return err == nil
}

func TestMended(t *testing.T) {
	p := with(t, "payload-missing-download")
	got := p.heal(t, agent.Mended, "installed")
	if !slices.Equal(got.Rungs, []repair.Rung{repair.UpdateFolder}) || got.Attempts != 1 || p.engine.installs != 1 || p.engine.scans != 1 {
		t.Errorf("%+v, %d installations, %d visits", got, p.engine.installs, p.engine.scans)
	}
	if len(got.Files) != 1 || !strings.HasSuffix(got.Files[0], `\Windows10.0-KB5034122-x64.cab`) || !strings.HasPrefix(got.Findings[0], "payload-missing-download-") {
		t.Errorf("the cause is said to be %+v", got)
	}
	if exists(p.engine.dir) || !exists(p.dir, "Windows", "SDTemp."+folder) || !exists(p.dir, "ProgramData", "redx", "history.db") {
		t.Errorf("the folder was not put aside, or the history was not kept: %v", p.names(t))
	}
	if len(p.engine.told) != 2 {
		t.Fatalf("told %d times", len(p.engine.told))
	}
	var first, last struct {
		Findings []struct{ ID, Check string }
		Healing  *agent.Healing
	}
	if err := errors.Join(json.Unmarshal(p.engine.told[0], &first), json.Unmarshal(p.engine.told[1], &last)); err != nil {
		t.Fatal(err)
	}
	if first.Healing != nil || last.Healing == nil || last.Healing.Healed != agent.Mended || len(last.Findings) == 0 || last.Findings[0].ID != got.Findings[0] {
		t.Errorf("told %s\nand %s", p.engine.told[0], p.engine.told[1])
	}
}

func TestLeftAlone(t *testing.T) {
	for name, tt := range map[string]struct {
		scenario, why string
		change        func(*patient)
	}{
		"healthy":             {"payload-missing-download-near", "proves a cause", func(*patient) {}},
		"the server's fault":  {"server-content-missing", "update server", func(p *patient) { p.failure.Update = update.Ref{} }},
		"the network's fault": {"network-or-proxy", "network", func(p *patient) { p.failure.Update = update.Ref{} }},
		"the server says no": {"payload-missing-download", "37 of 40", func(p *patient) {
			p.engine.verdict = agent.Verdict{Why: "37 of 40 computers have it"}
		}},
		"the server says nothing": {"payload-missing-download", "could not be asked", func(p *patient) {
			p.engine.mute = fmt.Errorf("no answer: %w", agent.ErrUnreachable)
		}},
		"nothing is allowed": {"payload-missing-download", "not allowed", func(p *patient) { p.Policy.Rungs = nil }},
		"only more than is allowed": {"datastore-damaged", "not allowed", func(p *patient) {
			p.failure = &agent.Failure{Stage: agent.Scanning, Code: 0xC80003FA, Err: errors.New("damaged")}
		}},
		"another update's fault": {"payload-missing-download", "proves a cause", func(p *patient) {
			p.failure.Update = update.Ref{ID: update.ID{GUID: guid.GUID{1}}, KB: "KB5000001"}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			p := with(t, tt.scenario)
			tt.change(p)
			before := p.names(t)
			p.heal(t, agent.LeftAlone, tt.why)
			if !slices.Equal(before, p.names(t)) || p.engine.installs+p.engine.scans > 0 {
				t.Errorf("something was touched: %v", p.names(t))
			}
		})
	}
}

// The cause is there whatever is tried: each rung that is allowed is climbed once, and no other.
func TestStillFails(t *testing.T) {
	p := with(t, "payload-missing-download")
	p.engine.stays = &agent.Failure{Stage: agent.Installing, Code: hresult.FileNotFound, Err: errors.New("gone again")}
	p.Policy.Rungs = []repair.Rung{repair.UpdateFolder, repair.Download}
	got := p.heal(t, agent.StillFails, "gone again")
	if got.Attempts != 2 || len(got.Rungs) != 2 || exists(p.dir, "Windows", "SDTemp") {
		t.Errorf("%+v", got)
	}
}

func TestDamagedDataStore(t *testing.T) {
	p := with(t, "datastore-damaged")
	store := filepath.Join(p.dir, "Windows", "SoftwareDistribution", "DataStore")
	if err := os.MkdirAll(store, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(store, "DataStore.edb"), []byte("damaged"), 0o644); err != nil {
		t.Fatal(err)
	}
	p.failure = &agent.Failure{Stage: agent.Scanning, Code: 0xC80003FA, Err: errors.New("damaged")}
	p.Policy.Rungs = []repair.Rung{repair.UpdateFolder, repair.DataStore}
	got := p.heal(t, agent.Mended, "visit works again")
	if !slices.Equal(got.Rungs, []repair.Rung{repair.DataStore}) || got.Attempts != 0 || !exists(p.dir, "Windows", "SDTemp.DataStore") {
		t.Errorf("%+v", got)
	}
}

// What fails since nobody answers says nothing of the repair.
func TestUnproven(t *testing.T) {
	p := with(t, "payload-missing-download")
	p.engine.stays = agent.ErrUnreachable
	p.heal(t, agent.Unproven, "cannot be reached")
}

// The agent's own folder is another than Windows'. It is mended, and nothing of Windows' is touched.
func TestOwnRoot(t *testing.T) {
	p := with(t, "payload-missing-download", `Windows\SoftwareDistribution`, `ProgramData\redx\SoftwareDistribution`,
		"Windows/SoftwareDistribution", "ProgramData/redx/SoftwareDistribution")
	p.Own = true
	p.engine.dir = filepath.Join(p.dir, "ProgramData", "redx", "SoftwareDistribution", "Download", folder)
	if !exists(p.engine.dir) {
		t.Fatal("the folder is not there")
	}
	p.heal(t, agent.Mended, "installed")
	if exists(p.engine.dir) || !exists(p.dir, "ProgramData", "redx", "SDTemp."+folder) || exists(p.dir, "Windows", "SDTemp."+folder) {
		t.Errorf("%v", p.names(t))
	}
}

// Another redx that repairs the same installation is not disturbed.
func TestLocked(t *testing.T) {
	p := with(t, "payload-missing-download")
	path := filepath.Join(p.dir, "ProgramData", "redx", "journal")
	if err := os.MkdirAll(path, 0o700); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	held, err := journal.Lock(root)
	if err != nil {
		t.Fatal(err)
	}
	p.heal(t, agent.LeftAlone, "another redx")
	if err := held.Unlock(); err != nil {
		t.Fatal(err)
	}
	p.heal(t, agent.Mended, "")
}

// Unasked it waits for its moment, and gives up with the process.
func TestTarries(t *testing.T) {
	p := with(t, "payload-missing-download")
	var waited time.Duration
	moment := make(chan time.Time, 1)
	p.Clock.After = func(d time.Duration) <-chan time.Time { waited = d; return moment }
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got, err := p.Heal(ctx, p.failure, false); err == nil || got.Healed != agent.LeftAlone {
		t.Errorf("%+v, %v", got, err)
	}
	moment <- time.Time{}
	got, err := p.Heal(t.Context(), p.failure, false)
	if err != nil || got.Healed != agent.Mended || waited != time.Duration(p.Policy.HealWithin)/2 {
		t.Errorf("%+v, %v after %s", got, err, waited)
	}
}

func TestSettle(t *testing.T) {
	p := with(t, "payload-missing-download")
	if err := p.Settle(t.Context()); err != nil || exists(p.dir, "ProgramData", "redx", "journal") {
		t.Errorf("%v, or a folder was made for nothing", err)
	}
	p.heal(t, agent.Mended, "")
	path := filepath.Join(p.dir, "ProgramData", "redx", "journal", "00001.jsonl")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// As after a crash between the rename and its note.
	lines := bytes.SplitAfter(whole, []byte("\n"))
	if err := os.WriteFile(path, bytes.Join(lines[:2], nil), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := p.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !exists(p.engine.dir) || exists(p.dir, "Windows", "SDTemp."+folder) {
		t.Error("what was under way was not taken back")
	}
}
