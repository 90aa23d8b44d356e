package live

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/redx-update/redx/internal/win"
)

// maxLooked bounds how much of a folder is looked through for what is held.
const maxLooked = 4 * win.MaxHeld

// holders names, for people, the processes that have a folder, or something below it, open. What Windows does not tell
// is left out: nothing hangs on it.
func (m *Machine) holders(folder string) []string {
	files, folders := m.sys.Below(folder, maxLooked)
	services := map[uint32][]string{}
	if list, err := m.sys.Holders(first(files, win.MaxHeld)); err == nil {
		for _, h := range list {
			services[h.PID] = append(services[h.PID], strings.Fields(h.Services)...)
		}
	}
	for _, dir := range first(slices.Concat([]string{folder}, folders), win.MaxHeld) {
		if pids, err := m.sys.FolderHolders(dir); err == nil {
			for _, pid := range pids {
				services[pid] = append(services[pid], m.runs(pid)...)
			}
		}
	}
	var out []string
	for pid, names := range services {
		out = append(out, m.describe(pid, names))
	}
	slices.Sort(out)
	return out
}

// first gives the first of a list, those that services of Windows keep open before all others.
func first(files []string, n int) []string {
	sorted := slices.Clone(files)
	slices.SortStableFunc(sorted, func(a, b string) int { return cmp.Compare(rank(a), rank(b)) })
	return sorted[:min(n, len(sorted))]
}

func rank(file string) int {
	name := strings.ToLower(path.Base(strings.ReplaceAll(file, `\`, "/")))
	switch {
	case strings.HasSuffix(name, ".edb"):
		return 0
	case strings.HasPrefix(name, "edb"): // an engine's logs and checkpoint
		return 1
	default:
		return 2
	}
}

func (m *Machine) describe(pid uint32, services []string) string {
	name, err := m.sys.ProcessName(pid)
	if err != nil {
		name = "a process"
	}
	slices.Sort(services)
	parts := append([]string{fmt.Sprint(pid)}, slices.Compact(services)...)
	return fmt.Sprintf("%s (%s)", name, strings.Join(parts, ", "))
}

// runs names the services of a repair that a process runs.
func (m *Machine) runs(pid uint32) []string {
	var names []string
	for _, name := range held() {
		if s, err := m.sys.Status(name); err == nil && s.PID == pid {
			names = append(names, name)
		}
	}
	return names
}
