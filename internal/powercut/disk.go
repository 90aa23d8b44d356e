package powercut

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// sector is what a disk writes whole.
const sector = 512

// Disk is a folder that was empty when the record began, as programs see it and as it is sure to be after a cut.
type Disk struct {
	root  string
	seen  map[string]*node // by path below root
	sure  map[string]*node
	names []nameChange // that are not sure yet, in order
	// Deaf has no sync keep its promise: a check of what is left must find that then, or it finds nothing.
	Deaf bool
}

// node is a file or a folder.
type node struct {
	folder  bool
	size    int64 // as programs see it
	sure    []byte
	changes []change // that are not sure yet, in order
}

// change is a write or, without data, a new size.
type change struct {
	at   int64
	data []byte
	call *Call
}

// nameChange gives a node a name, takes one away, or both.
type nameChange struct {
	node     *node
	from, to string
	call     *Call
}

// NewDisk makes an empty folder.
func NewDisk(root string) *Disk {
	return &Disk{root: root, seen: map[string]*node{}, sure: map[string]*node{}}
}

// Replay does what the calls did, and stops at those lines of the record, which must grow, to have a look.
func (d *Disk) Replay(rec *Record, at []int, look func(line int) error) error {
	left := make([]*Call, len(rec.Times)+1)
	entered := make([]*Call, len(rec.Times)+1)
	for i := range rec.Calls {
		c := &rec.Calls[i]
		if strings.HasPrefix(c.Result, "-1 ") {
			continue // it changed nothing
		}
		entered[c.Entered] = c
		left[c.Left] = c // 0 for those that never came back
	}
	for line := 1; line <= len(rec.Times); line++ {
		if c := entered[line]; c != nil {
			if err := d.enter(c); err != nil {
				return fmt.Errorf("line %d: %s: %w", line, c.Name, err)
			}
		}
		if c := left[line]; c != nil && (c.Name == "fsync" || c.Name == "fdatasync") && !d.Deaf {
			if err := d.sync(c); err != nil {
				return fmt.Errorf("line %d: %s: %w", line, c.Name, err)
			}
		}
		for len(at) > 0 && at[0] == line {
			if err := look(line); err != nil {
				return fmt.Errorf("cut after line %d: %w", line, err)
			}
			at = at[1:]
		}
	}
	return nil
}

// below gives a path as one below the root; false for all others, and for the index of SQLite's log, which is made anew.
func (d *Disk) below(path string) (string, bool) {
	name, err := filepath.Rel(d.root, path)
	return name, err == nil && name != ".." && !strings.HasPrefix(name, "../") && !strings.HasSuffix(name, "-shm")
}

// sync makes sure what was done before the sync began.
func (d *Disk) sync(c *Call) error {
	path, err := described(c.Args[0])
	if err != nil {
		return err
	}
	name, ok := d.below(path)
	if !ok {
		return nil
	}
	n := d.seen[name]
	if n != nil && !n.folder {
		n.sync(c)
	}
	d.names = slices.DeleteFunc(d.names, func(ch nameChange) bool {
		done := ch.call.Left > 0 && ch.call.Left <= c.Entered
		mine := isIn(ch.from, name) || isIn(ch.to, name)
		if n != nil && !n.folder {
			mine = ch.from == "" && (ch.node == n || strings.HasPrefix(name, ch.to+"/"))
		}
		if done && mine {
			ch.apply(d.sure)
		}
		return done && mine
	})
	return nil
}

func isIn(name, folder string) bool { return name != "" && filepath.Dir(name) == folder }

func (n *node) sync(c *Call) {
	n.changes = slices.DeleteFunc(n.changes, func(ch change) bool {
		done := ch.call.Left > 0 && ch.call.Left <= c.Entered
		if done {
			n.sure = ch.apply(n.sure, nil)
		}
		return done
	})
}

// apply changes bytes; keep says of each sector whether it comes through, nil that all do.
func (ch change) apply(b []byte, keep func() bool) []byte {
	if ch.data == nil {
		if ch.at < int64(len(b)) {
			return b[:ch.at]
		}
		return append(b, make([]byte, ch.at-int64(len(b)))...)
	}
	for data, at := ch.data, ch.at; len(data) > 0; {
		n := min(sector-at%sector, int64(len(data)))
		if keep == nil || keep() {
			if short := at + n - int64(len(b)); short > 0 {
				b = append(b, make([]byte, short)...)
			}
			copy(b[at:], data[:n])
		}
		data, at = data[n:], at+n
	}
	return b
}

func (ch nameChange) apply(names map[string]*node) {
	if ch.from != "" && names[ch.from] == ch.node {
		delete(names, ch.from)
	}
	if ch.to != "" {
		names[ch.to] = ch.node
	}
}

// Cut writes to an empty folder what may be left after a cut now: all that is sure, and of the rest what chance keeps.
func (d *Disk) Cut(into string, chance *rand.Rand) error {
	// One cut may lose nearly all that was not synced, the next one nearly nothing.
	likely := chance.Float64()
	keep := func() bool { return chance.Float64() < likely }
	names := map[string]*node{}
	for name, n := range d.sure {
		names[name] = n
	}
	for _, ch := range d.names {
		if keep() {
			ch.apply(names)
		}
	}
	for name, n := range names {
		if !reachable(names, name) {
			continue
		}
		if err := n.write(filepath.Join(into, name), keep); err != nil {
			return err
		}
	}
	return nil
}

// reachable says whether all folders above a name are there.
func reachable(names map[string]*node, name string) bool {
	for dir := filepath.Dir(name); dir != "."; dir = filepath.Dir(dir) {
		if names[dir] == nil {
			return false
		}
	}
	return true
}

func (n *node) write(path string, keep func() bool) error {
	if n.folder {
		return os.MkdirAll(path, 0o700)
	}
	b := bytes.Clone(n.sure)
	for _, ch := range n.changes {
		if ch.data == nil && !keep() {
			continue
		}
		b = ch.apply(b, keep)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return os.WriteFile(path, b, 0o600)
}
