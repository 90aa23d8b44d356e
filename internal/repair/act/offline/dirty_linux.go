package offline

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/redx-update/redx/internal/format/ntfsstate"
)

// maxMounts bounds what is read of the list of mounts.
const maxMounts = 4 << 20

// dirty tells an NTFS volume that was not closed properly, of the volume that a folder is on. An error says that it may be
// one, and could not be looked at.
func dirty(top string) (bool, error) {
	f, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return false, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxMounts))
	if err != nil {
		return false, err
	}
	if resolved, err := filepath.EvalSymlinks(top); err == nil {
		top = resolved
	}
	return mountOf(string(data), top).dirty()
}

// mount is one line of the list of mounts.
type mount struct {
	kind    string // of the file system
	source  string // the device, or the file, that is mounted
	options []string
}

// mountOf looks for the mount that a path is on: the last one listed of those with the longest mount point.
func mountOf(mounts, path string) (found mount) {
	longest := 0
	for line := range strings.Lines(mounts) {
		fields, rest, _ := strings.Cut(strings.TrimSpace(line), " - ")
		at, kind := strings.Fields(fields), strings.Fields(rest)
		if len(at) < 6 || len(kind) < 3 {
			continue
		}
		point := unescape(at[4])
		if len(point) < longest || path != point && !strings.HasPrefix(path, strings.TrimSuffix(point, "/")+"/") {
			continue
		}
		longest = len(point)
		found = mount{kind[0], unescape(kind[1]), strings.Split(at[5]+","+kind[2], ",")}
	}
	return found
}

// unescape reads a mount point: a space, a tab, a line end and a backslash stand there as octal numbers.
func unescape(s string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(s)
}

// dirty reads the volume's own mark from the device. The driver ntfs3 sets that mark itself while it writes, so that there
// it says nothing; but it mounts no volume for writing that has it already, unless it is forced to.
func (m mount) dirty() (bool, error) {
	for _, o := range m.options {
		if o == "force" && strings.HasPrefix(m.kind, "ntfs") {
			return true, nil
		}
	}
	known := m.kind == "ntfs" || m.kind == "fuseblk" || strings.HasPrefix(m.kind, "fuse.ntfs")
	if !known && m.kind != "fuse" || !filepath.IsAbs(m.source) {
		return false, nil
	}
	is, err := dirtyDevice(m.source)
	switch {
	case errors.Is(err, ntfsstate.ErrNotNTFS), !known && errors.Is(err, fs.ErrNotExist):
		return false, nil // another file system that is mounted by a program of its own
	case errors.Is(err, fs.ErrPermission):
		err = fmt.Errorf("%w; run redx as root", err)
	}
	return is, err
}

func dirtyDevice(path string) (bool, error) {
	info, err := os.Stat(path)
	if err != nil {
		return false, err
	}
	if !info.Mode().IsRegular() && info.Mode()&(os.ModeDevice|os.ModeCharDevice) != os.ModeDevice {
		return false, ntfsstate.ErrNotNTFS
	}
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	return ntfsstate.Dirty(f)
}
