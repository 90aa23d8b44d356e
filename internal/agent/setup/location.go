package setup

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/redx-update/redx/internal/agent/keep"
	"github.com/redx-update/redx/internal/win"
)

// Registry is as much of a registry as the policy of an update location needs.
type Registry interface {
	Read(key, name string) (win.MachineValue, error)
	Write(v win.MachineValue) error // safe on the disk when it returns
}

// locationName is the file in the agent's folder that says what the policy was before.
const locationName = "location.json"

// maxLocation bounds that file; a policy has a dozen values.
const maxLocation = 256 << 10

// location is that file.
type location struct {
	Version int                `json:"version"`
	Before  []win.MachineValue `json:"before"`
	After   []win.MachineValue `json:"after"`
}

const locationVersion = 1

// SetLocation writes the values of a policy, after what was there before is safe in the folder. Done again with others,
// what was there before the first time is what is remembered.
func SetLocation(folder *os.Root, r Registry, values []win.MachineValue) error {
	l, err := readLocation(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	next := location{Version: locationVersion, Before: l.Before, After: values}
	for _, v := range values {
		if slices.ContainsFunc(next.Before, func(b win.MachineValue) bool { return same(b, v) }) {
			continue
		}
		was, err := r.Read(v.Key, v.Name)
		if err != nil {
			return err
		}
		if was.Kind == win.Other {
			return fmt.Errorf(`HKLM\%s\%s is of a kind that redx could not give back; nothing was changed`, v.Key, v.Name)
		}
		next.Before = append(next.Before, was)
	}
	for _, v := range l.After { // what an earlier policy had set, and this one does not
		if !slices.ContainsFunc(values, func(n win.MachineValue) bool { return same(n, v) }) {
			next.After = append(next.After, v)
		}
	}
	b, err := json.MarshalIndent(next, "", "  ")
	if err == nil {
		err = keep.ReplaceIn(folder, locationName, b)
	}
	if err != nil {
		return fmt.Errorf("write down the policy of the update location: %w", err)
	}
	for _, v := range values {
		if err := r.Write(v); err != nil {
			return err
		}
	}
	return nil
}

func same(a, b win.MachineValue) bool { return a.Key == b.Key && a.Name == b.Name }

// RestoreLocation gives back what SetLocation has changed, and tells which values somebody else has changed since: those
// are left alone. Nothing to give back is no error.
func RestoreLocation(folder *os.Root, r Registry) (left []string, err error) {
	l, err := readLocation(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	for _, was := range slices.Backward(l.Before) {
		now, err := r.Read(was.Key, was.Name)
		if err != nil {
			return left, err
		}
		set := slices.IndexFunc(l.After, func(v win.MachineValue) bool { return same(v, was) })
		switch {
		case equal(now, was) && !was.NoKey: // never written, or given back already
		case equal(now, was) || set >= 0 && equal(now, l.After[set]):
			if err := r.Write(was); err != nil {
				return left, err
			}
		default:
			left = append(left, `HKLM\`+was.Key+`\`+was.Name)
		}
	}
	return left, folder.Remove(locationName)
}

// foreign tells a value that is no policy: whatever the file says, nothing else of the registry is written.
func foreign(v win.MachineValue) bool {
	const policies = `software\policies\`
	return len(v.Key) < len(policies) || !strings.EqualFold(v.Key[:len(policies)], policies)
}

// equal tells whether two values have the same content.
func equal(a, b win.MachineValue) bool {
	a.NoKey, b.NoKey = false, false
	return a == b
}

func readLocation(folder *os.Root) (l location, err error) {
	f, err := folder.Open(locationName)
	if err != nil {
		return l, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxLocation))
	if err == nil {
		err = json.Unmarshal(b, &l)
	}
	if err == nil && l.Version != locationVersion {
		err = fmt.Errorf("version %d", l.Version)
	}
	if i := slices.IndexFunc(slices.Concat(l.Before, l.After), foreign); err == nil && i >= 0 {
		err = errors.New("it names what is no policy")
	}
	if err != nil {
		return location{}, fmt.Errorf("%s, which says what the policy of the update location was: %w", locationName, err)
	}
	return l, nil
}
