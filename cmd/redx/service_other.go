//go:build !windows

package main

import (
	"context"
	"errors"
)

var errNoManager = errors.New("only Windows has a service manager that starts it")

func runService(string, func(context.Context) error) error { return errNoManager }

// controls are as package win has them.
type controls struct {
	Pause  func(paused bool)
	Reload func()
}

func runControlled(string, controls, func(context.Context) error) error { return errNoManager }

// hasElevation leaves it to the system to say no.
func hasElevation() (bool, error) { return true, nil }

func writeEvent(string, bool, string) {}
