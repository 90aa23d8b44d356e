// Package marker is the mark by which an image is the lab's, so that redx may install on it by itself. It reads no
// file: whoever has found one gives its bytes. The mark counts only for an image that is named, never for the running
// system.
package marker

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// Name is the file at the top of an image that marks it.
const Name = "redx-lab.json"

// MaxSize is the most that a marker file has, in bytes.
const MaxSize = 64 << 10

// Marker is the content of the marker file.
type Marker struct {
	Version  int    `json:"version"`
	ID       string `json:"id"` // random, 32 hex digits
	Scenario string `json:"scenario"`
}

// Parse reads a marker file.
func Parse(data []byte) (Marker, error) {
	var m Marker
	if err := json.Unmarshal(data, &m); err != nil {
		return Marker{}, fmt.Errorf("%s: %w", Name, err)
	}
	if id, err := hex.DecodeString(m.ID); m.Version != 1 || err != nil || len(id) != 16 {
		return Marker{}, fmt.Errorf("%s: not a lab's marker of version 1", Name)
	}
	return m, nil
}
