package agent

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/update"
)

// State is what the agent remembers over its own end. Times are UTC.
type State struct {
	Version   int       `json:"version"`
	LastVisit time.Time `json:"last_visit,omitzero"` // that succeeded
	NextVisit time.Time `json:"next_visit,omitzero"`
	Misses    int       `json:"misses,omitempty"` // visits that failed, since the last one that did not
	// Trouble is why the last visit failed; empty when it did not.
	Trouble string `json:"trouble,omitempty"`
	// Refused tells that it is a refusal, about which nothing is done by asking again soon (ErrRefused).
	Refused bool `json:"refused,omitempty"`
	// NextWindow is when a window opens the next time: one in which something that waits may be installed unattended, or else
	// one of the settings; zero: there are none.
	NextWindow time.Time `json:"next_window,omitzero"`
	// Deadline is the first of what waits: then it is installed whatever the windows. DeadlineOf is its title.
	Deadline   time.Time `json:"deadline,omitzero"`
	DeadlineOf string    `json:"deadline_of,omitempty"`
	Paused     bool      `json:"paused,omitempty"`
	// PausedUntil is when a pause ends by itself; zero: when somebody ends it.
	PausedUntil time.Time         `json:"paused_until,omitzero"`
	Updates     map[string]*Tries `json:"updates,omitempty"`  // by the update's GUID
	Attempts    []Attempt         `json:"attempts,omitempty"` // the latest, newest first
}

// Tries is what was tried of one update.
type Tries struct {
	Begun []time.Time `json:"begun,omitempty"` // attempts of the last 24 hours
	Heals []time.Time `json:"heals,omitempty"` // repairs of the last 24 hours
	Fails int         `json:"fails,omitempty"` // in a row
	Next  time.Time   `json:"next,omitzero"`   // not before
}

// Attempt is one attempt as it ended, with what was done about it.
type Attempt struct {
	Time    time.Time     `json:"time"`
	Update  update.Ref    `json:"-"`
	ID      string        `json:"update,omitempty"` // GUID; empty for a visit that failed
	KB      string        `json:"kb,omitempty"`
	Title   string        `json:"title,omitempty"`
	Result  update.Result `json:"result"`
	Stage   Stage         `json:"stage,omitempty"` // of a failure
	Code    hresult.Code  `json:"code,omitempty"`
	Path    string        `json:"path,omitempty"`
	Why     string        `json:"why,omitempty"`
	Restart bool          `json:"restart_needed,omitempty"`
	Healing *Healing      `json:"healing,omitempty"`
}

const (
	stateVersion = 1
	keptAttempts = 50
	keptText     = 1000 // bytes of a text in it: updates' names and reasons are the server's word
	keptFiles    = 16   // that a healing names
	day          = 24 * time.Hour
)

// Store keeps a State.
type Store interface {
	// Load gives what was saved last. A note says that it could not be used and was begun anew; no State is no error.
	Load() (s State, note string, err error)
	// Save keeps it; when it returns nil, the disk has it.
	Save(State) error
}

// tries gives what was tried of an update, and makes room for it.
func (s *State) tries(key string) *Tries {
	t := s.Updates[key]
	if t == nil {
		if s.Updates == nil {
			s.Updates = map[string]*Tries{}
		}
		t = &Tries{}
		s.Updates[key] = t
	}
	return t
}

// key is under which an update is remembered; that of a visit itself is empty.
func key(u update.Ref) string {
	if u.ID.GUID.IsZero() {
		return strings.ToUpper(string(u.KB))
	}
	return u.ID.GUID.String()
}

// At is the state as it counts at a time: a pause that is over is none.
func (s State) At(now time.Time) State {
	if !s.Paused || !s.PausedUntil.IsZero() && !now.Before(s.PausedUntil) {
		s.Paused, s.PausedUntil = false, time.Time{}
	}
	return s
}

// Pause makes it that of an agent that does only what it is asked for: until then, or, with the zero time, until Resume.
func (s *State) Pause(until time.Time) { s.Paused, s.PausedUntil = true, until.UTC() }

// Resume ends a pause.
func (s *State) Resume() { s.Paused, s.PausedUntil = false, time.Time{} }

// forget drops what is older than a day, and what can have no meaning: times that are still to come.
func (s *State) forget(now time.Time) {
	for k, t := range s.Updates {
		t.Begun, t.Heals = recent(t.Begun, now), recent(t.Heals, now)
		if len(t.Begun)+len(t.Heals) == 0 && (t.Fails == 0 || now.Sub(t.Next) > 30*day) {
			delete(s.Updates, k)
		}
	}
	s.Attempts = s.Attempts[:min(len(s.Attempts), keptAttempts)]
}

func recent(times []time.Time, now time.Time) []time.Time {
	return slices.DeleteFunc(times, func(t time.Time) bool { return now.Sub(t) >= day || t.After(now) })
}

// free is when one more of a number within a day is allowed; zero: now.
func free(times []time.Time, most int, now time.Time) time.Time {
	if len(times) < most {
		return time.Time{}
	}
	if most < 1 {
		return now.Add(day)
	}
	return times[len(times)-most].Add(day)
}

// visited notes how a visit ended.
func (s *State) visited(at time.Time, err error) {
	if err == nil {
		s.LastVisit, s.Misses, s.Trouble, s.Refused = at, 0, "", false
		return
	}
	s.Misses++
	s.Trouble, s.Refused = clip(err.Error()), errors.Is(err, ErrRefused)
}

// clip bounds a text that is kept.
func clip(s string) string {
	if len(s) <= keptText {
		return s
	}
	return strings.ToValidUTF8(s[:keptText], "") + "…"
}

// bound makes an attempt one that can be kept.
func (at *Attempt) bound() {
	for _, text := range []*string{&at.KB, &at.Title, &at.Path, &at.Why} {
		*text = clip(*text)
	}
	if h := at.Healing; h != nil {
		h.Why, h.Cause = clip(h.Why), clip(h.Cause)
		h.Files = slices.Clone(h.Files[:min(len(h.Files), keptFiles)])
		for i := range h.Files {
			h.Files[i] = clip(h.Files[i])
		}
	}
}

// keep puts an attempt in front of the others.
func (s *State) keep(a Attempt) {
	s.Attempts = slices.Insert(s.Attempts, 0, a)
	s.Attempts = s.Attempts[:min(len(s.Attempts), keptAttempts)]
}
