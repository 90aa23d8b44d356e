// Package findings reads what a computer sends to /redx/v1/findings: the JSON of "redx diagnose", and how a repair went
// if there was one. All of it is the computer's word. Its invariant: what it gives is bounded in every length, whatever
// was sent.
package findings

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/store"
	"github.com/redx-update/redx/internal/update"
)

// Diagnosis is what was found on a computer at one time.
type Diagnosis struct {
	Findings []Finding `json:"findings"`
	Repair   *Repair   `json:"repair"`
}

// Finding is one cause with its proof.
type Finding struct {
	ID         string    `json:"id"`
	Check      string    `json:"check"`
	Severity   string    `json:"severity"`
	Confidence string    `json:"confidence"`
	Title      string    `json:"title"`
	Detail     string    `json:"detail"`
	Turn       string    `json:"turn"`
	Codes      []string  `json:"codes"`
	Update     *Update   `json:"update"`
	Files      []File    `json:"files"`
	Missing    []Missing `json:"missing"`
	BecauseOf  []string  `json:"because_of"`
	Proof      []Proof   `json:"proof"`
	Next       []string  `json:"next"`
}

// Update names the update of a finding; any part may be missing.
type Update struct {
	ID    string `json:"id"`
	KB    string `json:"kb"`
	Title string `json:"title"`
}

// File is a file of the update.
type File struct {
	Path string `json:"path"`
	SHA1 string `json:"sha1"`
	URL  string `json:"url"`
}

// Missing is a missing thing.
type Missing struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
}

// Proof is a line or record.
type Proof struct {
	Source string `json:"source"`
	Line   int    `json:"line"`
	Record uint64 `json:"record"`
	Time   string `json:"time"`
	Text   string `json:"text"`
}

// Repair is how a repair went, as "redx repair --json" tells it.
type Repair struct {
	State string `json:"state"`
	Steps []Step `json:"steps"`
	Error string `json:"error"`
}

// Step is one step of a repair.
type Step struct {
	Rung  string `json:"rung"`
	State string `json:"state"`
	Proof *struct {
		Verdict string `json:"verdict"`
		Code    string `json:"code"`
		Text    string `json:"text"`
	} `json:"proof"`
}

// The bounds of what is taken of a diagnosis.
const (
	maxFindings = 50
	maxList     = 20
	maxShort    = 300
	maxLong     = 2000
)

// Parse reads a diagnosis. What is too much of it is cut off.
func Parse(b []byte) (Diagnosis, error) {
	var d Diagnosis
	if err := json.Unmarshal(b, &d); err != nil {
		return Diagnosis{}, fmt.Errorf("read findings: %w", err)
	}
	d.Findings = d.Findings[:min(len(d.Findings), maxFindings)]
	for i := range d.Findings {
		d.Findings[i].bound()
	}
	if d.Repair != nil {
		d.Repair.bound()
	}
	return d, nil
}

func (f *Finding) bound() {
	cut(maxShort, &f.ID, &f.Check, &f.Severity, &f.Confidence, &f.Title, &f.Turn)
	cut(maxLong, &f.Detail)
	f.Codes, f.BecauseOf, f.Next = some(f.Codes), some(f.BecauseOf), some(f.Next)
	for _, words := range [][]string{f.Codes, f.BecauseOf, f.Next} {
		for i := range words {
			cut(maxShort, &words[i])
		}
	}
	if f.Update != nil {
		cut(maxShort, &f.Update.ID, &f.Update.KB, &f.Update.Title)
	}
	f.Files, f.Missing, f.Proof = some(f.Files), some(f.Missing), some(f.Proof)
	for i := range f.Files {
		cut(maxShort, &f.Files[i].Path, &f.Files[i].SHA1, &f.Files[i].URL)
	}
	for i := range f.Missing {
		cut(maxShort, &f.Missing[i].Kind, &f.Missing[i].Name)
	}
	for i := range f.Proof {
		cut(maxShort, &f.Proof[i].Source, &f.Proof[i].Time)
		cut(maxLong, &f.Proof[i].Text)
	}
}

func (r *Repair) bound() {
	cut(maxShort, &r.State)
	cut(maxLong, &r.Error)
	r.Steps = some(r.Steps)
	for i := range r.Steps {
		s := &r.Steps[i]
		cut(maxShort, &s.Rung, &s.State)
		if s.Proof != nil {
			cut(maxShort, &s.Proof.Verdict, &s.Proof.Code)
			cut(maxLong, &s.Proof.Text)
		}
	}
}

func some[T any](all []T) []T { return all[:min(len(all), maxList)] }

// cut shortens texts to n bytes, between characters.
func cut(n int, texts ...*string) {
	for _, t := range texts {
		if len(*t) <= n {
			continue
		}
		end := n
		for end > 0 && !utf8.RuneStart((*t)[end]) {
			end--
		}
		*t = (*t)[:end] + "…"
	}
}

// About reports whether the finding is about an update.
func (f *Finding) About(u update.Ref) bool {
	if f.Update == nil {
		return false
	}
	r := update.Ref{Title: f.Update.Title}
	r.KB, _ = update.ParseKB(f.Update.KB)
	if g, err := guid.Parse(f.Update.ID); err == nil {
		r.ID.GUID = g
	}
	return r.Same(u)
}

// Has reports whether the finding explains a code without being about any update.
func (f *Finding) Has(c hresult.Code) bool {
	if f.Update != nil {
		return false
	}
	for _, text := range f.Codes {
		var own hresult.Code
		if own.UnmarshalText([]byte(text)) == nil && own == c {
			return true
		}
	}
	return false
}

// Causes gives what has gone wrong by itself, not in consequence of something else, for counting over many computers.
func (d *Diagnosis) Causes() []store.Cause {
	var all []store.Cause
	for i := range d.Findings {
		f := &d.Findings[i]
		if f.Severity != "error" || len(f.BecauseOf) > 0 {
			continue
		}
		c := store.Cause{Check: f.Check, Title: f.Title}
		if f.Update != nil {
			c.KB = f.Update.KB
			if g, err := guid.Parse(f.Update.ID); err == nil {
				c.Update = g
			}
		}
		if len(f.Missing) > 0 {
			c.Missing = f.Missing[0].Name
		}
		c.Key = key(f.ID, &c)
		all = append(all, c)
	}
	return all
}

// key is the same for the same cause on many computers. All that is shown of it goes in, so that no computer can change
// what is said of the others'.
func key(id string, c *store.Cause) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{id, c.Check, c.Title, c.KB, c.Update.String(), c.Missing}, "\x00")))
	return hex.EncodeToString(sum[:16])
}
