package sim

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/redx-update/redx/internal/repair/run"
)

// Service is one service and how it misbehaves.
type Service struct {
	Name      string
	Running   bool
	Opens     []string // paths that it keeps open while its process lives
	Finds     bool     // it opens only what is there, and makes none of it
	Triggered bool     // Windows starts it whenever its start type allows
	MakesAnew bool     // it makes the update folder anew when it runs
	Lingers   int      // so many renames fail after it said "stopped", since its process lives on
	Denies    bool     // its start type cannot be changed
	Stuck     bool     // it does not stop
	Dead      bool     // it does not start

	lingers int
}

func (s *Service) holds(top *Node, path string) bool {
	if !s.Running && s.lingers == 0 {
		return false
	}
	if !s.Running {
		s.lingers--
	}
	for _, o := range s.Opens {
		if len(o) >= len(path) && strings.EqualFold(o[:len(path)], path) && (!s.Finds || find(top, o) != nil) {
			return true
		}
	}
	return false
}

// Registry has the start types of the services, and the guard. Each value is lost in a crash or not, by itself.
type Registry struct {
	world   *World
	durable map[string]int
	pending []setting

	renames       []Rename   // what is safe of PendingFileRenameOperations, one value
	renamesWrites [][]Rename // what it was set to since
}

type setting struct {
	name  string
	value int
}

const guardName = "redx-recover"

func (r *Registry) value(name string) int {
	v := r.durable[name]
	for _, p := range r.pending {
		if p.name == name {
			v = p.value
		}
	}
	return v
}

func (r *Registry) set(name string, value int) { r.pending = append(r.pending, setting{name, value}) }

func (r *Registry) flush() {
	for _, p := range r.pending {
		r.durable[p.name] = p.value
	}
	r.pending = nil
	r.renames, r.renamesWrites = r.atRestart(), nil
}

func (r *Registry) cut(loss Loss, rng *rand.Rand) {
	var kept []setting
	for _, p := range r.pending {
		if loss == LoseNone || loss == LoseSome && rng.IntN(2) == 0 {
			kept = append(kept, p)
		}
	}
	r.pending = kept
	if n := len(r.renamesWrites); n > 0 && loss != LoseNone {
		lost := n
		if loss == LoseSome {
			lost = rng.IntN(n + 1)
		}
		r.renamesWrites = r.renamesWrites[:n-lost]
	}
	r.flush()
}

// Add adds a service with a start type.
func (w *World) Add(s Service, start int) {
	w.Services[strings.ToLower(s.Name)] = &s
	w.Registry.durable[strings.ToLower(s.Name)] = start
}

// States gives the start types of all services, and whether each runs.
func (w *World) States() map[string]run.Service {
	all := map[string]run.Service{}
	for name, s := range w.Services {
		all[name] = w.look(s)
	}
	return all
}

// IsGuarded tells whether redx starts with Windows.
func (w *World) IsGuarded() bool { return w.Registry.value(guardName) != 0 }

// Delay makes an automatic service one that is started some time after the others.
func (w *World) Delay(name string) { w.Registry.durable[delay(name)] = 1 }

func delay(name string) string { return strings.ToLower(name) + " delayed" }

func (w *World) look(s *Service) run.Service {
	start := w.start(s.Name)
	return run.Service{
		Present: true, Running: s.Running, Start: start, Delayed: start == 2 && w.Registry.value(delay(s.Name)) != 0,
	}
}

// manager is the world as run.Services.
type manager struct{ *World }

// Manager gives the services.
func (w *World) Manager() run.Services { return manager{w} }

func (m manager) Service(name string) (run.Service, error) {
	if err := m.tick(); err != nil {
		return run.Service{}, err
	}
	s := m.service(name)
	if s == nil {
		return run.Service{}, nil
	}
	return m.look(s), nil
}

func (m manager) SetStart(name string, start int) error {
	if err := m.tick(); err != nil {
		return err
	}
	if m.service(name).Denies {
		return run.ErrDenied
	}
	m.Registry.set(strings.ToLower(name), start)
	if start == 4 { // whether Windows forgets it then is not known; this one does
		m.Registry.set(delay(name), 0)
	}
	return nil
}

func (m manager) SetDelayed(name string) error {
	if err := m.tick(); err != nil {
		return err
	}
	m.Registry.set(delay(name), 1)
	return nil
}

func (m manager) Stop(name string) error {
	if err := m.tick(); err != nil {
		return err
	}
	s := m.service(name)
	if s.Stuck {
		return fmt.Errorf("stop %s: it does not stop", name)
	}
	if s.Running {
		s.Running, s.lingers = false, s.Lingers
	}
	return nil
}

func (m manager) Start(name string) error {
	if err := m.tick(); err != nil {
		return err
	}
	s := m.service(name)
	if s.Dead || m.start(name) == 4 {
		return fmt.Errorf("start %s: error 1058", name)
	}
	s.Running = true
	m.wake()
	return nil
}

func (m manager) Guarded() (bool, error) { return m.IsGuarded(), m.tick() }

func (m manager) Guard() error {
	if err := m.tick(); err != nil {
		return err
	}
	m.Registry.set(guardName, 2)
	return nil
}

func (m manager) Unguard() error {
	if err := m.tick(); err != nil {
		return err
	}
	m.Registry.set(guardName, 0)
	return nil
}

func (m manager) Sync() error {
	if err := m.tick(); err != nil {
		return err
	}
	m.Registry.flush()
	return nil
}

// Triggers starts what Windows starts by itself whenever it may: run's pauses call it.
func (w *World) Triggers() {
	for name, s := range w.Services {
		if s.Triggered && !s.Running && w.start(name) != 4 {
			s.Running = true
		}
	}
	w.wake()
}
