package session

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/redx-update/redx/internal/repair"
	"github.com/redx-update/redx/internal/repair/journal"
	"github.com/redx-update/redx/internal/repair/run"
)

// maxJournals bounds how many repairs of one Windows there can be.
const maxJournals = 99999

// record is a journal that was read, and how far it got.
type record struct {
	*journal.Journal
	journal.Progress
}

func (r record) open() bool { return !r.Ended }

func (r record) done() bool { return r.Ended && r.Decision == journal.Commit }

// records reads all journals, the oldest first. One that cannot be understood is an error, and the others are given
// beside it: what it would have to do nobody knows, so nothing else may be done.
func (s *Session) records() ([]record, error) {
	if s.Self.Machine == "" {
		return nil, ErrMachine
	}
	names, err := s.Journals.Names()
	if err != nil {
		return nil, fmt.Errorf("list the journals: %w", err)
	}
	slices.SortFunc(names, func(a, b string) int { return number(a) - number(b) })
	var out []record
	var errs []error
	for _, name := range names {
		if number(name) == 0 {
			continue // no name that redx gives
		}
		j, err := journal.Read(s.Journals, name, s.Self)
		if errors.Is(err, journal.ErrEmpty) {
			continue
		}
		if err == nil {
			p, perr := j.Progress(j.Entries)
			out, err = append(out, record{j, p}), perr
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
		}
	}
	return out, errors.Join(errs...)
}

// number is the number that a journal has by its name, 0 when that is none of redx's.
func number(name string) int {
	digits, ok := strings.CutSuffix(name, ".jsonl")
	n, err := strconv.Atoi(digits)
	if !ok || err != nil || n < 1 || n > maxJournals || name != journalName(n) {
		return 0
	}
	return n
}

func journalName(n int) string { return fmt.Sprintf("%05d.jsonl", n) }

// next is the name of the next journal: never that of an older one, also if that was never begun.
func (s *Session) next() (string, error) {
	names, err := s.Journals.Names()
	if err != nil {
		return "", fmt.Errorf("list the journals: %w", err)
	}
	last := 0
	for _, name := range names {
		last = max(last, number(name))
	}
	if last == maxJournals {
		return "", fmt.Errorf("there are %d journals already", maxJournals)
	}
	return journalName(last + 1), nil
}

// transact takes one transaction through and tells of it.
func (s *Session) transact(h journal.Header, do func(run.Machine, *journal.Writer) (run.Outcome, error)) (name string, out run.Outcome, err error) {
	if name, err = s.next(); err != nil {
		return "", "", err
	}
	s.tell(Event{What: Beginning, Rung: h.Rung, Journal: name})
	m := s.machine(name, h.Rung)
	log, err := run.Begin(m, s.Journals, name, h)
	if err != nil {
		return name, "", err
	}
	out, err = do(m, log)
	err = errors.Join(err, log.Close())
	s.tell(Event{What: Ended, Rung: h.Rung, Journal: name, Outcome: out})
	return name, out, err
}

// note writes behind the end of a journal.
func (s *Session) note(name string, e journal.Entry) error {
	j, err := journal.Read(s.Journals, name, s.Self)
	if err != nil {
		return err
	}
	log, err := journal.Continue(s.Journals, j)
	if err != nil {
		return err
	}
	return errors.Join(log.Append(e), log.Close())
}

// undone are the names of the repairs that were undone.
func undone(all []record) map[string]bool {
	out := map[string]bool{}
	for _, r := range all {
		if r.Kind == journal.Undo && r.done() {
			out[r.Undoes] = true
		}
	}
	return out
}

// move gives the move of an act, and whether it moves away.
func move(a repair.Reversible) (m repair.Move, away, ok bool) {
	switch a := a.(type) {
	case repair.MoveAway:
		return a.Move, true, true
	case repair.BringBack:
		return a.Move, false, true
	}
	return repair.Move{}, false, false
}
