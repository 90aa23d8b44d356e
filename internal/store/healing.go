package store

import (
	"context"
	"time"
)

// Healings is what is known of computers that mend themselves: who has sent which finding, and which findings they are
// not to mend now.
type Healings interface {
	// ToldFindings notes that a computer has sent findings, and counts for each of them the computers that have sent it in
	// the day before, the one that sends it now among them. Of a finding that was resumed only what came since counts.
	ToldFindings(ctx context.Context, computer string, at time.Time, ids []string) (map[string]int, error)
	// PauseHealing keeps computers from mending what a finding is about. One that is paused already stays as it is.
	PauseHealing(ctx context.Context, p HealingPause) error
	// ResumeHealing ends that; ErrNotFound when it is not paused.
	ResumeHealing(ctx context.Context, what string, at time.Time) error
	// HealingPauses gives those that are paused, by name.
	HealingPauses(ctx context.Context) ([]HealingPause, error)
}

// HealingPause is what computers are not to mend.
type HealingPause struct {
	What  string    `json:"what"` // the id of a finding, or of a check: then all of its findings
	Since time.Time `json:"since"`
	Why   string    `json:"why"`
}
