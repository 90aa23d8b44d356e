package store

import (
	"context"
	"time"

	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/hresult"
)

// Fleet is what is asked of all computers together. Every answer is bounded, and costs at most a walk along an index that
// has one entry a computer: never one along all events or all states.
type Fleet interface {
	// Totals counts the computers by their Condition. Silent are those not seen since a time.
	Totals(ctx context.Context, silent time.Time) (Totals, error)
	// ComputerRows gives a page of the computers that a query is about, by name, and how many there are in all.
	ComputerRows(ctx context.Context, q ComputerQuery) ([]ComputerRow, int, error)
	// Standings counts the computers by how they stand to each of some updates.
	Standings(ctx context.Context, updates []guid.GUID) (map[guid.GUID]map[Standing]int, error)
	// Standing lists the updates that stand so on some computer, no more than limit.
	Standing(ctx context.Context, s Standing, limit int) ([]guid.GUID, error)
	// Causes gives the causes that most computers have, and how many computers have any.
	Causes(ctx context.Context, limit int) ([]CauseCount, int, error)
	// FailuresByDay counts failed attempts since a time by the day in UTC.
	FailuresByDay(ctx context.Context, since time.Time) (map[time.Time]int, error)
	// LatestFailures gives failed attempts, the latest first.
	LatestFailures(ctx context.Context, limit int) ([]Failure, error)
	// FailedAt gives the computers on which an update has failed, the latest first, and all codes with their number.
	FailedAt(ctx context.Context, update guid.GUID, limit int) ([]Failure, map[hresult.Code]int, error)
	// UpdateEvents gives a computer's events that are about an update, the latest first, no more than limit.
	UpdateEvents(ctx context.Context, computer string, limit int) ([]Event, error)
	// Pending gives what a computer has still to do: updates that failed, are needed, downloaded or wait for a restart.
	Pending(ctx context.Context, computer string, limit int) ([]State, error)
	// Prune forgets a computer's events from before a time, and of those that it has more of than keep the oldest. How the
	// last attempt of each update ended stays. It says how many are gone, and goes through all computers bit by bit.
	Prune(ctx context.Context, before time.Time, keep int) (int, error)
}

// ComputerCondition is how a computer stands as a whole.
type ComputerCondition string

// The conditions of computers, the worst first. One that never reported anything about an update is unreported.
const (
	Failing    ComputerCondition = "failed"
	Needing    ComputerCondition = "needed"
	Restarting ComputerCondition = "restart-due"
	UpToDate   ComputerCondition = "up-to-date"
	Unreported ComputerCondition = "unknown"
	// These go beside the others: not seen for long, and an id that several computers use (Computer.Cloned).
	Silent ComputerCondition = "silent"
	Shared ComputerCondition = "shared"
)

// Totals counts computers.
type Totals struct {
	Computers int
	By        map[ComputerCondition]int
	Updates   Tally // of all computers together
}

// Tally counts a computer's updates.
type Tally struct {
	Failed, Needed, Restart, Installed int // downloaded ones are needed
}

// Condition is the worst that the tally says.
func (t Tally) Condition(reported bool) ComputerCondition {
	switch {
	case t.Failed > 0:
		return Failing
	case t.Needed > 0:
		return Needing
	case t.Restart > 0:
		return Restarting
	case reported:
		return UpToDate
	}
	return Unreported
}

// ComputerQuery says which computers; empty fields say nothing.
type ComputerQuery struct {
	Search    string // in the name, in any case, or the id
	Condition ComputerCondition
	SeenSince time.Time // for Silent
	Cause     string    // CauseCount.Key
	Update    guid.GUID // with Standing
	Standing  Standing
	Offset    int
	Limit     int
}

// ComputerRow is a computer in lists.
type ComputerRow struct {
	ID, Name, Address string
	LastSeen          time.Time
	LastReport        time.Time
	Tally             Tally
	Condition         ComputerCondition
}

// Cause is what a computer's last diagnosis found. Equal keys mean equal in all fields.
type Cause struct {
	Key     string
	Check   string
	Title   string
	KB      string
	Update  guid.GUID
	Missing string // the first thing that is missing
}

// CauseCount is a cause with how many computers have it.
type CauseCount struct {
	Cause
	Computers int
	Since     time.Time // the first diagnosis that is still the last of its computer
	Last      time.Time
}

// Failure is a failed attempt of an update on a computer.
type Failure struct {
	Computer, Name string
	Update         guid.GUID
	Code           hresult.Code
	Time           time.Time
}
