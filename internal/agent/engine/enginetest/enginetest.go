// Package enginetest is the conformance suite of engines: whatever gets updates onto a computer passes it, so the agent
// need not know which one it has. It does not test how an engine does it.
package enginetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/redx-update/redx/internal/agent"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/hresult"
)

// Subject is an engine on a computer that needs one update.
type Subject struct {
	Engine agent.Engine
	Needed guid.GUID // the update
	// Silence makes the location not answer, or answer again.
	Silence func(silent bool)
	// Spoil makes the update's installation fail after its download, and gives the code of that. Mend ends it.
	Spoil func() hresult.Code
	Mend  func()
	// Counts: Scan tells how many updates are installed. Fetches: Install gets by itself what is not downloaded.
	Counts, Fetches bool
}

// Run runs the suite; fresh gives a new computer each time.
func Run(t *testing.T, fresh func(t *testing.T) *Subject) {
	for name, test := range map[string]func(*testing.T, *Subject){
		"scan": scanned, "download": downloaded, "install": installed, "not downloaded": notDownloaded, "failure": failure,
		"silence": silence, "cancelled": cancelled, "report": report,
	} {
		t.Run(name, func(t *testing.T) {
			s := fresh(t)
			test(t, s)
			if err := s.Engine.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
		})
	}
}

// scan visits the location and finds the update in what came of it; nil when it is not there.
func (s *Subject) scan(t *testing.T) (*agent.Scan, *agent.Update) {
	t.Helper()
	r, err := s.Engine.Scan(t.Context())
	if err != nil {
		t.Fatalf("scan: %v", err)
	}
	for i := range r.Updates {
		if r.Updates[i].ID.GUID == s.Needed {
			return r, &r.Updates[i]
		}
	}
	return r, nil
}

// needed is scan for a computer that must need the update.
func (s *Subject) needed(t *testing.T) agent.Update {
	t.Helper()
	_, u := s.scan(t)
	if u == nil {
		t.Fatal("the update is not offered")
	}
	return *u
}

func (s *Subject) download(t *testing.T, u agent.Update) {
	t.Helper()
	if err := s.Engine.Download(t.Context(), u, func(int64, int64) {}); err != nil {
		t.Fatalf("download: %v", err)
	}
}

func scanned(t *testing.T, s *Subject) {
	one, u := s.scan(t)
	if u == nil {
		t.Fatal("the update is not offered")
	}
	if u.Title == "" || u.Action != agent.Install || u.Ready || u.ID.Revision == 0 {
		t.Errorf("it is described as %+v", *u)
	}
	if one.Location == "" || one.At.Location() != time.UTC || time.Since(one.At).Abs() > time.Hour {
		t.Errorf("the scan says of itself: %q, %v", one.Location, one.At)
	}
	two, _ := s.scan(t)
	if diff := cmp.Diff(one, two, cmpopts.IgnoreFields(agent.Scan{}, "At")); diff != "" {
		t.Errorf("the second scan finds something else: %s", diff)
	}
}

func downloaded(t *testing.T, s *Subject) {
	u := s.needed(t)
	last := int64(-1)
	err := s.Engine.Download(t.Context(), u, func(done, of int64) {
		if done < last || of != 0 && done > of {
			t.Errorf("progress goes from %d to %d of %d", last, done, of)
		}
		last = done
	})
	if err != nil {
		t.Fatal(err)
	}
	if again := s.needed(t); !again.Ready {
		t.Error("it is not ready after its download")
	}
	s.download(t, u)
	if again := s.needed(t); !again.Ready {
		t.Error("it is not ready after its second download")
	}
}

func installed(t *testing.T, s *Subject) {
	u := s.needed(t)
	before, _ := s.scan(t)
	s.download(t, u)
	if _, err := s.Engine.Install(t.Context(), s.needed(t)); err != nil {
		t.Fatalf("install: %v", err)
	}
	after, again := s.scan(t)
	if again != nil {
		t.Errorf("it is offered again: %+v", *again)
	}
	if s.Counts && after.Installed != before.Installed+1 {
		t.Errorf("%d updates were installed, now %d", before.Installed, after.Installed)
	}
}

// fails checks that an error is a failure of that update.
func (s *Subject) fails(t *testing.T, err error, stage agent.Stage, code hresult.Code) {
	t.Helper()
	var f *agent.Failure
	if !errors.As(err, &f) {
		t.Fatalf("got %v, want a failure", err)
	}
	if f.Stage != stage || code != 0 && f.Code != code || f.Code == 0 || f.Update.ID.GUID != s.Needed || f.Err == nil {
		t.Errorf("got %+v, want stage %s, code %s", *f, stage, code)
	}
}

func notDownloaded(t *testing.T, s *Subject) {
	u := s.needed(t)
	_, err := s.Engine.Install(t.Context(), u)
	if s.Fetches {
		if err != nil {
			t.Errorf("install: %v", err)
		}
		return
	}
	s.fails(t, err, agent.Installing, 0)
	s.needed(t)
}

func failure(t *testing.T, s *Subject) {
	u := s.needed(t)
	s.download(t, u)
	code := s.Spoil()
	_, err := s.Engine.Install(t.Context(), u)
	s.fails(t, err, agent.Installing, code)
	s.needed(t)
	s.Mend()
	again := s.needed(t)
	if !again.Ready {
		s.download(t, again)
	}
	if _, err := s.Engine.Install(t.Context(), again); err != nil {
		t.Errorf("after it was mended: %v", err)
	}
}

func silence(t *testing.T, s *Subject) {
	s.Silence(true)
	if r, err := s.Engine.Scan(t.Context()); !errors.Is(err, agent.ErrUnreachable) {
		t.Errorf("scan of a silent location: %+v, %v", r, err)
	}
	s.Silence(false)
	s.needed(t)
}

func cancelled(t *testing.T, s *Subject) {
	u := s.needed(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Engine.Scan(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("scan: %v", err)
	}
	if err := s.Engine.Download(ctx, u, func(int64, int64) {}); !errors.Is(err, context.Canceled) {
		t.Errorf("download: %v", err)
	}
	if again := s.needed(t); again.Ready {
		t.Error("a download that was cancelled is ready")
	}
}

func report(t *testing.T, s *Subject) {
	u := s.needed(t)
	s.download(t, u)
	s.Silence(true)
	_ = s.Engine.Report(t.Context()) // whether there is something to send is the engine's business
	s.Silence(false)
	for range 2 {
		if err := s.Engine.Report(t.Context()); err != nil {
			t.Errorf("report: %v", err)
		}
	}
}
