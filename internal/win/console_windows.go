package win

import (
	"os"

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
