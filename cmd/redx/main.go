// Command redx finds why a Windows update failed, down to the missing file.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"

	"github.com/redx-update/redx/internal/term"
	"github.com/redx-update/redx/internal/win"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	start := run
	if len(os.Args) == 1 && win.OwnConsole() {
		start = doubleClicked
	}
	code := start(ctx, os.Args[1:], osIO())
	stop()
	os.Exit(code)
}

// stdio is what a command talks to; nothing below main touches the process's own streams or environment.
type stdio struct {
	in     io.Reader
	out    io.Writer
	err    io.Writer
	getenv func(string) string
	// style says what out and err can show.
	style term.Style
	// asks tells whether there is somebody to ask.
	asks bool
}

func osIO() stdio {
	return stdio{
		in: os.Stdin, out: os.Stdout, err: os.Stderr, getenv: os.Getenv,
		style: term.Detect(os.Stdout, os.Stderr, os.Getenv), asks: term.Asks(os.Stdin, os.Stderr),
	}
}
