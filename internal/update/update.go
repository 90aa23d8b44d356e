// Package update names the things that all other packages speak of: an update's identity, its knowledge base
// number, an attempt to install it and how that ended. Nouns only; it reads nothing and decides nothing.
package update

import (
	"regexp"
	"strings"
	"time"

	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/hresult"
)

// ID is an update's identity: the same update gets a new revision when its metadata changes.
type ID struct {
	GUID     guid.GUID
	Revision uint32
}

// KB is a knowledge base number in the form "KB5034441"; empty when unknown.
type KB string

var kbPattern = regexp.MustCompile(`(?i)\bKB ?([0-9]{6,8})\b|_for_KB([0-9]{6,8})`)

// FindKB takes the first knowledge base number out of a text, such as an update's title or a package's name.
func FindKB(text string) KB {
	m := kbPattern.FindStringSubmatch(text)
	if m == nil {
		return ""
	}
	return KB("KB" + m[1] + m[2])
}

// ParseKB reads "KB5034441", "kb5034441" or "5034441".
func ParseKB(s string) (KB, bool) {
	digits := strings.TrimPrefix(strings.ToUpper(strings.TrimSpace(s)), "KB")
	if kb := FindKB("KB" + digits); string(kb) == "KB"+digits {
		return kb, true
	}
	return "", false
}

// Ref is what is known of an update at one place; any part may be missing.
type Ref struct {
	ID    ID
	KB    KB
	Title string
}

// IsZero reports that nothing is known.
func (r Ref) IsZero() bool { return r == Ref{} }

// Same reports whether two references mean one update: by GUID when both have one, else by KB, else by title.
func (r Ref) Same(o Ref) bool {
	switch {
	case !r.ID.GUID.IsZero() && !o.ID.GUID.IsZero():
		return r.ID.GUID == o.ID.GUID
	case r.KB != "" && o.KB != "":
		return r.KB == o.KB
	default:
		return r.Title != "" && strings.EqualFold(r.Title, o.Title)
	}
}

// Merge fills what r lacks from o.
func (r Ref) Merge(o Ref) Ref {
	if r.ID.GUID.IsZero() {
		r.ID = o.ID
	} else if r.ID.Revision == 0 && r.ID.GUID == o.ID.GUID {
		r.ID.Revision = o.ID.Revision
	}
	if r.KB == "" {
		r.KB = o.KB
	}
	if r.Title == "" {
		r.Title = o.Title
	}
	return r
}

// Operation is what an attempt was to do.
type Operation string

// The operations of an update history. Unknown where the source does not say.
const (
	UnknownOperation Operation = ""
	Install          Operation = "install"
	Uninstall        Operation = "uninstall"
)

// Result is how an attempt ended.
type Result string

// The results of an attempt.
const (
	Succeeded Result = "succeeded"
	Failed    Result = "failed"
	Cancelled Result = "cancelled"
)

// Entry is one attempt of the update history.
type Entry struct {
	Time      time.Time
	Local     bool // Time is the machine's local time, of unknown zone
	Update    Ref
	Operation Operation
	Result    Result
	Code      hresult.Code
}

// Matches reports whether a user's word for an update means this one: a KB number, a GUID, or part of its title.
func (r Ref) Matches(word string) bool {
	if kb, ok := ParseKB(word); ok {
		return r.KB == kb
	}
	if g, err := guid.Parse(word); err == nil {
		return r.ID.GUID == g
	}
	return r.Title != "" && strings.Contains(strings.ToLower(r.Title), strings.ToLower(word))
}
