// Package online gives the Windows that is running here: its files as the system opens them, its registry as the system
// holds it. What a program holds for itself alone is read from the raw volume, which takes the rights of an
// administrator; nothing is stopped for it and no snapshot is made.
//
// Nothing is ever written, no link is followed out of the system drive, and no handle stays open on a folder of Windows.
// On other systems Open fails.
package online

import (
	"errors"
	"io/fs"

	"github.com/redx-update/redx/internal/image"
	"github.com/redx-update/redx/internal/image/offline"
	"github.com/redx-update/redx/internal/registry"
)

// ErrNotWindows is the error of Open where no Windows runs.
var ErrNotWindows = errors.New("this computer does not run Windows")

// machine is this computer. The hives that the system holds are asked of it; others stand in files.
type machine struct {
	root  string // the Windows folder
	files *files
	live  func(image.Hive) (registry.Key, error) // fs.ErrNotExist if the system holds no such hive
	hives *offline.Hives
	notes []string
}

func newMachine(root string, f *files, live func(image.Hive) (registry.Key, error), notes []string) *machine {
	return &machine{root: root, files: f, live: live, hives: offline.NewHives(f, root), notes: notes}
}

func (m *machine) Kind() image.Kind   { return image.Online }
func (m *machine) FS() image.FS       { return m.files }
func (m *machine) SystemRoot() string { return m.root }

// Path is the system drive.
func (m *machine) Path() string {
	drive, _ := image.SplitDrive(m.root)
	return drive + `\`
}

// Notes also says which files were read from the raw volume so far.
func (m *machine) Notes() []string { return append(m.files.notes(), m.notes...) }

// Hive gives the hive as the system holds it. COMPONENTS is there only while something is serviced; otherwise it is
// read from its file.
func (m *machine) Hive(name image.Hive) (registry.Key, string, error) {
	root, err := m.live(name)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return root, "", err
	}
	return m.hives.Open(name)
}

func (m *machine) Close() error { return errors.Join(m.hives.Close(), m.files.Close()) }
