package offline

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/redx-update/redx/internal/image"
)

// finding is where Windows stands in a volume.
type finding struct {
	below   string   // the folder of the named one that is the volume; "" for itself
	base    string   // what the volume is of its drive: "" all, "Windows" that folder
	windows string   // the Windows folder relative to the volume
	notes   []string // what was chosen or guessed
}

// landmarks are folders of a Windows folder, of which a copied tree may have few; one of them tells a Windows folder from another of that name.
var landmarks = []string{"System32", "WinSxS", "servicing", "SoftwareDistribution", "Logs", "INF", "Panther"}

// maxBelow is how many folders are looked into one level below.
const maxBelow = 100

func find(fsys image.FS, path string) (finding, error) {
	if isWindows(fsys, "Windows") {
		return finding{windows: "Windows"}, nil
	}
	if strings.EqualFold(filepath.Base(path), "Windows") && isWindows(fsys, "") || has(fsys, "System32") {
		return finding{base: "Windows", notes: []string{"only the Windows folder was given"}}, nil
	}
	infos, err := fsys.ReadDir("")
	if err != nil {
		return finding{}, err
	}
	var roots []string
	for _, info := range infos[:min(len(infos), maxBelow)] {
		if info.Dir && isWindows(fsys, image.Join(info.Name, "Windows")) {
			roots = append(roots, info.Name)
		}
	}
	if len(roots) == 0 {
		return finding{}, fmt.Errorf("%w in %s: there is no folder Windows with one of %s, neither there nor in one of "+
			"its folders", image.ErrNoWindows, path, strings.Join(landmarks, ", "))
	}
	f := finding{below: roots[0], windows: "Windows"}
	if len(roots) > 1 {
		f.notes = []string{fmt.Sprintf("%s was taken out of several installations: %s", roots[0], strings.Join(roots, ", "))}
	}
	return f, nil
}

func isWindows(fsys image.FS, folder string) bool {
	for _, name := range landmarks {
		if has(fsys, image.Join(folder, name)) {
			return true
		}
	}
	return false
}

// has is also true of what may not be looked at: it is there.
func has(fsys image.FS, folder string) bool {
	info, err := fsys.Stat(folder)
	return err == nil && info.Dir || errors.Is(err, fs.ErrPermission)
}
