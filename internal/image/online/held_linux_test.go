package online

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/redx-update/redx/internal/image"
	"github.com/redx-update/redx/internal/image/imagetest"
)

const queue = `C:\ProgramData\Microsoft\Network\Downloader\qmgr.db`

// A pipe, which redx never opens, stands here for what a service holds.
func isPipe(err error) bool { return errors.Is(err, image.ErrSpecial) }

// heldDrive gives a drive on which qmgr.db is held.
func heldDrive(t *testing.T) string {
	t.Helper()
	dir := imagetest.Tree(t, map[string]string{
		`Windows\System32\x`: "x", `ProgramData\Microsoft\Network\Downloader\`: "",
	})
	if err := unix.Mkfifo(filepath.Join(dir, "ProgramData/Microsoft/Network/Downloader/qmgr.db"), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// volumeFile is a file with the volume on it, read as strictly as a device.
type volumeFile struct {
	sectors
	closed *bool
}

func (v volumeFile) Close() error {
	*v.closed = true
	return nil
}

func TestHeldIsReadFromVolume(t *testing.T) {
	path := imagetest.NTFS(t, 16<<20, func(dir string) {
		imagetest.WriteTree(t, dir, map[string]string{
			`ProgramData\Microsoft\Network\Downloader\qmgr.db`: imagetest.Big(), `Windows\System32\x`: "other",
		})
	})
	opened, closed := 0, false
	m := machineAt(t, heldDrive(t), isPipe, func() (device, error) {
		opened++
		s := newSectors(t, path)
		return volumeFile{s, &closed}, nil
	})
	for range 2 {
		if got, err := readAll(m.FS(), queue); err != nil || got != imagetest.Big() {
			t.Errorf("held: %d bytes, %v; equal is %v", len(got), err, got == imagetest.Big())
		}
	}
	if got, err := readAll(m.FS(), `C:\Windows\System32\x`); err != nil || got != "x" {
		t.Errorf("what nobody holds: got %q, %v, want the file's", got, err)
	}
	want := []string{queue + " is in use and was read from the raw volume; its latest changes may be missing"}
	if diff := cmp.Diff(want, m.Notes()); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
	if err := m.Close(); err != nil || opened != 1 || !closed {
		t.Errorf("the volume was opened %d times; closed is %v, %v", opened, closed, err)
	}
}

func TestHeldUnread(t *testing.T) {
	tests := map[string]struct {
		volume func() (device, error)
		want   []error
	}{
		"not elevated": {func() (device, error) { return nil, fs.ErrPermission }, []error{errHeld, fs.ErrPermission}},
		"no NTFS": {func() (device, error) {
			return newSectors(t, os.Args[0]), nil
		}, []error{errHeld}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			m := machineAt(t, heldDrive(t), isPipe, tt.volume)
			_, err := readAll(m.FS(), queue)
			for _, want := range tt.want {
				if !errors.Is(err, want) {
					t.Errorf("got %v, want %v in it", err, want)
				}
			}
			var pe *fs.PathError
			if !errors.As(err, &pe) || pe.Path != queue {
				t.Errorf("%v does not name %s", err, queue)
			}
			if len(m.Notes()) != 0 {
				t.Errorf("notes of what was not read: %q", m.Notes())
			}
			if info, err := m.FS().Stat(queue); err != nil || info.Name != "qmgr.db" {
				t.Errorf("stat of what is held: got %+v, %v", info, err)
			}
		})
	}
}

func newSectors(t *testing.T, path string) sectors {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return sectors{f, 512}
}

func readAll(fsys image.FS, path string) (string, error) {
	f, err := fsys.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	return string(b), err
}
