package check

import (
	"slices"
	"strings"
	"time"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/history"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/update"
)

// stuck is an update whose last attempt failed and that no later one cured.
type stuck struct {
	update update.Ref
	last   history.Entry
	times  int // how often it failed so since its last success
}

// standing gives the updates that fail with one of the codes now, newest first; with no codes, those that fail at all.
func standing(x *doctor.Exam, codes ...hresult.Code) []stuck {
	var out []stuck
	for _, group := range x.Attempts {
		last, failing := group.Standing()
		if !failing || len(codes) > 0 && !slices.Contains(codes, last.Code) {
			continue
		}
		s := stuck{update: group.Update, last: last}
		for _, e := range group.Entries {
			if e.Result == update.Succeeded {
				break
			}
			if e.Code == last.Code {
				s.times++
			}
		}
		out = append(out, s)
	}
	return out
}

// signs say when something last went well.
type signs struct {
	latest  time.Time       // of those whose time can be compared
	lines   map[string]int  // the last line of each text log
	untimed map[string]bool // the sources of those whose time cannot be compared
}

// wentWell gives the last signs of events that want accepts.
func wentWell(set *evidence.Set, want func(*evidence.Event) bool, kinds ...evidence.Kind) signs {
	var s signs
	for e := range set.Of(kinds...) {
		if want(e) {
			s.add(e)
		}
	}
	return s
}

func (s *signs) add(e *evidence.Event) {
	if s.lines == nil {
		s.lines, s.untimed = map[string]int{}, map[string]bool{}
	}
	if untimed(e) {
		s.untimed[e.Source.Path] = true
	} else if t := e.Latest(); t.After(s.latest) {
		s.latest = t
	}
	if line := lastLine(e); line > 0 && line > s.lines[e.Source.Path] {
		s.lines[e.Source.Path] = line
	}
}

// none reports that nothing ever went well, as far as is known.
func (s signs) none() bool { return s.latest.IsZero() && len(s.untimed) == 0 }

// after reports that things went well behind the last of e's alike events. Where that cannot be told, they did: a false
// alarm is worse than a second question.
func (s signs) after(e *evidence.Event) bool {
	if lastLine(e) > 0 && s.lines[e.Source.Path] > lastLine(e) {
		return true
	}
	for path := range s.untimed {
		if path != e.Source.Path || lastLine(e) == 0 {
			return true
		}
	}
	if untimed(e) {
		return !s.latest.IsZero()
	}
	return s.latest.After(e.Latest())
}

func untimed(e *evidence.Event) bool { return e.Local || e.Time.IsZero() }

func lastLine(e *evidence.Event) int { return max(e.Source.Line, e.LastSource.Line) }

// succeeded accepts attempts that ended well.
func succeeded(e *evidence.Event) bool { return e.Field(evidence.Result) == string(update.Succeeded) }

// installed accepts installations that ended well.
func installed(e *evidence.Event) bool {
	return succeeded(e) && e.Field(evidence.Phase) == evidence.PhaseInstall
}

// troubled gives the lines of trouble with one of the codes.
func troubled(set *evidence.Set, codes []hresult.Code) []*evidence.Event {
	var out []*evidence.Event
	for e := range set.Of(evidence.Trouble) {
		if slices.Contains(codes, e.Code) {
			out = append(out, e)
		}
	}
	return out
}

// tell reports that single lines stand for more than a passing failure: there are several, or one is what somebody has
// taken out of a log.
func tell(set *evidence.Set, lines []*evidence.Event) bool {
	return count(lines) > 1 || set.Machine.Excerpt && len(lines) > 0
}

// count adds up how often events were said.
func count(events []*evidence.Event) int {
	n := 0
	for _, e := range events {
		n += max(e.Alike, 1)
	}
	return n
}

// proofOf gives at most most events of a list, the last ones, since these tell how it stands.
func proofOf(events []*evidence.Event, most int) []*evidence.Event {
	return slices.Clone(events[max(0, len(events)-most):])
}

// attemptsOf gives the events behind the last attempts of stuck updates, and the codes.
func attemptsOf(list []stuck) (proof []*evidence.Event, codes []hresult.Code) {
	for _, s := range list {
		proof = append(proof, s.last.Proof...)
		codes = append(codes, s.last.Code)
	}
	return proof, codes
}

// oneUpdate gives the update when all of the list are about one, else none.
func oneUpdate(list []stuck) update.Ref {
	if len(list) != 1 {
		return update.Ref{}
	}
	return list[0].update
}

// codesOf gives the failure codes of events.
func codesOf(events []*evidence.Event) []hresult.Code {
	var out []hresult.Code
	for _, e := range events {
		if e.Code.Failed() {
			out = append(out, e.Code)
		}
	}
	return out
}

// absent reports that a path was looked for on the installation and is not there, with the event that says so.
func absent(set *evidence.Set, path string) (*evidence.Event, bool) {
	state, looked := set.FileState(path)
	if !looked {
		return nil, false
	}
	s := state.Field(evidence.State)
	return state, s == evidence.Absent || s == evidence.NoFolder
}

// within reports that a path lies below a folder, wherever that is; both in any case.
func within(path, folder string) bool {
	return strings.Contains(strings.ToLower(path)+`\`, strings.ToLower(folder))
}

// newest is the time of the latest evidence, zero when none has a comparable time. What lies in the future by plan, such
// as the end of a pause, is none.
func newest(set *evidence.Set) time.Time {
	var t time.Time
	for e := range set.Of() {
		if e.Kind != evidence.Paused && !untimed(e) && e.Latest().After(t) {
			t = e.Latest()
		}
	}
	return t
}
