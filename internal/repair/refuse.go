package repair

import (
	"fmt"
	"slices"

	"github.com/redx-update/redx/internal/doctor"
)

// Reason says why a repair is refused.
type Reason string

// The reasons. They are part of the JSON: added to, never renamed.
const (
	NotElevated    Reason = "not-elevated"
	InstallRunning Reason = "install-running"
	RestartPending Reason = "restart-pending"
	Hibernated     Reason = "hibernated"
	Dirty          Reason = "dirty-volume"
	ReadOnly       Reason = "read-only"
	Locked         Reason = "bitlocker"
	ReparsePoint   Reason = "reparse-point"
	OtherVolume    Reason = "other-volume"
	DiskSpace      Reason = "disk-space"
	NotSeen        Reason = "not-seen" // a fact that a refusal hangs on could not be had
)

// Refusal is one reason not to touch anything, with what shows it.
type Refusal struct {
	Reason Reason
	Detail string
}

// Exit is the exit code of redx for the reason.
func (r Reason) Exit() int {
	switch r {
	case NotElevated:
		return 5
	case InstallRunning, RestartPending:
		return busy
	default:
		return 1
	}
}

// Hint says what to do about the reason.
func (r Reason) Hint() string {
	switch r {
	case NotElevated:
		return "run redx from an elevated Command Prompt"
	case InstallRunning:
		return "wait until the installation has ended, then try again"
	case RestartPending:
		return "restart that Windows first, and sign in once; then try again"
	case Hibernated:
		return "start that Windows and shut it down whole: shutdown /s /f /t 0 (fast start-up hibernates)"
	case Dirty:
		return "let Windows check the volume first: chkdsk /f"
	case ReadOnly:
		return "give redx a folder that can be written: a disk mounted for writing, not an image file"
	case Locked:
		return "unlock the volume first, for instance with manage-bde or dislocker"
	case ReparsePoint:
		return "the folder was redirected by somebody; redx moves real folders only: put it back, or ask who did it"
	case OtherVolume:
		return "redx renames within one volume only; put the folder back first"
	case DiskSpace:
		return "free space first; copies that earlier resets have kept are the first to look at"
	default:
		return "redx does not act on what it cannot see: make it readable, then try again"
	}
}

// refusals judges a scene for a plan. Where there is nothing for redx to do but for others, a restart that is pending
// comes before what they do.
func refusals(p *Plan, s *Scene, findings []doctor.Finding) []Refusal {
	switch {
	case !p.Empty():
		return Refuse(s, moves(p.Steps), diskNeed(p.Steps))
	case !slices.ContainsFunc(findings, func(f doctor.Finding) bool { return f.Severity == doctor.Error && !f.Turn.Elsewhere() }):
		return nil
	}
	return slices.DeleteFunc(Refuse(s, nil, 0), func(r Refusal) bool { return r.Reason.Exit() != busy })
}

// busy is the exit code for what ends by itself, or with a restart.
const busy = 12

func moves(steps []Step) []Move {
	var out []Move
	for _, s := range steps {
		out = append(out, s.Moves...)
	}
	return out
}

// Refuse tells what stands against moving folders in a scene, gravest first. Need is what the disk must have free.
func Refuse(s *Scene, moves []Move, need Bytes) []Refusal {
	var out []Refusal
	add := func(is bool, r Reason, format string, args ...any) {
		if is {
			out = append(out, Refusal{r, fmt.Sprintf(format, args...)})
		}
	}
	add(s.Live && !s.Elevated, NotElevated, "redx runs without the rights of an administrator")
	for _, w := range s.Installing {
		add(true, InstallRunning, "an update is being installed: %s", w)
	}
	for _, w := range s.Pending {
		add(true, RestartPending, "a restart is pending: %s", w)
	}
	add(s.Locked, Locked, "the volume is locked by BitLocker")
	add(s.Hibernated != "", Hibernated, "the installation is hibernated: %s", s.Hibernated)
	add(s.Dirty, Dirty, "the volume was not closed properly")
	add(s.ReadOnly != "", ReadOnly, "%s", s.ReadOnly)
	for _, m := range moves {
		f := s.Folders[m.Target]
		for _, w := range f.Reparse {
			add(true, ReparsePoint, "%s is a reparse point", w)
		}
		add(f.Foreign != "", OtherVolume, "%s is on another volume", f.Foreign)
	}
	add(s.Free != Unknown && need > s.Free, DiskSpace, "%d bytes are free, %d are needed", s.Free, need)
	for _, w := range s.Unseen {
		add(true, NotSeen, "could not be looked at: %s", w)
	}
	return distinct(out)
}

// diskNeed is what the largest step needs: later steps include what the earlier ones got again.
func diskNeed(steps []Step) Bytes {
	var need Bytes
	for _, s := range steps {
		need = max(need, s.Disk)
	}
	return need
}

func distinct(list []Refusal) []Refusal {
	var out []Refusal
	seen := map[Refusal]bool{}
	for _, r := range list {
		if !seen[r] {
			seen[r] = true
			out = append(out, r)
		}
	}
	return out
}
