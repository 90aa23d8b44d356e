//go:build !windows

package win

import "os"

// Escapes makes a terminal obey escape sequences and says whether it does. Terminals do, outside Windows.
func Escapes(*os.File) bool { return true }

// OwnConsole reports that this program alone has the console window, which closes with it. Only Windows has such.
func OwnConsole() bool { return false }
