package sim

import (
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/redx-update/redx/internal/repair"
	"github.com/redx-update/redx/internal/repair/run"
)

// Node is a folder or a link.
type Node struct {
	Name    string
	ID      string
	Reparse bool
	below   map[string]*Node // by name in capitals
}

func (n *Node) clone() *Node {
	c := *n
	c.below = make(map[string]*Node, len(n.below))
	for k, v := range n.below {
		c.below[k] = v.clone()
	}
	return &c
}

// Disk is one volume. Changes are seen at once, and safe with Sync.
type Disk struct {
	world   *World
	top     *Node
	safe    *Node             // as of the last Sync
	pending []func(top *Node) // since then, in order
	next    int
}

func newDisk(w *World) *Disk {
	d := &Disk{world: w, top: &Node{below: map[string]*Node{}}}
	d.safe = d.top.clone()
	return d
}

func elements(path string) []string { return strings.Split(path, `\`) }

func find(top *Node, path string) *Node {
	at := top
	for _, e := range elements(path) {
		if at = at.below[strings.ToUpper(e)]; at == nil {
			return nil
		}
	}
	return at
}

func split(path string) (dir, name string) {
	i := strings.LastIndexByte(path, '\\')
	return path[:max(i, 0)], path[i+1:]
}

// Make makes a folder and those above it: how worlds are built, and what Windows does. It is safe when all before is.
func (d *Disk) Make(path string) {
	id := d.next
	d.next += len(elements(path))
	change := func(top *Node) { build(top, path, id) }
	change(d.top)
	if d.pending = append(d.pending, change); len(d.pending) == 1 {
		d.safe, d.pending = d.top.clone(), nil
	}
}

// build makes what is missing of a path; identities count up from id.
func build(top *Node, path string, id int) {
	at := top
	for _, e := range elements(path) {
		key := strings.ToUpper(e)
		id++
		if at.below[key] == nil {
			at.below[key] = &Node{Name: e, ID: strconv.Itoa(id), below: map[string]*Node{}}
		}
		at = at.below[key]
	}
}

// Link makes a folder a link, as a junction looks.
func (d *Disk) Link(path string) {
	find(d.top, path).Reparse = true
	d.safe = d.top.clone()
}

// ID gives the identity under a name, empty when nothing is there.
func (d *Disk) ID(path string) string {
	if n := find(d.top, path); n != nil {
		return n.ID
	}
	return ""
}

// IDs lists every identity with its path.
func (d *Disk) IDs() map[string]string {
	all := map[string]string{}
	var walk func(n *Node, path string)
	walk = func(n *Node, path string) {
		for _, c := range n.below {
			p := strings.TrimPrefix(path+`\`+c.Name, `\`)
			all[c.ID] = p
			walk(c, p)
		}
	}
	walk(d.top, "")
	return all
}

// Folder is for run.Files.
func (d *Disk) Folder(path string) (run.Folder, error) {
	if err := d.world.tick(); err != nil {
		return run.Folder{}, err
	}
	n := find(d.top, path)
	if n == nil {
		return run.Folder{}, nil
	}
	return run.Folder{Present: true, ID: n.ID, Reparse: n.Reparse}, nil
}

// Names is for run.Files.
func (d *Disk) Names(dir string) ([]string, error) {
	if err := d.world.tick(); err != nil {
		return nil, err
	}
	n := find(d.top, dir)
	if n == nil {
		return nil, fs.ErrNotExist
	}
	var names []string
	for _, c := range n.below {
		names = append(names, c.Name)
	}
	return slices.Sorted(slices.Values(names)), nil
}

// Rename is for run.Files.
func (d *Disk) Rename(from, to string) error {
	if err := d.world.tick(); err != nil {
		return err
	}
	held := false
	for _, s := range d.world.Services { // all of them: processes end side by side
		held = s.holds(d.top, from) || held
	}
	if held {
		return fmt.Errorf("rename %s: error %d: %w", from, 5+27*(d.world.ticks%2), run.ErrHeld)
	}
	if err := rename(d.top, from, to); err != nil {
		return err
	}
	d.pending = append(d.pending, func(top *Node) { _ = rename(top, from, to) })
	return nil
}

func rename(top *Node, from, to string) error {
	fromDir, fromName := split(from)
	toDir, toName := split(to)
	a, b := find(top, fromDir), find(top, toDir)
	if a == nil || b == nil || a.below[strings.ToUpper(fromName)] == nil {
		return fmt.Errorf("rename %s to %s: %w", from, to, fs.ErrNotExist)
	}
	if b.below[strings.ToUpper(toName)] != nil {
		return fmt.Errorf("rename %s to %s: %w", from, to, fs.ErrExist)
	}
	n := a.below[strings.ToUpper(fromName)]
	delete(a.below, strings.ToUpper(fromName))
	n.Name = toName
	b.below[strings.ToUpper(toName)] = n
	return nil
}

// Sync is for run.Files.
func (d *Disk) Sync() error {
	if err := d.world.tick(); err != nil {
		return err
	}
	d.safe, d.pending = d.top.clone(), nil
	return nil
}

func (d *Disk) cut(loss Loss, rng *rand.Rand) {
	kept := 0
	switch loss {
	case LoseNone:
		kept = len(d.pending)
	case LoseSome:
		kept = rng.IntN(len(d.pending) + 1)
	}
	for _, change := range d.pending[:kept] {
		change(d.safe)
	}
	d.top, d.pending = d.safe.clone(), nil
}

// Size is for session.Copies: what stands below a folder, one byte each.
func (d *Disk) Size(path string) repair.Bytes {
	n := find(d.top, path)
	if n == nil || d.world.tick() != nil {
		return repair.Unknown
	}
	var count func(n *Node) repair.Bytes
	count = func(n *Node) (sum repair.Bytes) {
		for _, c := range n.below {
			sum += 1 + count(c)
		}
		return sum
	}
	return count(n)
}

// Remove is for session.Copies: one thing after the other goes, what is below first.
func (d *Disk) Remove(path string) error {
	n := find(d.top, path)
	if n == nil {
		return d.world.tick()
	}
	for _, key := range slices.Sorted(maps.Keys(n.below)) {
		if err := d.Remove(path + `\` + n.below[key].Name); err != nil {
			return err
		}
	}
	if err := d.world.tick(); err != nil {
		return err
	}
	change := func(top *Node) {
		dir, name := split(path)
		if at := find(top, dir); at != nil {
			delete(at.below, strings.ToUpper(name))
		}
	}
	change(d.top)
	d.pending = append(d.pending, change)
	return nil
}
