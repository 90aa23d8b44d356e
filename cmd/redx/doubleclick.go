package main

import (
	"bufio"
	"context"
	"fmt"
)

const (
	clickedBegin = "redx looks for the reason why Windows updates fail on this computer. It changes nothing.\n\n"
	clickedEnd   = "\nredx can do more in a Command Prompt: redx --help lists it.\nPress Enter to close this window.\n"
)

// doubleClicked is redx in a window that closes with it: the person before it has nothing but a double click, so it
// diagnoses this computer and leaves the answer on the screen.
func doubleClicked(ctx context.Context, _ []string, std stdio) int {
	fmt.Fprint(std.out, clickedBegin) //nolint:errcheck // nobody is left to tell
	code := run(ctx, []string{"diagnose"}, std)
	fmt.Fprint(std.out, clickedEnd)                 //nolint:errcheck // nobody is left to tell
	_, _ = bufio.NewReader(std.in).ReadString('\n') // if no line can come, nobody waits
	return code
}
