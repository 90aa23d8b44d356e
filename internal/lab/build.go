package lab

import (
	"bytes"
	"crypto/rand"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/redx-update/redx/internal/lab/marker"
	"github.com/redx-update/redx/internal/winbin"
)

//go:embed base.txtar
var base []byte

// MarkerName is the file that marks an image as the lab's. It counts only for an image that is named, never for the
// running system.
const MarkerName = marker.Name

// Marker is the content of the marker file.
type Marker = marker.Marker

// compilers turn a readable file into the real one, by the ending that is then taken off its name. Text logs are
// written as they stand.
var compilers = map[string]func(name string, data []byte) ([]byte, error){
	".evtx.toml": eventLog,
	".edb.toml":  datastoreFile,
	".reg":       hiveFile,
	".etl.txt":   traceFile,
	".cab.txt":   cabinetFile,
	".db.sql":    sqliteFile,
	".utf16":     wide,
}

// endings are the part of each compiler's ending that is not the real file's.
var endings = []string{".toml", ".txt", ".sql", ".reg", ".utf16"}

// Build writes a scenario's image below dir, which must not exist or be empty, and marks it.
func Build(s *Scenario, dir string) error {
	if err := emptyDir(dir); err != nil {
		return err
	}
	for _, f := range overlay(txtar.Parse(base).Files, s.files) {
		name, data, err := compile(f)
		if err != nil {
			return fmt.Errorf("scenario %s: %s: %w", s.Name, f.Name, err)
		}
		if err := writeFile(dir, name, data); err != nil {
			return err
		}
	}
	return writeMarker(s, dir)
}

func emptyDir(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return os.MkdirAll(dir, 0o755)
	case err != nil:
		return err
	case len(entries) > 0:
		return fmt.Errorf("%s is not empty", dir)
	}
	return nil
}

// overlay gives the base's files, those that the scenario has too replaced by its own. An empty file of a scenario
// takes the base's away; one whose name ends with "+" is added to the base's.
func overlay(below, above []txtar.File) []txtar.File {
	own, more := map[string]bool{}, map[string][]byte{}
	for _, f := range above {
		if name, ok := strings.CutSuffix(f.Name, "+"); ok {
			more[name] = append(more[name], f.Data...)
		} else {
			own[f.Name] = true
		}
	}
	var out []txtar.File
	for _, f := range below {
		if !own[f.Name] {
			f.Data = slices.Concat(f.Data, more[f.Name])
			out = append(out, f)
		}
	}
	for _, f := range above {
		if len(f.Data) > 0 && !strings.HasSuffix(f.Name, "+") {
			out = append(out, f)
		}
	}
	return out
}

func compile(f txtar.File) (name string, data []byte, err error) {
	for ending, fn := range compilers {
		if !strings.HasSuffix(f.Name, ending) {
			continue
		}
		name = f.Name
		for _, e := range endings {
			name = strings.TrimSuffix(name, e)
		}
		data, err = fn(name, f.Data)
		return name, data, err
	}
	return f.Name, f.Data, nil
}

func writeFile(dir, name string, data []byte) error {
	local := filepath.FromSlash(name)
	if !filepath.IsLocal(local) {
		return fmt.Errorf("%s does not stay in the image", name)
	}
	path := filepath.Join(dir, local)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o644)
}

func writeMarker(s *Scenario, dir string) error {
	var id [16]byte
	if _, err := rand.Read(id[:]); err != nil {
		return err
	}
	data, err := json.MarshalIndent(Marker{Version: 1, ID: hex.EncodeToString(id[:]), Scenario: s.Name}, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, MarkerName), append(data, '\n'), 0o644)
}

// wide gives a text in UTF-16LE with BOM and CRLF, as Windows writes ReportingEvents.log.
func wide(_ string, data []byte) ([]byte, error) {
	text := bytes.ReplaceAll(data, []byte("\n"), []byte("\r\n"))
	return append([]byte{0xff, 0xfe}, winbin.PutUTF16(string(text))...), nil
}
