package agent

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/redx-update/redx/internal/agent/keep"
)

// StateName is the name of the state file in the agent's folder.
const StateName = "state.json"

// maxState bounds what is read of a state file.
const maxState = 16 << 20

// StateFile is a Store in one file of the agent's own folder. The folder is the caller's to protect and to close.
type StateFile struct{ Folder *os.Root }

// Load implements Store. A file that is torn, foreign or of a later redx is replaced at the next Save.
func (f StateFile) Load() (State, string, error) {
	var s State
	b, err := read(f.Folder, StateName, maxState)
	if errors.Is(err, fs.ErrNotExist) {
		return s, "", nil
	}
	if err != nil {
		return s, "", fmt.Errorf("read the agent's state: %w", err)
	}
	if why := decode(b, &s); why != "" {
		return State{}, StateName + ": " + why, nil
	}
	for k, t := range s.Updates {
		if t == nil || len(t.Begun) > 2*maxTries || len(t.Heals) > 2*maxTries {
			delete(s.Updates, k)
		}
	}
	return s, "", nil
}

// decode tells why a state cannot be used.
func decode(b []byte, s *State) (why string) {
	if err := json.Unmarshal(b, s); err != nil {
		return err.Error()
	}
	if s.Version != stateVersion {
		return fmt.Sprintf("it is of version %d", s.Version)
	}
	return ""
}

func read(in *os.Root, name string, most int64) ([]byte, error) {
	f, err := in.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, most))
}

// Save implements Store: written beside, synced, renamed.
func (f StateFile) Save(s State) error {
	s.Version = stateVersion
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	if err := keep.ReplaceIn(f.Folder, StateName, b); err != nil {
		return fmt.Errorf("keep the agent's state: %w", err)
	}
	return nil
}
