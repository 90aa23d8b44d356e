package win

import (
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// SetRecovery has Windows start a service again that ended by itself: after each of the pauses in turn, then after the
// last of them every time; who did not fail for a day begins from the first. A system that knows no such thing is left
// alone.
func (s *Services) SetRecovery(name string, pauses ...time.Duration) error {
	h, err := s.open(name, windows.SERVICE_CHANGE_CONFIG|windows.SERVICE_START)
	if err != nil {
		return err
	}
	defer h.close()
	var actions []windows.SC_ACTION
	for _, p := range pauses {
		actions = append(actions, windows.SC_ACTION{Type: windows.SC_ACTION_RESTART, Delay: uint32(p / time.Millisecond)})
	}
	const day = 24 * 60 * 60
	all := windows.SERVICE_FAILURE_ACTIONS{ResetPeriod: day, ActionsCount: uint32(len(actions)), Actions: unsafe.SliceData(actions)}
	err = windows.ChangeServiceConfig2(h.handle, windows.SERVICE_CONFIG_FAILURE_ACTIONS, (*byte)(unsafe.Pointer(&all)))
	if err == nil {
		// Also when it ends with an error that it tells, not only when its process dies.
		flag := windows.SERVICE_FAILURE_ACTIONS_FLAG{FailureActionsOnNonCrashFailures: 1}
		err = windows.ChangeServiceConfig2(h.handle, windows.SERVICE_CONFIG_FAILURE_ACTIONS_FLAG, (*byte)(unsafe.Pointer(&flag)))
	}
	if unknownLevel(err) {
		return nil
	}
	return h.wrap("set the recovery of", err)
}
