// Package sim is a simulated Windows for proving repairs: folders that keep their identity and cannot be renamed while
// something below them is open, services with start types that come back, are slow to stop or say stopped while their
// process holds on, and a disk that loses, in a crash, what was not synced: in any part, torn, and of the registry in
// any order. It changes nothing outside of itself.
//
// Its invariant is one clock of I/O: each thing that a repair asks of it is one tick, and a crash can be set on any.
package sim

import (
	"errors"
	"math/rand/v2"
	"strings"
)

// ErrDead is all that a process gets to see of the world after it died.
var ErrDead = errors.New("the process is dead")

var errRefused = errors.New("access is denied")

// World is one computer.
type World struct {
	Disk     *Disk
	Registry *Registry
	Services map[string]*Service // by name in lower case
	Journals *Journals
	Queue    *Queue

	// Agent is what Windows itself does when it starts and an update service runs: it makes anew what it lacks.
	Agent func(*World)

	ticks   int
	crashAt int // the tick on which the process dies; 0: never
	dead    bool
}

// New makes an empty computer.
func New() *World {
	w := &World{Services: map[string]*Service{}}
	w.Disk = newDisk(w)
	w.Registry = &Registry{world: w, durable: map[string]int{}}
	w.Journals = &Journals{world: w, files: map[string]*journalFile{}}
	w.Queue = &Queue{world: w, Refuses: map[string]bool{}}
	return w
}

// tick is one I/O; after the set one, every I/O fails and does nothing.
func (w *World) tick() error {
	if w.dead {
		return ErrDead
	}
	w.ticks++
	if w.ticks == w.crashAt {
		w.dead = true
		return ErrDead
	}
	return nil
}

// CrashAt lets the process die on the n-th I/O from now on, which is not done; 0 never.
func (w *World) CrashAt(n int) { w.ticks, w.crashAt = 0, n }

// Ticks counts the I/O since CrashAt.
func (w *World) Ticks() int { return w.ticks }

// Dead tells whether the process died.
func (w *World) Dead() bool { return w.dead }

// Revive is a new process on the computer that goes on running: nothing is lost.
func (w *World) Revive() { w.dead, w.crashAt = false, 0 }

// Loss is how much of what was not synced a power cut takes.
type Loss int

// The losses.
const (
	LoseAll Loss = iota
	LoseNone
	LoseSome // parts, torn and out of order, as the random numbers have it
)

// PowerCut stops the computer and starts it again; with LoseNone it is an orderly restart. Renames are lost from some point on, as a file system's own journal
// has it; values of the registry singly; a journal's last write is torn.
func (w *World) PowerCut(loss Loss, rng *rand.Rand) {
	w.Disk.cut(loss, rng)
	w.Registry.cut(loss, rng)
	w.Journals.cut(loss, rng)
	w.Queue.cut(loss, rng)
	w.Revive()
	for _, s := range w.Services {
		s.Running, s.lingers = false, 0
	}
	w.renameAsItStarts()
	for _, s := range w.Services {
		if start := w.start(s.Name); start == 2 || start == 3 && s.Triggered {
			s.Running = true
		}
	}
	w.wake()
}

// wake lets running update services make anew what they lack.
func (w *World) wake() {
	for _, s := range w.Services {
		if s.Running && s.MakesAnew && w.Agent != nil {
			w.Agent(w)
			return
		}
	}
}

func (w *World) service(name string) *Service { return w.Services[strings.ToLower(name)] }

func (w *World) start(name string) int { return w.Registry.value(strings.ToLower(name)) }
