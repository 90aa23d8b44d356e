package journal

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/redx-update/redx/internal/repair"
)

// wireHeader is the header as it stands in the first line.
type wireHeader struct {
	Version int         `json:"redx_journal"`
	Machine string      `json:"machine"`
	Dir     string      `json:"dir"`
	Own     bool        `json:"own,omitempty"`
	Kind    Kind        `json:"kind"`
	Undoes  string      `json:"undoes,omitempty"`
	Follows string      `json:"follows,omitempty"`
	Rung    repair.Rung `json:"rung"`
	Plan    string      `json:"plan"` // digest of all the rest: what was shown and agreed to
	Acts    []wireAct   `json:"acts"`
	Before  []Service   `json:"before,omitempty"`
}

type wireAct struct {
	Do        string         `json:"do"`
	Target    *repair.Target `json:"target,omitempty"`
	Copy      *repair.Copy   `json:"copy,omitempty"`
	Service   string         `json:"service,omitempty"`
	Dependent bool           `json:"dependent,omitempty"`
}

// Digest is the digest of a plan as it stands in the journal: the same acts on the same machine have the same.
func (h *Header) Digest() (string, error) {
	w, err := h.wire()
	return w.Plan, err
}

func (h *Header) wire() (wireHeader, error) {
	w := wireHeader{
		Version: version, Machine: h.Machine, Dir: h.Root.Dir, Own: h.Root.Own, Kind: h.Kind, Undoes: h.Undoes, Follows: h.Follows, Rung: h.Rung,
		Acts: []wireAct{}, Before: h.Before,
	}
	for _, a := range h.Acts {
		wa, err := encodeAct(a)
		if err != nil {
			return w, err
		}
		w.Acts = append(w.Acts, wa)
	}
	var err error
	w.Plan, err = w.digest()
	return w, err
}

func (w wireHeader) digest() (string, error) {
	w.Plan = ""
	raw, err := json.Marshal(w)
	s := sha256.Sum256(raw)
	return hex.EncodeToString(s[:]), err
}

func encodeAct(a repair.Reversible) (wireAct, error) {
	switch a := a.(type) {
	case repair.MoveAway:
		return wireAct{Do: "move-away", Target: &a.Target, Copy: &a.Copy}, nil
	case repair.BringBack:
		return wireAct{Do: "bring-back", Target: &a.Target, Copy: &a.Copy}, nil
	case repair.Guard:
		return wireAct{Do: "guard"}, nil
	case repair.Hold:
		return wireAct{Do: "hold", Service: a.Service}, nil
	case repair.Halt:
		return wireAct{Do: "halt", Service: a.Service, Dependent: a.Dependent}, nil
	}
	return wireAct{}, fmt.Errorf("%T in a journal: %w", a, repair.ErrNotListed)
}

func (w wireAct) decode() (repair.Reversible, error) {
	move := w.Target != nil && w.Copy != nil
	switch {
	case w.Do == "move-away" && move:
		return repair.MoveAway{Move: repair.Move{Target: *w.Target, Copy: *w.Copy}}, nil
	case w.Do == "bring-back" && move:
		return repair.BringBack{Move: repair.Move{Target: *w.Target, Copy: *w.Copy}}, nil
	case w.Do == "guard":
		return repair.Guard{}, nil
	case w.Do == "hold":
		return repair.Hold{Service: w.Service}, nil
	case w.Do == "halt":
		return repair.Halt{Service: w.Service, Dependent: w.Dependent}, nil
	}
	return nil, fmt.Errorf("act %q: %w", w.Do, repair.ErrNotListed)
}

// shaped tells whether a journal of its kind can have so many acts. Where jobs are cancelled there are none, and only on a
// Windows of which redx's own root is no part.
func (w wireHeader) shaped() bool {
	switch w.Kind {
	case Repair, Undo:
		return len(w.Acts) > 0 && len(w.Acts) <= maxActs
	case Cancel:
		return len(w.Acts) == 0 && w.Rung == repair.TransferJobs && !w.Own
	}
	return false
}

// decode checks a header against what this machine is: its version, its identity, the roots that redx knows here, and
// the closed list.
func (w wireHeader) decode(self Self) (Header, error) {
	h := Header{
		Machine: w.Machine, Root: repair.Root{Dir: w.Dir, Own: w.Own}, Kind: w.Kind, Undoes: w.Undoes, Follows: w.Follows, Rung: w.Rung,
		Before: w.Before,
	}
	switch {
	case w.Version != version:
		return h, fmt.Errorf("version %d: %w", w.Version, ErrVersion)
	case self.Machine == "" || w.Machine != self.Machine:
		return h, ErrForeign
	case !self.knows(h.Root):
		return h, fmt.Errorf("root %q: %w", w.Dir, ErrForeign)
	case !w.shaped():
		return h, fmt.Errorf("kind %q with %d acts: %w", w.Kind, len(w.Acts), ErrAltered)
	}
	if plan, err := w.digest(); err != nil || plan != w.Plan {
		return h, fmt.Errorf("digest of the plan: %w", ErrAltered)
	}
	for _, wa := range w.Acts {
		a, err := wa.decode()
		if err == nil {
			err = a.Check(h.Root)
		}
		if err != nil {
			return h, fmt.Errorf("%w: %w", ErrAltered, err)
		}
		h.Acts = append(h.Acts, a)
	}
	return h, h.checkBefore()
}

const automatic = 2

// checkBefore refuses services that no act is about, and start types that none of them has: they would be given back.
func (h *Header) checkBefore() error {
	for _, s := range h.Before {
		about := slices.ContainsFunc(h.Acts, func(a repair.Reversible) bool {
			return a == repair.Reversible(repair.Hold{Service: s.Name}) ||
				a == repair.Reversible(repair.Halt{Service: s.Name}) ||
				a == repair.Reversible(repair.Halt{Service: s.Name, Dependent: true})
		})
		if !about || s.Start != 0 && (s.Start < 2 || s.Start > 4) || s.Delayed && s.Start != automatic {
			return fmt.Errorf("service %q with start type %d: %w", s.Name, s.Start, ErrAltered)
		}
	}
	return nil
}
