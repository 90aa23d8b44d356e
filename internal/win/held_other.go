//go:build !windows

package win

// Held reports that a file could not be opened since a program has it open and shares it with nobody. Only Windows
// knows that.
func Held(error) bool { return false }
