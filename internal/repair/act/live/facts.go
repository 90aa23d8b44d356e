package live

import (
	"context"
	"fmt"

	"github.com/redx-update/redx/internal/repair"
)

// held are the services that a repair may hold.
func held() []string { return repair.Services() }

// Installer tells whether Windows' own agent is installing something.
type Installer interface {
	IsBusy(ctx context.Context) (bool, error)
}

// installers are the programs that install an update, or a new Windows, while they run.
var installers = [...]string{"TiWorker.exe", "SetupHost.exe"}

// Facts puts what only the running Windows can tell into a scene that was made of its files and registry. What it
// could not look at it says there, and a repair is refused for it. An agent that does not answer is no such thing: it
// may be what is to be repaired, and the programs that install have been looked for.
func (m *Machine) Facts(ctx context.Context, s *repair.Scene, agent Installer) {
	unseen := func(what string, err error) {
		if err != nil {
			s.Unseen = append(s.Unseen, fmt.Sprintf("%s: %v", what, err))
		}
	}
	s.Live = true
	var err error
	s.Elevated, err = m.sys.Elevated()
	unseen("the rights of redx", err)
	free, err := m.sys.FreeBytes(m.root.Dir)
	unseen("the free space", err)
	if s.Free = repair.Unknown; err == nil {
		s.Free = repair.Bytes(min(free, 1<<62))
	}
	unseen("the processes", m.installing(s))
	if agent != nil {
		if busy, err := agent.IsBusy(ctx); err == nil && busy {
			s.Installing = append(s.Installing, "Windows Update's agent says that it is")
		}
	}
	unseen("the services", m.dependents(s))
}

func (m *Machine) installing(s *repair.Scene) error {
	list, err := m.sys.Processes(installers[:]...)
	for _, p := range list {
		s.Installing = append(s.Installing, fmt.Sprintf("%s runs (%d)", p.Name, p.PID))
	}
	return err
}

// dependents finds what runs on top of the services that a repair holds; not every Windows has all of them.
func (m *Machine) dependents(s *repair.Scene) error {
	s.Dependents = map[string][]string{}
	for _, name := range held() {
		now, err := services{m}.Service(name)
		if err != nil {
			return err
		}
		if !now.Present {
			continue
		}
		on, err := m.sys.Dependents(name)
		if err != nil {
			return err
		}
		if len(on) > 0 {
			s.Dependents[name] = on
		}
	}
	return nil
}
