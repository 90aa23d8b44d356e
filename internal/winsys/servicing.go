package winsys

import (
	"iter"
	"strings"
)

// StackFolder is a servicing stack that servicing says is installed.
type StackFolder struct {
	Where   string // key; the value is Version
	Version string // such as 10.0.19041.3745
	Path    string // its folder, not expanded: %SystemRoot%\winsxs\amd64_microsoft-windows-servicingstack_...
}

// StackFolders lists the servicing stacks that are installed, in the order of the registry.
func (s *Software) StackFolders() ([]StackFolder, error) {
	n := s.node().open(current + `Component Based Servicing\Version`)
	var list []StackFolder
	for v := range n.values() {
		if path := v.String(); v.Name != "" && path != "" {
			list = append(list, StackFolder{n.path, v.Name, path})
		}
	}
	return list, n.err()
}

// Task is a scheduled task as the registry's cache has it: its place in the tree, and the task itself.
type Task struct {
	Path      string // such as \Microsoft\Windows\Maps\MapsUpdateTask
	Where     string // key in the tree
	ID        string // GUID in braces; empty when the tree has none
	TaskWhere string // key of the task itself
	InTree    bool
	Whole     bool // both keys are there
}

// Task looks a scheduled task up by its path. A folder of tasks is none.
func (s *Software) Task(path string) (Task, error) {
	cache := s.node().open(`Microsoft\Windows NT\CurrentVersion\Schedule\TaskCache`)
	tree := cache.open("Tree" + `\` + strings.Trim(path, `\`))
	for range tree.subkeys() {
		return Task{Path: path}, cache.err()
	}
	t := Task{Path: path, Where: tree.path, InTree: tree.there(), ID: tree.text("Id")}
	if t.ID != "" {
		task := cache.open(`Tasks\` + t.ID)
		t.TaskWhere, t.Whole = task.path, task.there()
	}
	return t, cache.err()
}

// OptionalSource is the policy for where optional components and repair files come from.
type OptionalSource struct {
	Where         string
	WindowsUpdate bool   // RepairContentServerSource is 2: Windows Update instead of WSUS
	LocalPath     string // LocalSourcePath
}

// OptionalSource reads where optional components and repair files come from.
func (s *Software) OptionalSource() (OptionalSource, error) {
	n := s.node().open(current + `Policies\Servicing`)
	source, _ := n.number("RepairContentServerSource")
	return OptionalSource{n.path, source == 2, n.text("LocalSourcePath")}, n.err()
}

// InstallerPackage is the package that Windows Installer keeps of an installed product or of a patch.
type InstallerPackage struct {
	Where string
	Name  string // of the product, also of the one that a patch is for; empty when that is not known
	Path  string // LocalPackage: C:\Windows\Installer\1a2b3c.msi; empty when there is none
	// Version is that of a product, Source the folder that it was installed from; empty where it does not say.
	Version, Source string
}

// InstallerPackages lists what Windows Installer keeps of the products that are installed for all users, then of their
// patches.
func (s *Software) InstallerPackages() iter.Seq2[InstallerPackage, error] {
	n := s.node().open(current + `Installer\UserData\S-1-5-18`)
	return func(yield func(InstallerPackage, error) bool) {
		products := map[string]string{} // by the names of their patches' keys
		for sub := range n.open("Products").subkeys() {
			p := sub.open("InstallProperties")
			name := p.text("DisplayName")
			for patch := range sub.open("Patches").subkeys() {
				products[patch.key.Name()] = name
			}
			if !yield(InstallerPackage{p.path, name, p.text("LocalPackage"), p.text("DisplayVersion"), p.text("InstallSource")}, nil) {
				return
			}
		}
		for sub := range n.open("Patches").subkeys() {
			if !yield(InstallerPackage{Where: sub.path, Name: products[sub.key.Name()], Path: sub.text("LocalPackage")}, nil) {
				return
			}
		}
		if err := n.err(); err != nil {
			yield(InstallerPackage{}, err)
		}
	}
}
