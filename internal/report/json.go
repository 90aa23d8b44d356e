// Package report shows findings and the update history: as text for one screen, as JSON for scripts, as a page for a
// browser. It decides nothing.
package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode"
	"unicode/utf8"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/history"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/image"
	"github.com/redx-update/redx/internal/update"
)

// Image says what was looked at.
type Image struct {
	Kind  image.Kind `json:"kind"`
	Path  string     `json:"path"`
	Build string     `json:"build,omitempty"`
	// Product is what people call it, such as "Windows 10 Pro 22H2".
	Product string `json:"product,omitempty"`
	// Computer is the name of an installation that does not run.
	Computer string `json:"computer,omitempty"`
}

// Diagnosis is `redx diagnose --json`; docs/json.md describes it. Fields are only added.
type Diagnosis struct {
	Image    Image     `json:"image"`
	Findings []Finding `json:"findings"`
	// Unexplained are the last attempts of updates that fail and that no finding is about.
	Unexplained []Entry `json:"unexplained,omitempty"`
	// Upgrades are failures of Windows' setup that no finding is about.
	Upgrades []Proof `json:"upgrades,omitempty"`
	// Collect says what evidence is missing for an answer, and how to get it.
	Collect []string          `json:"collect,omitempty"`
	Unread  []evidence.Unread `json:"unread"`
	Notes   []string          `json:"notes,omitempty"`
}

// Finding is one finding in JSON.
type Finding struct {
	ID         string            `json:"id"`
	Check      string            `json:"check"`
	Severity   doctor.Severity   `json:"severity"`
	Confidence doctor.Confidence `json:"confidence"`
	Title      string            `json:"title"`
	Detail     string            `json:"detail,omitempty"`
	Surer      string            `json:"surer,omitempty"`
	Turn       doctor.Turn       `json:"turn"`
	Codes      []string          `json:"codes,omitempty"`
	Update     *Update           `json:"update,omitempty"`
	Files      []File            `json:"files,omitempty"`
	Missing    []Missing         `json:"missing,omitempty"`
	BecauseOf  []string          `json:"because_of,omitempty"`
	Proof      []Proof           `json:"proof"`
	Next       []string          `json:"next"`
	Catalog    string            `json:"catalog,omitempty"`
}

// Update is an update in JSON; what is not known is left out.
type Update struct {
	ID       *guid.GUID `json:"id,omitempty"`
	Revision uint32     `json:"revision,omitempty"`
	KB       update.KB  `json:"kb,omitempty"`
	Title    string     `json:"title,omitempty"`
}

// File is a file in JSON.
type File struct {
	Path   string `json:"path,omitempty"`
	Size   int64  `json:"size,omitempty"`
	SHA1   string `json:"sha1,omitempty"`
	SHA256 string `json:"sha256,omitempty"`
	URL    string `json:"url,omitempty"`
}

// Missing is a missing thing in JSON.
type Missing struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
}

// Proof is a line or record in JSON. Time is RFC 3339, or without zone when Local is set.
type Proof struct {
	Place
	Time  string `json:"time,omitempty"`
	Local bool   `json:"local,omitempty"`
	Text  string `json:"text"`
}

// Place is where a line or record stands.
type Place struct {
	Source string `json:"source"`
	Line   int    `json:"line,omitempty"`
	Record uint64 `json:"record,omitempty"`
}

// History is `redx history --json`.
type History struct {
	Image   Image             `json:"image"`
	Entries []Entry           `json:"entries"`
	Unread  []evidence.Unread `json:"unread"`
	Notes   []string          `json:"notes,omitempty"`
}

// Entry is one attempt in JSON.
type Entry struct {
	Time      string           `json:"time,omitempty"`
	Local     bool             `json:"local,omitempty"`
	Update    *Update          `json:"update,omitempty"`
	Operation update.Operation `json:"operation,omitempty"`
	Result    update.Result    `json:"result"`
	Code      string           `json:"code,omitempty"`
	Symbol    string           `json:"symbol,omitempty"`
	Sources   []Place          `json:"sources"`
}

// NewDiagnosis puts findings into their JSON form.
func NewDiagnosis(r *Result) Diagnosis {
	d := Diagnosis{
		Image: r.Image, Findings: []Finding{}, Collect: r.Collect(), Unread: unread(r.Set), Notes: notes(r.Set),
	}
	for i := range r.Findings {
		d.Findings = append(d.Findings, newFinding(&r.Findings[i]))
	}
	for i := range r.Unexplained {
		d.Unexplained = append(d.Unexplained, newEntry(&r.Unexplained[i]))
	}
	for _, e := range r.Upgrades {
		d.Upgrades = append(d.Upgrades, newProof(e))
	}
	return d
}

func newFinding(f *doctor.Finding) Finding {
	out := Finding{
		ID: f.ID, Check: f.Check, Severity: f.Severity, Confidence: f.Confidence, Title: f.Title, Detail: f.Detail,
		Surer: f.Surer, Turn: f.Turn, Update: newUpdate(f.Update), BecauseOf: f.BecauseOf, Next: f.Next, Proof: []Proof{},
	}
	_, out.Catalog = catalogPage(f)
	if out.Next == nil {
		out.Next = []string{}
	}
	for _, c := range f.Codes {
		out.Codes = append(out.Codes, c.Hex())
	}
	for _, file := range f.Files {
		out.Files = append(out.Files, File(file))
	}
	for _, m := range f.Missing {
		out.Missing = append(out.Missing, Missing(m))
	}
	for _, e := range f.Proof {
		out.Proof = append(out.Proof, newProof(e))
	}
	return out
}

func newProof(e *evidence.Event) Proof {
	return Proof{
		Place: place(e.Source), Time: evidence.FormatTime(e.Time, e.Local), Local: e.Local && !e.Time.IsZero(), Text: e.Text,
	}
}

// NewHistory puts a history into its JSON form.
func NewHistory(img Image, set *evidence.Set, entries []history.Entry) History {
	h := History{Image: img, Entries: []Entry{}, Unread: unread(set), Notes: notes(set)}
	for _, e := range entries {
		h.Entries = append(h.Entries, newEntry(&e))
	}
	return h
}

func newEntry(e *history.Entry) Entry {
	out := Entry{
		Time: evidence.FormatTime(e.Time, e.Local), Local: e.Local && !e.Time.IsZero(), Update: newUpdate(e.Update),
		Operation: e.Operation, Result: e.Result, Code: codeText(e.Code), Symbol: e.Code.Symbol(), Sources: []Place{},
	}
	if e.Code == hresult.OK {
		out.Symbol = ""
	}
	for _, s := range e.Sources {
		out.Sources = append(out.Sources, place(s))
	}
	return out
}

func codeText(c hresult.Code) string {
	if c == hresult.OK {
		return ""
	}
	return c.Hex()
}

func newUpdate(r update.Ref) *Update {
	if r.IsZero() {
		return nil
	}
	u := &Update{Revision: r.ID.Revision, KB: r.KB, Title: r.Title}
	if !r.ID.GUID.IsZero() {
		u.ID = &r.ID.GUID
	}
	return u
}

func place(s evidence.Source) Place { return Place{Source: s.Path, Line: s.Line, Record: s.Record} }

func unread(set *evidence.Set) []evidence.Unread {
	if u := set.Unread(); u != nil {
		return u
	}
	return []evidence.Unread{}
}

// notes are what was assumed, and that names are not real.
func notes(set *evidence.Set) []string {
	if set.Machine.Masked {
		return append([]string{maskedNames}, set.Notes()...)
	}
	return set.Notes()
}

// WriteJSON writes any of the JSON forms, indented. Characters that would drive a terminal are escaped; JSON itself asks
// that only of those below a blank.
func WriteJSON(w io.Writer, v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := w.Write(shown(b.Bytes()))
	return err
}

// shown escapes what a terminal would obey instead of showing it.
func shown(text []byte) []byte {
	obeyed := func(r rune) bool {
		plain := r >= ' ' && r <= '~' || r == '\n' // nearly all of it
		return !plain && (unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Bidi_Control, r))
	}
	var out []byte
	for {
		i := bytes.IndexFunc(text, obeyed)
		if i < 0 {
			return append(out, text...)
		}
		r, size := utf8.DecodeRune(text[i:])
		out = fmt.Appendf(append(out, text[:i]...), `\u%04x`, r)
		text = text[i+size:]
	}
}
