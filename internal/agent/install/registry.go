package install

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/redx-update/redx/internal/agent/disk"
	"github.com/redx-update/redx/internal/format/hive"
	"github.com/redx-update/redx/internal/registry"
	"github.com/redx-update/redx/internal/winbin"
	"github.com/redx-update/redx/internal/winsys"
	write "github.com/redx-update/redx/internal/write/hive"
)

// packagesKey is where component based servicing keeps its packages, below the root of the hive SOFTWARE.
const packagesKey = `Microsoft\Windows\CurrentVersion\Component Based Servicing\Packages`

func (i *Installer) software() string { return disk.Join(i.Windows, "System32", "config", "SOFTWARE") }

// hiveWith gives the lab image's SOFTWARE with packages in it.
func (i *Installer) hiveWith(identities []string) ([]byte, error) {
	return i.rewrite(func(root *write.Key) {
		for _, identity := range identities {
			i.addPackage(root.Sub(packagesKey+`\`+identity), identity)
		}
	})
}

func (i *Installer) addPackage(key *write.Key, identity string) {
	now := winbin.PutFiletime(i.now())
	key.Time = i.now()
	key.DWord("CurrentState", uint32(winsys.Installed)).DWord("Visibility", 1).DWord("SelfUpdate", 0).DWord("Trusted", 1).
		DWord("InstallTimeHigh", uint32(now>>32)).DWord("InstallTimeLow", uint32(now)).
		SZ("InstallClient", "redx agent").SZ("InstallName", identity+".mum").SZ("InstallUser", "S-1-5-18")
	key.Sub("Owners").DWord(identity, 0x20000|uint32(winsys.Installed))
}

// hiveWithout gives it without them.
func (i *Installer) hiveWithout(identities []string) ([]byte, error) {
	return i.rewrite(func(root *write.Key) {
		packages := root.Sub(packagesKey)
		packages.Keys = slices.DeleteFunc(packages.Keys, func(k *write.Key) bool {
			return slices.ContainsFunc(identities, func(id string) bool { return strings.EqualFold(k.Name, id) })
		})
	})
}

// rewrite reads the hive whole, with its logs, changes it in memory, and gives its new bytes. A hive that cannot be read
// whole is left alone.
func (i *Installer) rewrite(change func(root *write.Key)) ([]byte, error) {
	path := i.software()
	f, err := i.Disk.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var logs []hive.Log
	for _, ending := range []string{".LOG1", ".LOG2"} {
		l, err := i.Disk.Open(path + ending)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		defer l.Close()
		logs = append(logs, hive.Log{R: l, Size: l.Size()})
	}
	h, err := hive.Open(f, f.Size(), logs...)
	if err != nil {
		return nil, wrong(codeCorrupt, path, "%w", err)
	}
	root, err := tree(h.Root())
	if err != nil {
		return nil, wrong(codeCorrupt, path, "%w", err)
	}
	change(root)
	info := h.Info()
	return write.Encode(root, write.Options{
		Name: info.Name, Minor: info.Minor, Sequence: max(info.Sequence1, info.Sequence2) + 1, Written: i.now(),
	})
}

// tree takes a key over with all below it.
func tree(k registry.Key) (*write.Key, error) {
	out := &write.Key{Name: k.Name(), Time: k.LastWrite()}
	for v, err := range k.Values() {
		if err != nil {
			return nil, fmt.Errorf("key %s: %w", k.Name(), err)
		}
		out.Values = append(out.Values, v)
	}
	for sub, err := range k.Subkeys() {
		if err != nil {
			return nil, fmt.Errorf("key %s: %w", k.Name(), err)
		}
		below, err := tree(sub)
		if err != nil {
			return nil, err
		}
		out.Keys = append(out.Keys, below)
	}
	return out, nil
}
