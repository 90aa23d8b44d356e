//go:build !windows

package main

import (
	"context"
	"errors"
)

var errNoManager = errors.New("only Windows has a service manager that starts it")

func runService(string, func(context.Context) error) error { return errNoManager }
