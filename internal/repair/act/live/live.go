// Package live is the Windows that is running, as a repair needs it: its update folders, its services, what it can
// rename at its next start, who holds what, and the facts that only a running system has. It decides nothing of a
// repair; it does what package run asks for and says what came of it.
//
// Its invariants: a name is never replaced, a process is never ended, a service that nothing was said of is never
// stopped, and redx's own folders are redx's alone or are not used at all. All that it asks of Windows goes through
// one small interface, so that every case of it can be had without a Windows.
package live

import (
	"errors"
	"strings"
	"time"

	"github.com/redx-update/redx/internal/repair"
	"github.com/redx-update/redx/internal/repair/run"
)

// ErrNoWindows says that redx does not run on Windows.
var ErrNoWindows = errors.New("this is not Windows")

// Machine is this Windows. Safe for use by several goroutines as far as Windows is.
type Machine struct {
	sys   system
	root  repair.Root
	data  string // ProgramData
	sleep func(time.Duration)
}

// Root is the folder in which SoftwareDistribution stands.
func (m *Machine) Root() repair.Root { return m.root }

// ID tells this Windows from all others, in the form in which journals have it.
func (m *Machine) ID() (string, error) {
	id, err := m.sys.MachineGUID()
	return strings.ToLower(strings.Trim(id, "{}")), err
}

// Own is the same Windows for the SoftwareDistribution that stands in redx's own folder: no service is touched for it,
// and nothing is put off to the next start. It is closed with the machine that it is of.
func (m *Machine) Own() *Machine {
	own := *m
	own.root = repair.Root{Dir: m.folder(), Own: true}
	return &own
}

// Run is the machine for package run.
func (m *Machine) Run() run.Machine {
	if m.root.Own {
		return run.Machine{Files: files{m}, Holders: m.holders, Pause: m.pause}
	}
	return run.Machine{
		Files: files{m}, Services: services{m}, Restart: restart{m}, Holders: m.holders, Pause: m.pause,
	}
}

// Unguard ends that redx starts with Windows, for a guard that has found nothing left to do.
func (m *Machine) Unguard() error {
	return errors.Join(services{m}.Unguard(), services{m}.Sync())
}

// Close lets go of Windows.
func (m *Machine) Close() error { return m.sys.Close() }

// Pauses before a folder that is held is tried again: longer each time, half a minute in all.
const (
	firstPause  = 100 * time.Millisecond
	longest     = 4 * time.Second
	maxAttempts = 12
)

func (m *Machine) pause(attempt int) bool {
	if attempt >= maxAttempts {
		return false
	}
	m.sleep(min(firstPause<<attempt, longest))
	return true
}
