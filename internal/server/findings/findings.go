// Package findings reads what a computer sends to /redx/v1/findings: the JSON of "redx diagnose", and from redx's agent
// what it did about that. All of it is the computer's word. Its invariant: what it gives is bounded in every length, whatever
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
	Healing  *Healing  `json:"healing"`
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

// Healing is what the computer's agent did by itself about the findings, in the words of package agent.
type Healing struct {
	Healed   string   `json:"healed"`
	Why      string   `json:"why"`
	Rungs    []string `json:"rungs"`
	Attempts int      `json:"attempts"` // of the update, after the repair
	Restart  bool     `json:"restart_needed"`
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
	if h := d.Healing; h != nil {
		cut(maxShort, &h.Healed)
		cut(maxLong, &h.Why)
		h.Rungs = short(h.Rungs)
	}
	return d, nil
}

func (f *Finding) bound() {
	cut(maxShort, &f.ID, &f.Check, &f.Severity, &f.Confidence, &f.Title, &f.Turn)
	cut(maxLong, &f.Detail)
	f.Codes, f.BecauseOf, f.Next = short(f.Codes), short(f.BecauseOf), short(f.Next)
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

func some[T any](all []T) []T { return all[:min(len(all), maxList)] }

// short keeps some words, none of them long.
func short(words []string) []string {
	words = some(words)
	for i := range words {
		cut(maxShort, &words[i])
	}
	return words
}

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

// Causes gives what has gone wrong by itself, not in consequence of something else, for counting over many computers. What
// was mended is no cause any more.
func (d *Diagnosis) Causes() []store.Cause {
	if d.Healing != nil && d.Healing.Healed == "mended" {
		return nil
	}
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
