package online

import (
	"errors"
	"io/fs"
	"testing"

	"github.com/redx-update/redx/internal/image"
	"github.com/redx-update/redx/internal/image/imagetest"
	"github.com/redx-update/redx/internal/registry"
)

const root = `C:\Windows`

var errNoVolume = errors.New("no volume in this test")

func noVolume() (device, error) { return nil, errNoVolume }

// noHive is a system that holds no hive.
func noHive(name image.Hive) (registry.Key, error) {
	return nil, registry.NotExist("open hive", string(name))
}

func never(error) bool { return false }

// machineAt takes a folder for the system drive.
func machineAt(t *testing.T, dir string, held func(error) bool, volume func() (device, error)) *machine {
	t.Helper()
	f, err := newFiles(dir, root, held, volume)
	if err != nil {
		t.Fatal(err)
	}
	m := newMachine(root, f, noHive, nil)
	t.Cleanup(func() { _ = m.Close() }) // the suite closes it, and looks at the error
	return m
}

func TestConformance(t *testing.T) {
	imagetest.Run(t, func(t *testing.T) image.Image {
		return machineAt(t, imagetest.Tree(t, imagetest.Files()), never, noVolume)
	})
}

func TestMachine(t *testing.T) {
	m := machineAt(t, imagetest.Tree(t, imagetest.Files()), never, noVolume)
	if m.Kind() != image.Online || m.Path() != `C:\` {
		t.Errorf("got %s of kind %s", m.Path(), m.Kind())
	}
	refused := &fs.PathError{Op: "open key", Path: "SYSTEM", Err: fs.ErrPermission}
	m.live = func(image.Hive) (registry.Key, error) { return nil, refused }
	if _, _, err := m.Hive(image.System); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("a hive that is refused: got %v, want fs.ErrPermission", err)
	}
}
