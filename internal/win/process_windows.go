package win

import (
	"context"

	"golang.org/x/sys/windows"
)

// process is the process of a service that is stopped; none when it is shared, or may not be looked at.
type process struct{ handle windows.Handle }

// openProcess must be called while the service runs: later its number may be that of another process.
func openProcess(s Status) process {
	if s.PID == 0 || s.Shared {
		return process{}
	}
	h, err := windows.OpenProcess(windows.SYNCHRONIZE, false, s.PID)
	if err != nil {
		return process{} // a protected one; the state alone has to do
	}
	return process{h}
}

func (p process) close() {
	if p.handle != 0 {
		_ = windows.CloseHandle(p.handle) // nothing is lost with it
	}
}

// ended is false when it is not known.
func (p process) ended() bool {
	if p.handle == 0 {
		return false
	}
	event, err := windows.WaitForSingleObject(p.handle, 0)
	return err == nil && event == windows.WAIT_OBJECT_0
}

func (p process) wait(ctx context.Context) error {
	for p.handle != 0 && !p.ended() {
		if err := sleep(ctx, minPause); err != nil {
			return err
		}
	}
	return nil
}
