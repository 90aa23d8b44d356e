package agent

import (
	"context"

	"github.com/redx-update/redx/internal/repair"
)

// Healer mends what a failed attempt has shown to be broken, as far as policy allows.
type Healer interface {
	// Heal finds out why an attempt failed; if a repair is proven to be needed and allowed, it does that, visits the
	// location again and repeats the attempt. Asked says that somebody waits for it, so that it does not tarry.
	// An error says that not even the reason could be found; the healing is then LeftAlone.
	Heal(ctx context.Context, f *Failure, asked bool) (Healing, error)
}

// Healed says how a healing ended.
type Healed string

// How a healing can end.
const (
	Mended     Healed = "mended"      // repaired, attempted again, and it worked
	StillFails Healed = "still-fails" // repaired, attempted again, and it failed
	Unproven   Healed = "unproven"    // repaired, and nobody could see whether it helped
	LeftAlone  Healed = "left-alone"  // nothing was touched; Why says why
	TakenBack  Healed = "taken-back"  // the repair could not be done, and all is as before
	Waits      Healed = "waits"       // for a restart of Windows
	LeftOpen   Healed = "open"        // neither done nor taken back; the next start ends it
)

// Healing is what was done about a failed attempt.
type Healing struct {
	Healed   Healed        `json:"healed"`
	Why      string        `json:"why,omitempty"`
	Findings []string      `json:"findings,omitempty"` // IDs, the cause first
	Cause    string        `json:"cause,omitempty"`    // title of the first finding
	Files    []string      `json:"files,omitempty"`    // that it names
	Rungs    []repair.Rung `json:"rungs,omitempty"`    // that were climbed
	Attempts int           `json:"attempts,omitempty"` // of the update, after a repair
	Restart  bool          `json:"restart_needed,omitempty"`
}

// repaired tells that something was moved or tried to be.
func (h *Healing) repaired() bool { return h.Healed != LeftAlone && h.Healed != "" }
