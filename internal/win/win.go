// Package win is redx's thin layer over Windows: services, folders, renames at the next start, who holds what, events and
// the console. It calls the system itself and decides nothing; what to stop, and when, is for its callers. Only this package and image/online import
// golang.org/x/sys/windows, so what redx can do to a live machine is all to be read here.
//
// Invariant: an error names what was done to what, and wraps the number that Windows gave (as a syscall.Errno) or
// one of this package's own errors; no error text of Windows is ever compared.
package win
