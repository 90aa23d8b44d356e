package bench

import (
	"errors"
	"os"
	"syscall"
)

// PeakOf is the most memory in bytes that a process which has ended had in use at a time (its VmHWM), its children
// included. A process counts its parent's as well, up to the moment in which it became another program, so the parent
// must be small.
func PeakOf(p *os.ProcessState) (int64, error) {
	usage, ok := p.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0, errors.New("this system does not tell a process's peak memory")
	}
	return usage.Maxrss << 10, nil
}
