package wua_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/proof"
	"github.com/redx-update/redx/internal/update"
	"github.com/redx-update/redx/internal/wuaclient"
	"github.com/redx-update/redx/internal/wuaclient/protocol"
)

func TestMain(m *testing.M) {
	if len(os.Args) == 4 && os.Args[1] == childWord {
		if err := child(os.Args[2], os.Args[3], os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

var wanted = update.Ref{ID: update.ID{GUID: guid.MustParse("5c2a3f60-7d41-4be9-9a0e-2f6f8e5b1d07")}, KB: "KB5034122"}

// conversation is a client of a scripted agent, and where the child says what it has seen.
func conversation(t *testing.T, s script) (*wuaclient.Client, func() seen) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	report := filepath.Join(t.TempDir(), "seen.json")
	c := &wuaclient.Client{Command: []string{program, childWord, string(text), report}, Time: time.Minute}
	return c, func() (got seen) {
		t.Helper()
		b, err := os.ReadFile(report)
		if err == nil {
			err = json.Unmarshal(b, &got)
		}
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
}

const (
	succeeded = int(protocol.Succeeded)
	broken    = int(protocol.Failed)
)

func TestProve(t *testing.T) {
	const noUpdate, noName, notFound = 0x80240024, 0x8024402C, 0x80070002
	for name, tt := range map[string]struct {
		script  script
		install bool
		want    proof.Verdict
		code    hresult.Code
	}{
		"downloaded":                     {script{DownloadOutcome: succeeded}, false, proof.Unproven, 0},
		"installed":                      {script{DownloadOutcome: succeeded, InstallOutcome: succeeded}, true, proof.Proven, 0},
		"installed already":              {script{Installed: true}, false, proof.Proven, 0},
		"not offered":                    {script{NotOffered: true}, false, proof.Unproven, 0},
		"an installation runs":           {script{Busy: true}, false, proof.Unproven, 0},
		"a licence to accept":            {script{NoLicence: true}, false, proof.Unproven, 0},
		"search: no updates":             {script{Search: noUpdate}, false, proof.Unproven, noUpdate},
		"search: no such name":           {script{Search: noName, Thrown: true}, false, proof.Unproven, noName},
		"search: ended badly":            {script{SearchOutcome: broken}, false, proof.Unproven, 0x80244022},
		"download: file not found":       {script{Download: notFound}, false, proof.Failed, notFound},
		"download: thrown":               {script{Download: notFound, Thrown: true}, false, proof.Failed, notFound},
		"download: in the result":        {script{DownloadOutcome: broken, UpdateResult: notFound, DownloadResult: 0x80240022}, false, proof.Failed, notFound},
		"download: in the whole's alone": {script{DownloadOutcome: broken, DownloadResult: 0x80240022}, false, proof.Failed, 0x80240022},
		"installation: fails":            {script{DownloadOutcome: succeeded, InstallOutcome: broken, InstallResult: notFound}, true, proof.Failed, notFound},
		"installation: thrown":           {script{DownloadOutcome: succeeded, Install: 0x80070005, Thrown: true}, true, proof.Unproven, 0x80070005},
	} {
		t.Run(name, func(t *testing.T) {
			c, report := conversation(t, tt.script)
			p := wuaclient.Prover{Agent: c, Install: tt.install}
			got := p.Prove(t.Context(), []update.Ref{wanted})
			if got.Verdict != tt.want || got.Code != tt.code {
				t.Errorf("%s; want %s with %s", got, tt.want, tt.code)
			}
			if n := report().Leaked; n != 0 {
				t.Errorf("%d objects were not released", n)
			}
		})
	}
}

func TestAnswer(t *testing.T) {
	c, report := conversation(t, script{DownloadOutcome: succeeded, InstallOutcome: succeeded})
	var steps []protocol.Step
	c.Step = func(s protocol.Step) { steps = append(steps, s) }
	answer, err := c.Ask(t.Context(), protocol.Request{
		Verb: protocol.Prove, KB: "KB5034122", Location: protocol.MicrosoftUpdate, Install: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	// What the fake lacks (AllowSourcePrompts) is passed over, and said.
	want := &protocol.Answer{
		Offered: 2, RestartNeeded: true,
		Update: &protocol.Update{
			ID: wanted.ID.GUID.String(), Revision: 200, KB: "KB5034122", Title: "Cumulative für Windows (KB5034122)", Downloaded: true,
			URLs: []string{"http://server/a.cab", "http://server/b.psf"},
		},
		Download: &protocol.Result{Outcome: protocol.Succeeded},
		Install:  &protocol.Result{Outcome: protocol.Succeeded, Restart: true},
		Warnings: []*protocol.Failure{{Step: protocol.Install, Call: "IUpdateInstaller.AllowSourcePrompts", Code: unknownName}},
	}
	if diff := cmp.Diff(want, answer); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]protocol.Step{protocol.Connect, protocol.Search, protocol.Download, protocol.Install}, steps); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
	wantSeen := seen{
		Searches: []string{"IsInstalled=0 and IsHidden=0"}, Server: 3, Service: "7971f918-a847-4430-9279-4a52d1efe18d",
		Client: "redx", Priority: 3, Quiet: true, Added: 1,
	}
	if diff := cmp.Diff(wantSeen, report()); diff != "" {
		t.Errorf("the agent has seen (-want +got):\n%s", diff)
	}
}

func TestSearches(t *testing.T) {
	c, report := conversation(t, script{NotOffered: true})
	if _, err := c.Ask(t.Context(), protocol.Request{Verb: protocol.Prove, ID: wanted.ID.GUID.String(), KB: "KB5034122", Location: protocol.ManagedServer}); err != nil {
		t.Fatal(err)
	}
	got := report()
	want := []string{"UpdateID='" + wanted.ID.GUID.String() + "'", "IsInstalled=0 and IsHidden=0", "IsInstalled=1"}
	if diff := cmp.Diff(want, got.Searches); diff != "" || got.Server != 1 {
		t.Errorf("server %d, searches (-want +got):\n%s", got.Server, diff)
	}
}

func TestIsBusy(t *testing.T) {
	for _, busy := range []bool{true, false} {
		c, report := conversation(t, script{Busy: busy})
		if got, err := c.IsBusy(t.Context()); err != nil || got != busy {
			t.Errorf("got %v, %v, want %v", got, err, busy)
		}
		if n := report().Leaked; n != 0 {
			t.Errorf("%d objects were not released", n)
		}
	}
}

func TestHistory(t *testing.T) {
	c, report := conversation(t, script{History: 250})
	events, err := c.History(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got := report()
	if diff := cmp.Diff([][2]int{{0, 100}, {100, 100}, {200, 50}}, got.Pages); diff != "" || got.Leaked != 0 {
		t.Errorf("%d leaked, pages (-want +got):\n%s", got.Leaked, diff)
	}
	want := evidence.Event{
		Kind: evidence.Attempt, Source: evidence.Source{Path: wuaclient.HistorySource, Record: 250},
		Time: time.Date(2024, 1, 11, 6, 0, 0, 0, time.UTC), Code: hresult.FileNotFound,
		Update: update.Ref{ID: update.ID{GUID: wanted.ID.GUID, Revision: 200}, KB: "KB5034122", Title: "Cumulative (KB5034122)"},
		Fields: map[string]string{
			evidence.Operation: string(update.Install), evidence.Phase: evidence.PhaseInstall, evidence.Result: string(update.Failed),
		},
		Text: "Cumulative (KB5034122) failed with 0x80070002 ERROR_FILE_NOT_FOUND",
	}
	if len(events) != 250 {
		t.Fatalf("%d events", len(events))
	}
	if diff := cmp.Diff(want, events[0]); diff != "" {
		t.Errorf("newest (-want +got):\n%s", diff)
	}
	if last := events[249]; last.Source.Record != 1 || !last.Update.ID.GUID.IsZero() || last.Update.KB != "KB5034122" {
		t.Errorf("oldest, without an identity: %+v", last)
	}
}

func TestEmptyHistory(t *testing.T) {
	c, report := conversation(t, script{})
	events, err := c.History(t.Context())
	if err != nil || len(events) != 0 {
		t.Errorf("%d events, %v", len(events), err)
	}
	if got := report(); got.Pages != nil {
		t.Errorf("an empty history was asked for pages %v", got.Pages)
	}
}

// Wine's agent has objects that can do nothing, and says so.
func TestAgentThatCanNothing(t *testing.T) {
	if os.Getenv("WINEPREFIX") == "" {
		t.Skip("run this under Wine, whose update agent can do nothing (tools/wine/run.sh)")
	}
	c, _ := conversation(t, script{Real: true})
	got := (&wuaclient.Prover{Agent: c}).Prove(t.Context(), []update.Ref{wanted})
	if got.Verdict != proof.Unproven || got.Code != notThere {
		t.Errorf("proof %s", got)
	}
	if events, err := c.History(t.Context()); err == nil || len(events) > 0 {
		t.Errorf("history of %d, %v", len(events), err)
	}
}
