package journal

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/repair"
)

var (
	jobA = guid.MustParse("0c44b9b1-1d0e-4f43-8d20-3d1f2f5d4a01")
	jobB = guid.MustParse("0c44b9b1-1d0e-4f43-8d20-3d1f2f5d4a02")
)

func cancels() Header {
	return Header{Machine: "m", Root: windows, Kind: Cancel, Rung: repair.TransferJobs}
}

func cancelling(id guid.GUID) Entry {
	return Entry{Event: Cancelling, Job: &id, Note: "WU Client Download"}
}

func cancelled(id guid.GUID) Entry { return Entry{Event: Cancelled, Job: &id} }

// TestCancelJournal writes and reads the journal of what cannot be undone.
func TestCancelJournal(t *testing.T) {
	m := memory{}
	w, err := Create(m, "j", cancels())
	if err != nil {
		t.Fatal(err)
	}
	// A job that a crash has brought back is cancelled again.
	all := []Entry{
		cancelling(jobA), cancelled(jobA), cancelling(jobB), cancelling(jobA), cancelled(jobB), cancelled(jobA),
		{Event: Commit},
		{Event: End},
		{Event: Judged, Verdict: "proven"},
	}
	for _, e := range all {
		if err := w.Append(e); err != nil {
			t.Fatalf("%s: %v", e.Event, err)
		}
	}
	self := Self{Machine: "m", Roots: []repair.Root{windows}}
	j, err := Read(m, "j", self)
	if err != nil {
		t.Fatal(err)
	}
	p, err := j.Progress(j.Entries)
	want := []Job{{jobA, true}, {jobB, true}}
	if d := cmp.Diff(want, p.Jobs); d != "" || err != nil || !p.Ended || p.Decision != Commit || p.Verdict != "proven" {
		t.Errorf("%+v, %v (-want +got):\n%s", p, err, d)
	}
}

func TestCancelOrder(t *testing.T) {
	for name, entries := range map[string][]Entry{
		"cancelled without an intent":    {cancelled(jobA)},
		"cancelled twice":                {cancelling(jobA), cancelled(jobA), cancelled(jobA)},
		"begun twice":                    {cancelling(jobA), cancelling(jobA)},
		"without a job":                  {{Event: Cancelling}},
		"done while one is there":        {cancelling(jobA), cancelled(jobA), cancelling(jobB), {Event: Commit}},
		"ended without a decision":       {cancelling(jobA), cancelled(jobA), {Event: End}},
		"behind the decision":            {{Event: Rollback}, cancelling(jobA)},
		"a folder's act":                 {{Event: Intent}},
		"taken back":                     {cancelling(jobA), cancelled(jobA), {Event: Rollback}, {Event: Undone}},
		"judged when it went no further": {{Event: Rollback}, {Event: End}, {Event: Judged, Verdict: "proven"}},
		"another act":                    {{Event: Cancelling, Job: &jobA, Act: 1}},
	} {
		h := cancels()
		if _, err := h.Progress(entries); !errors.Is(err, ErrAltered) {
			t.Errorf("%s: got %v, want ErrAltered", name, err)
		}
	}
	h := header()
	if _, err := h.Progress([]Entry{cancelling(jobA)}); !errors.Is(err, ErrAltered) {
		t.Errorf("in a repair of folders: %v", err)
	}
}

// TestCancelShape refuses headers that no cancelling has.
func TestCancelShape(t *testing.T) {
	own := repair.Root{Dir: `C:\ProgramData\redx\agent`, Own: true}
	self := Self{Machine: "m", Roots: []repair.Root{windows, own}}
	for name, change := range map[string]func(*Header){
		"with acts":          func(h *Header) { h.Acts = header().Acts },
		"of another rung":    func(h *Header) { h.Rung = repair.Download },
		"of redx's own":      func(h *Header) { h.Root = own },
		"with services":      func(h *Header) { h.Before = []Service{{Name: "wuauserv", Start: 2}} },
		"a repair without":   func(h *Header) { h.Kind = Repair },
		"of no known kind":   func(h *Header) { h.Kind = "purge" },
		"an undo of folders": func(h *Header) { h.Kind, h.Undoes = Undo, "00001.jsonl" },
	} {
		h := cancels()
		change(&h)
		m := memory{}
		if _, err := Create(m, "j", h); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, err := Read(m, "j", self); !errors.Is(err, ErrAltered) {
			t.Errorf("%s: got %v, want ErrAltered", name, err)
		}
	}
}
