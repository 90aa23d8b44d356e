package offline

import (
	"io/fs"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/redx-update/redx/internal/image"
	"github.com/redx-update/redx/internal/registry"
	"github.com/redx-update/redx/internal/winbin"
)

// fakeKey is a key with values alone; Open gives the key itself for one path.
type fakeKey struct {
	path   string
	values []registry.Value
}

func (k fakeKey) Name() string         { return k.path }
func (k fakeKey) LastWrite() time.Time { return time.Time{} }

func (k fakeKey) Open(path string) (registry.Key, error) {
	if path != k.path {
		return nil, registry.NotExist("open key", path)
	}
	return k, nil
}

func (k fakeKey) Subkeys() iter.Seq2[registry.Key, error] {
	return func(func(registry.Key, error) bool) {}
}

func (k fakeKey) Value(name string) (registry.Value, error) {
	for _, v := range k.values {
		if strings.EqualFold(v.Name, name) {
			return v, nil
		}
	}
	return registry.Value{}, registry.NotExist("value", name)
}

func (k fakeKey) Values() iter.Seq2[registry.Value, error] {
	return func(yield func(registry.Value, error) bool) {
		for _, v := range k.values {
			if !yield(v, nil) {
				return
			}
		}
	}
}

func TestSystemRoot(t *testing.T) {
	soft := func(root string) fakeKey {
		return fakeKey{`Microsoft\Windows NT\CurrentVersion`, []registry.Value{
			{Name: "SystemRoot", Type: registry.SZ, Data: winbin.PutUTF16(root)},
		}}
	}
	mounts := func(marks ...string) fakeKey {
		k := fakeKey{path: "MountedDevices"}
		for i := 0; i < len(marks); i += 2 {
			k.values = append(k.values, registry.Value{Name: marks[i], Type: registry.Binary, Data: []byte(marks[i+1])})
		}
		return k
	}
	disk, gptDisk, usb := "SIGNoffset__", "DMIO:ID:0123456789abcdef", "_??_USBSTOR#removable"
	tests := []struct {
		name           string
		software       fakeKey
		system         fakeKey
		mark           string
		root, explains string
	}{
		{name: "software", software: soft(`D:\WINNT`), root: `D:\WINNT`},
		{name: "software of a hostile image", software: soft(`D:\..\x`), root: `C:\Windows`, explains: "guessed"},
		{name: "software without letter", software: soft(`\Windows`), root: `C:\Windows`, explains: "guessed"},
		{
			name: "the only fixed drive", system: mounts(`\DosDevices\E:`, disk, `\DosDevices\F:`, usb, `\??\Volume{1}`, disk),
			root: `E:\Windows`, explains: "MountedDevices",
		},
		{
			name: "two fixed drives", system: mounts(`\DosDevices\E:`, disk, `\DosDevices\F:`, gptDisk),
			root: `C:\Windows`, explains: "guessed",
		},
		{
			name: "this very partition", system: mounts(`\DosDevices\E:`, disk, `\DosDevices\F:`, gptDisk), mark: gptDisk,
			root: `F:\Windows`, explains: "MountedDevices",
		},
		{
			name: "another partition", system: mounts(`\DosDevices\E:`, disk), mark: gptDisk,
			root: `C:\Windows`, explains: "guessed",
		},
		{name: "nothing", root: `C:\Windows`, explains: "guessed"},
	}
	for _, tt := range tests {
		h := &Hives{opened: map[image.Hive]*openedHive{}}
		for name, key := range map[image.Hive]fakeKey{image.Software: tt.software, image.System: tt.system} {
			h.opened[name] = &openedHive{root: key}
			if key.path == "" {
				h.opened[name] = &openedHive{err: fs.ErrNotExist}
			}
		}
		var mark []byte
		if tt.mark != "" {
			mark = []byte(tt.mark)
		}
		root, how := systemRoot(h, mark)
		if root != tt.root || !strings.Contains(how, tt.explains) || (how == "") != (tt.explains == "") {
			t.Errorf("%s: got %s, %q, want %s that says %q", tt.name, root, how, tt.root, tt.explains)
		}
	}
}

// TestFold has letters that Go makes capitals of, or small letters, and Windows does not.
func TestFold(t *testing.T) {
	for a, b := range map[string]string{"system32": "SYSTEM32", "ä": "Ä", "ж.log": "Ж.LOG", "ÿ": "Ÿ", "ǆ": "Ǆ", "ⅰ": "Ⅰ"} {
		if fold(a) != fold(b) {
			t.Errorf("%s and %s are one name to Windows", a, b)
		}
	}
	for a, b := range map[string]string{
		"\u0131": "i", "\u0130": "i", "\u017fystem": "system", "\u212a": "k", "\u212b": "\u00e5", "\u00b5": "\u039c",
		"\u03c2": "\u03a3", "\u01c5": "\u01c4", "\u00df": "SS", "\u1e9b": "\u1e60",
	} {
		if fold(a) == fold(b) {
			t.Errorf("%s and %s are two names to Windows", a, b)
		}
	}
}
