package win

import (
	"os"
	"os/exec"
	"unsafe"

	"golang.org/x/sys/windows"
)

// Escapes makes a console obey escape sequences and says whether it does: without this a console window of Windows 10
// prints them as text, and consoles before that know none. A stream that is no console does not.
func Escapes(f *os.File) bool {
	var mode uint32
	h := windows.Handle(f.Fd())
	if windows.GetConsoleMode(h, &mode) != nil {
		return false
	}
	const obey = windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING
	return mode&obey != 0 || windows.SetConsoleMode(h, mode|obey) == nil
}

// OwnConsole reports that this program alone has the console window, which closes with it: it was started by a double
// click and not from a command line, whose own program would have the console too.
func OwnConsole() bool {
	var ids [2]uint32
	n, _, _ := system("kernel32.dll", "GetConsoleProcessList").Call(uintptr(unsafe.Pointer(&ids[0])), uintptr(len(ids)))
	return n == 1
}

// Apart keeps a console's Ctrl-C from a command that is not started yet: whoever starts it ends it, with Interrupt.
func Apart(c *exec.Cmd) {
	c.SysProcAttr = &windows.SysProcAttr{CreationFlags: windows.CREATE_NEW_PROCESS_GROUP} //nolint:forbidigo // a field has no other name
}

// Interrupt asks a command that was started apart to stop, which the console does that both share.
func Interrupt(c *exec.Cmd) error {
	return windows.GenerateConsoleCtrlEvent(windows.CTRL_BREAK_EVENT, uint32(c.Process.Pid))
}
