package session

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/redx-update/redx/internal/proof"
	"github.com/redx-update/redx/internal/repair"
	"github.com/redx-update/redx/internal/repair/journal"
	"github.com/redx-update/redx/internal/repair/run"
)

// Kept is a folder that a repair, or the undoing of one, has kept.
type Kept struct {
	Path    string
	Bytes   repair.Bytes
	Proven  bool   // the repair is proven to have helped, so that the copy is not needed any more
	Journal string // of the transaction that moved it there
}

// Kept lists what is kept and still there, by the journals; what else looks like a copy is none of redx's.
func (s *Session) Kept() ([]Kept, error) {
	all, err := s.records()
	kept, kerr := s.kept(all)
	return kept, errors.Join(err, kerr)
}

func (s *Session) kept(all []record) ([]Kept, error) {
	var out []Kept
	var errs []error
	gone, proven := undone(all), provenOnes(all)
	for _, r := range all {
		if r.open() {
			continue
		}
		for _, c := range r.copies(gone) {
			f, err := s.Machine.Files.Folder(c.path)
			if err != nil {
				errs = append(errs, err)
				continue
			}
			if f.Present && !f.Reparse && run.Same(f.ID, c.id) {
				out = append(out, Kept{c.path, s.Copies.Size(c.path), proven[r.Name], r.Name})
			}
		}
	}
	return out, errors.Join(errs...)
}

// keptCopy is where a folder should be, and its identity.
type keptCopy struct{ path, id string }

// copies are the folders that a transaction has left under the names of copies.
func (r record) copies(gone map[string]bool) []keptCopy {
	var out []keptCopy
	for n, a := range r.Acts {
		m, away, ok := move(a)
		if ok && away && r.done() && !gone[r.Name] && r.Folder[n] != "" {
			out = append(out, keptCopy{m.Copy.Path(r.Root), r.Folder[n]})
		}
	}
	for _, e := range r.Entries {
		if e.Event == journal.Aside {
			out = append(out, keptCopy{e.Copy.Path(r.Root), e.Folder})
		}
	}
	return out
}

// provenOnes are the repairs whose last step was proven to have helped, with all steps of theirs.
func provenOnes(all []record) map[string]bool {
	out := map[string]bool{}
	for i := range all {
		if all[i].Verdict != string(proof.Proven) {
			continue
		}
		for r := &all[i]; r != nil && !out[r.Name]; r = find(all, r.Follows) {
			out[r.Name] = true
		}
	}
	return out
}

// Purge deletes the copies that are kept, of repairs that are proven to have helped; with unproven, of all. What is
// deleted cannot be undone any more, and the journal says so before the first file goes; the update history in it goes
// into the vault before that. It tells what was deleted, beside an error too. ErrNothing when there is nothing.
func (s *Session) Purge(ctx context.Context, unproven bool) ([]Kept, error) {
	if _, err := s.Settle(ctx); err != nil {
		return nil, err
	}
	all, err := s.records()
	if err != nil {
		return nil, err
	}
	kept, err := s.kept(all)
	if err != nil {
		return nil, err
	}
	kept = slices.DeleteFunc(kept, func(k Kept) bool { return !k.Proven && !unproven })
	if len(kept) == 0 {
		return nil, fmt.Errorf("%w to delete", ErrNothing)
	}
	// What Windows had made anew before a crash was taken back went aside with a history of its own.
	if err := s.save(ctx); err != nil {
		return nil, err
	}
	var out []Kept
	for _, k := range kept {
		if err := ctx.Err(); err != nil {
			return out, err
		}
		if err := s.purge(find(all, k.Journal), k); err != nil {
			return out, fmt.Errorf("delete %s: %w", k.Path, err)
		}
		out = append(out, k)
	}
	return out, nil
}

func (s *Session) purge(r *record, k Kept) error {
	if r.done() {
		if err := s.note(r.Name, journal.Entry{Event: journal.Purge}); err != nil {
			return err
		}
	}
	if err := s.Copies.Remove(k.Path); err != nil {
		return err
	}
	if !r.done() {
		return nil
	}
	return s.note(r.Name, journal.Entry{Event: journal.Purged, Note: k.Path})
}
