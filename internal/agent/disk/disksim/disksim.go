// Package disksim is a simulated drive for proving what is written on disks: one that loses, in a crash, what was not
// synced. Of a file's content any part is lost, torn; of the names in a folder any of the changes since its last sync,
// each for itself, so that nothing can lean on their order.
//
// Its invariant is one clock of I/O: each thing that is asked of it is one tick, and a crash, or an error, can be set
// on any.
package disksim

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/redx-update/redx/internal/agent/disk"
)

// Errors of the simulation.
var (
	// ErrDead is all that a process gets to see of the disk after it died.
	ErrDead = errors.New("the process is dead")
	// ErrFull is the error that FailAt gives once.
	ErrFull = errors.New("the disk is full")
)

// Loss is how much of what was not synced a power cut takes.
type Loss int

// The losses.
const (
	LoseAll Loss = iota
	LoseNone
	LoseSome // parts, torn and out of order, as the random numbers have it
)

// Disk is the simulated drive C:, as disk.Disk.
type Disk struct {
	root  *node
	now   time.Time
	ticks int
	crash int
	fail  int
	dead  bool
}

// node is a file or a folder. What is on the disk for certain is in safe and in synced.
type node struct {
	name   string
	dir    bool
	data   []byte
	safe   []byte
	time   time.Time
	below  map[string]*node // by name in lower case
	synced map[string]*node
	since  []change
}

// change is one since the last sync: a name that leads elsewhere, and one that leads nowhere any more.
type change struct {
	set  string
	to   *node
	gone string
}

// New makes an empty drive.
func New() *Disk { return &Disk{root: folder("")} }

func folder(name string) *node {
	return &node{name: name, dir: true, below: map[string]*node{}, synced: map[string]*node{}}
}

// CrashAt lets the process die on the n-th I/O from now on, which is not done; 0 never.
func (d *Disk) CrashAt(n int) { d.ticks, d.crash, d.dead = 0, n, false }

// FailAt lets the n-th I/O from now on fail with ErrFull; the process lives on. 0 never.
func (d *Disk) FailAt(n int) { d.ticks, d.fail = 0, n }

// Ticks counts the I/O since CrashAt or FailAt.
func (d *Disk) Ticks() int { return d.ticks }

// Dead tells whether the process died.
func (d *Disk) Dead() bool { return d.dead }

// PowerCut stops the computer and starts it again. With LoseNone it is a process that died on a computer that runs on.
func (d *Disk) PowerCut(loss Loss, rng *rand.Rand) {
	d.root.cut(loss, rng)
	d.crash, d.fail, d.dead = 0, 0, false
}

// Clone gives a drive of its own with the same on it, all of it safe.
func (d *Disk) Clone() *Disk { return &Disk{root: d.root.clone(), now: d.now} }

func (n *node) clone() *node {
	c := &node{name: n.name, dir: n.dir, data: bytes.Clone(n.data), time: n.time, below: map[string]*node{}}
	c.safe = bytes.Clone(n.data)
	for key, sub := range n.below {
		c.below[key] = sub.clone()
	}
	c.synced = maps.Clone(c.below)
	return c
}

// Settle makes all that is there safe, as time does.
func (d *Disk) Settle() { d.root.cut(LoseNone, nil) }

// Files gives all files with their content, by path in lower case; folders end in a backslash.
func (d *Disk) Files() map[string]string {
	all := map[string]string{}
	d.root.walk("c:", all)
	return all
}

func (n *node) walk(path string, all map[string]string) {
	for key, c := range n.below {
		if p := path + `\` + key; c.dir {
			all[p+`\`] = ""
			c.walk(p, all)
		} else {
			all[p] = string(c.data)
		}
	}
}

func (n *node) cut(loss Loss, rng *rand.Rand) {
	if !n.dir {
		switch loss {
		case LoseAll:
			n.data = n.safe
		case LoseSome:
			n.data = tear(n.safe, n.data, rng)
		case LoseNone:
		}
		n.safe = n.data
		return
	}
	if loss == LoseNone {
		n.synced = maps.Clone(n.below)
	} else {
		n.synced = n.survivors(loss, rng)
	}
	n.below, n.since = maps.Clone(n.synced), nil
	for _, key := range slices.Sorted(maps.Keys(n.below)) {
		n.below[key].cut(loss, rng)
	}
}

// survivors are the names after a power cut: those that were safe, and of the changes since any.
func (n *node) survivors(loss Loss, rng *rand.Rand) map[string]*node {
	safe := maps.Clone(n.synced)
	for _, c := range n.since {
		if loss == LoseAll || rng.IntN(2) == 0 {
			continue
		}
		if c.gone != "" {
			delete(safe, c.gone)
		}
		if c.set != "" {
			safe[c.set] = c.to
		}
	}
	for key, c := range safe {
		c.name = spelled(c.name, key)
	}
	return safe
}

// spelled keeps a node's name in step with the name that it survived under.
func spelled(name, key string) string {
	if strings.EqualFold(name, key) {
		return name
	}
	return key
}

// tear keeps of what was written since the last sync a part, in blocks of which each reached the disk or did not.
func tear(safe, data []byte, rng *rand.Rand) []byte {
	if bytes.Equal(safe, data) {
		return safe
	}
	out := bytes.Clone(data[:rng.IntN(len(data)+1)])
	const block = 512
	for at := 0; at < len(out); at += block {
		if rng.IntN(3) == 0 {
			clear(out[at:min(at+block, len(out))])
		}
	}
	return out
}

// tick is one I/O; after the set one, every I/O fails and does nothing.
func (d *Disk) tick() error {
	if d.dead {
		return ErrDead
	}
	d.ticks++
	d.now = d.now.Add(time.Millisecond)
	switch d.ticks {
	case d.crash:
		d.dead = true
		return ErrDead
	case d.fail:
		return ErrFull
	}
	return nil
}

// find gives the folder of a path, the key in it, and what is there.
func (d *Disk) find(path string) (in *node, key string, at *node, err error) {
	if err := d.tick(); err != nil {
		return nil, "", nil, err
	}
	rest, ok := strings.CutPrefix(path, `C:\`)
	if !ok {
		return nil, "", nil, fmt.Errorf("%q is no path here", path)
	}
	if rest == "" {
		return nil, "", d.root, nil
	}
	elems := strings.Split(rest, `\`)
	in = d.root
	for _, e := range elems[:len(elems)-1] {
		next := in.below[strings.ToLower(e)]
		if next == nil || !next.dir {
			return nil, "", nil, missing(path)
		}
		in = next
	}
	last := elems[len(elems)-1]
	if !disk.Plain(last) {
		return nil, "", nil, fmt.Errorf("%q is no path here", path)
	}
	key = strings.ToLower(last)
	return in, key, in.below[key], nil
}

func missing(path string) error { return &fs.PathError{Op: "find", Path: path, Err: fs.ErrNotExist} }
