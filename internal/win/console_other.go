//go:build !windows

package win

import (
	"os"
	"os/exec"

	"golang.org/x/sys/unix"
)

// Escapes makes a terminal obey escape sequences and says whether it does. Terminals do, outside Windows.
func Escapes(*os.File) bool { return true }

// OwnConsole reports that this program alone has the console window, which closes with it. Only Windows has such.
func OwnConsole() bool { return false }

// Apart keeps a terminal's Ctrl-C from a command that is not started yet: whoever starts it ends it, with Interrupt.
func Apart(c *exec.Cmd) {
	c.SysProcAttr = &unix.SysProcAttr{Setpgid: true} //nolint:forbidigo // a field has no other name
}

// Interrupt asks a command that was started apart to stop.
func Interrupt(c *exec.Cmd) error { return c.Process.Signal(os.Interrupt) }
