package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// side is one of a pair: a program that reads a file.
type side struct {
	name  string
	args  []string
	size  int64 // of the input as both count it, to give a rate
	count func(out []byte) (figures, error)
	read  bool // its output is read in every run; grep stops at the first match when nobody does
}

// times are the runs of one side.
type times struct {
	side
	figures
	wall, cpu []time.Duration
}

func median(runs []time.Duration) time.Duration {
	runs = slices.Sorted(slices.Values(runs))
	return runs[len(runs)/2]
}

// rate gives "69 MB/s".
func (t *times) rate() string {
	return fmt.Sprintf("%.3g MB/s", float64(t.size)/1e6/median(t.wall).Seconds())
}

// self is this program reading a file with one of its readers.
func self(reader, path string, size int64) side {
	exe, err := os.Executable()
	if err != nil {
		exe = os.Args[0]
	}
	return side{name: reader, args: []string{exe, "-run", reader, path}, size: size, count: fromJSON, read: true}
}

func fromJSON(out []byte) (f figures, err error) { return f, json.Unmarshal(out, &f) }

// tool is a foreign program; count makes figures of its output, and may be nil. Its output goes to the null device
// where it is timed, and is counted in a run of its own.
func tool(name string, size int64, count func([]byte) (figures, error), args ...string) (side, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return side{}, skip("install %s for this", name)
	}
	return side{name: name, args: append([]string{path}, args...), size: size, count: count}, nil
}

// sample gives the path of a real file, unpacked into dir when it is packed.
func sample(dir, name string) (string, error) {
	root := os.Getenv("REDX_TESTDATA")
	if root == "" {
		return "", skip("set REDX_TESTDATA to the folder of real samples for this")
	}
	path := filepath.Join(root, filepath.FromSlash(name))
	if _, err := os.Stat(path); err != nil {
		return "", skip("REDX_TESTDATA has no %s", name)
	}
	unpacker := map[string]string{".gz": "gzip", ".xz": "xz"}[filepath.Ext(name)]
	if unpacker == "" {
		return path, nil
	}
	b, err := exec.Command(unpacker, "-dc", path).Output()
	if err != nil {
		return "", skip("%s: %v", unpacker, err)
	}
	path = filepath.Join(dir, strings.TrimSuffix(filepath.Base(name), filepath.Ext(name)))
	return path, os.WriteFile(path, b, 0o600)
}

// alternate runs the sides in turns, after one round that is not timed and gives the counts.
func alternate(pairs int, sides ...side) ([]*times, error) {
	all := make([]*times, len(sides))
	for i, s := range sides {
		f, _, err := s.run(true)
		if err != nil {
			return nil, err
		}
		all[i] = &times{side: s, figures: f}
	}
	for range pairs {
		for _, t := range all {
			start := time.Now()
			f, cpu, err := t.run(false)
			if err != nil {
				return nil, err
			}
			t.wall, t.cpu = append(t.wall, time.Since(start)), append(t.cpu, cpu)
			t.Peak = max(t.Peak, f.Peak)
		}
	}
	return all, nil
}

// run starts the side once, and gives the processor time that it took. A foreign tool's output is only looked at when it is to be counted.
func (s side) run(counting bool) (f figures, cpu time.Duration, err error) {
	cmd := exec.Command(s.args[0], s.args[1:]...)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	var out, complaint bytes.Buffer
	cmd.Stderr = &complaint
	if s.count != nil && (counting || s.read) {
		cmd.Stdout = &out
	}
	if err := cmd.Run(); err != nil {
		return f, 0, fmt.Errorf("%s: %w: %s", s.name, err, firstLine(complaint.String()))
	}
	if cmd.Stdout != nil {
		f, err = s.count(out.Bytes())
	}
	return f, cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), err
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return line
}
