package main

import "github.com/redx-update/redx/internal/win"

var errNoManager = win.ErrNoManager

var runService = win.RunService
