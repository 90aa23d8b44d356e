package report

import (
	"fmt"

	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/proof"
	"github.com/redx-update/redx/internal/repair"
	"github.com/redx-update/redx/internal/repair/journal"
	"github.com/redx-update/redx/internal/repair/session"
)

// Outcome is `redx repair --json`, and that of resume and undo; docs/json.md describes it. Fields are only added.
type Outcome struct {
	Image     Image         `json:"image"`
	Verb      string        `json:"verb"`
	State     session.State `json:"state"`
	Recovered []Recovered   `json:"recovered,omitempty"`
	Steps     []Tried       `json:"steps"`
	KeptBytes *int64        `json:"kept_bytes,omitempty"`
	Kept      []Kept        `json:"kept"`
	Undo      string        `json:"undo,omitempty"`  // the command
	Purge     string        `json:"purge,omitempty"` // the command
	Error     string        `json:"error,omitempty"`
}

// Recovered is what became of an earlier repair that was never ended, in JSON.
type Recovered struct {
	Journal string       `json:"journal"`
	Kind    journal.Kind `json:"kind"`
	Rung    repair.Rung  `json:"rung"`
	State   string       `json:"state"`
	Why     string       `json:"why,omitempty"`
}

// Tried is one step that was done or tried, in JSON.
type Tried struct {
	Rung    repair.Rung `json:"rung"`
	Journal string      `json:"journal"`
	State   string      `json:"state"`
	Touches []Touch     `json:"touches"`
	Proof   *Verdict    `json:"proof,omitempty"`
}

// Verdict is what was found out about whether a step has helped, in JSON.
type Verdict struct {
	Verdict proof.Verdict `json:"verdict"`
	Code    string        `json:"code,omitempty"`
	Text    string        `json:"text"`
	Files   int           `json:"files"`
}

// Kept is a folder that is kept, in JSON.
type Kept struct {
	Path   string `json:"path"`
	Bytes  *int64 `json:"bytes,omitempty"`
	Proven bool   `json:"proven"`
}

// NewOutcome puts how it went into its JSON form. Flags name the installation in the commands that are suggested.
func NewOutcome(img Image, verb string, root repair.Root, res session.Result, kept []session.Kept, flags string, err error) Outcome {
	out := Outcome{Image: img, Verb: verb, State: res.State, Steps: []Tried{}}
	for _, r := range res.Recovered {
		one := Recovered{Journal: r.Journal, Kind: r.Kind, Rung: r.Rung, State: string(r.Outcome)}
		if r.Why != nil {
			one.Why = r.Why.Error()
		}
		out.Recovered = append(out.Recovered, one)
	}
	for _, d := range res.Steps {
		out.Steps = append(out.Steps, newTried(root, d, verb))
	}
	out.Kept, out.KeptBytes = newKept(kept)
	if err != nil {
		out.Error = err.Error()
	}
	if len(kept) > 0 && verb == "repair" {
		out.Undo, out.Purge = "redx repair undo"+flags, "redx repair purge"+flags
		if res.State != session.Proven {
			out.Purge += " --unproven"
		}
	}
	return out
}

func newTried(root repair.Root, d session.Done, verb string) Tried {
	one := Tried{Rung: d.Rung, Journal: d.Journal, State: string(d.Outcome), Touches: []Touch{}}
	for _, m := range d.Moves {
		from, to := m.Target.Path(root), m.Copy.Path(root)
		if verb == "undo" {
			from, to = to, from
		}
		one.Touches = append(one.Touches, Touch{"folder", from, to})
	}
	for _, j := range d.Jobs {
		one.Touches = append(one.Touches, Touch{Kind: "transfer-job", Name: fmt.Sprintf("%s (%s)", j.ID, j.Name)})
	}
	if d.Proof != nil {
		one.Proof = &Verdict{Verdict: d.Proof.Verdict, Text: d.Proof.Text, Files: d.Proof.Files}
		if d.Proof.Code != hresult.OK {
			one.Proof.Code = d.Proof.Code.Hex()
		}
	}
	return one
}

// newKept gives the sum of what is known too.
func newKept(kept []session.Kept) ([]Kept, *int64) {
	out, sum := []Kept{}, repair.Bytes(0)
	for _, k := range kept {
		out = append(out, Kept{k.Path, known(k.Bytes), k.Proven})
		if k.Bytes != repair.Unknown {
			sum += k.Bytes
		}
	}
	return out, known(sum)
}

// Status is `redx repair status --json`; docs/json.md describes it. Fields are only added.
type Status struct {
	Image     Image      `json:"image"`
	State     string     `json:"state"`
	Steps     []Standing `json:"steps"`
	KeptBytes *int64     `json:"kept_bytes"`
	Kept      []Kept     `json:"kept"`
	Error     string     `json:"error,omitempty"`
}

// Standing is how one transaction stands, in JSON.
type Standing struct {
	Rung     repair.Rung  `json:"rung"`
	State    string       `json:"state"`
	Verified bool         `json:"verified"`
	Kind     journal.Kind `json:"kind"`
	Journal  string       `json:"journal"`
	Verdict  string       `json:"verdict,omitempty"`
	Checks   []Check      `json:"checks"`
}

// Check is one thing that was looked at, in JSON.
type Check struct {
	What string `json:"what"`
	OK   bool   `json:"ok"`
	Seen string `json:"seen,omitempty"`
}

// NewStatus puts a status into its JSON form.
func NewStatus(img Image, st session.Status, err error) Status {
	out := Status{Image: img, State: st.State, Steps: []Standing{}}
	for _, s := range st.Steps {
		one := Standing{
			Rung: s.Rung, State: s.State, Verified: s.Verified, Kind: s.Kind, Journal: s.Journal, Verdict: s.Verdict, Checks: []Check{},
		}
		for _, c := range s.Checks {
			one.Checks = append(one.Checks, Check(c))
		}
		out.Steps = append(out.Steps, one)
	}
	out.Kept, out.KeptBytes = newKept(st.Kept)
	if err != nil {
		out.Error = err.Error()
	}
	return out
}

// Purged is `redx repair purge --json`; docs/json.md describes it. Fields are only added.
type Purged struct {
	Image      Image  `json:"image"`
	Deleted    []Kept `json:"deleted"`
	FreedBytes *int64 `json:"freed_bytes"`
	Kept       []Kept `json:"kept"`
	KeptBytes  *int64 `json:"kept_bytes"`
}

// NewPurged puts what was deleted, and what is left, into its JSON form.
func NewPurged(img Image, gone, left []session.Kept) Purged {
	out := Purged{Image: img}
	out.Deleted, out.FreedBytes = newKept(gone)
	out.Kept, out.KeptBytes = newKept(left)
	return out
}
