package main

import "github.com/redx-update/redx/internal/win"

var errNoManager = win.ErrNoManager

type controls = win.Controls

var (
	runService    = win.RunService
	runControlled = win.RunControlled
	hasElevation  = win.Elevated
)

// agentEvent is the number of all events of the agent's log.
const agentEvent = 200

func writeEvent(source string, grave bool, text string) {
	kind := win.EventWarning
	if grave {
		kind = win.EventError
	}
	_ = win.WriteEvent(source, kind, agentEvent, text) // what the event log does not take is lost
}
