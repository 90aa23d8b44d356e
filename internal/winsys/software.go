package winsys

import (
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/redx-update/redx/internal/registry"
)

// Software is a SOFTWARE hive, or HKLM\SOFTWARE of a running Windows.
type Software struct{ root registry.Key }

// NewSoftware takes the root of a SOFTWARE hive. No real sample of one was at hand: what is said here of its
// values is from documents.
func NewSoftware(root registry.Key) *Software { return &Software{root} }

const current = `Microsoft\Windows\CurrentVersion\`

func (s *Software) node() node { return newNode(s.root, "SOFTWARE") }

// Version says which Windows it is.
type Version struct {
	Where        string
	Product      string // ProductName; Windows 11 says Windows 10 here
	Edition      string // EditionID
	Installation string // InstallationType: Client, Server, Server Core
	Display      string // DisplayVersion such as 22H2, or ReleaseId such as 1709 before
	Major, Minor uint32 // 10, 0; of CurrentVersion before Windows 10, where they are texts
	Build        string // CurrentBuild
	Revision     uint32 // UBR
	SystemRoot   string // such as C:\Windows
}

// Full is the version with all its parts, such as 10.0.19045.3996; empty when the build is not known.
func (v Version) Full() string {
	if v.Build == "" {
		return ""
	}
	full := fmt.Sprintf("%d.%d.%s", v.Major, v.Minor, v.Build)
	if v.Revision != 0 {
		full += fmt.Sprintf(".%d", v.Revision)
	}
	return full
}

// Name is what people call it, such as "Windows 11 Pro 24H2"; empty when the product is not known.
func (v Version) Name() string {
	name := v.Product
	if build, err := strconv.Atoi(v.Build); err == nil && build >= firstWindows11 && v.Installation != "Server" && v.Installation != "Server Core" {
		name = strings.Replace(name, "Windows 10", "Windows 11", 1)
	}
	return strings.TrimSpace(name + " " + v.Display)
}

// firstWindows11 is the build of the first Windows 11.
const firstWindows11 = 22000

// Version reads which Windows it is.
func (s *Software) Version() (Version, error) {
	n := s.node().open(`Microsoft\Windows NT\CurrentVersion`)
	v := Version{
		Where: n.path, Product: n.text("ProductName"), Edition: n.text("EditionID"),
		Installation: n.text("InstallationType"), Display: n.text("DisplayVersion"), Build: n.text("CurrentBuild"),
		Revision: uint32(n.int32("UBR")), SystemRoot: n.text("SystemRoot"),
	}
	if v.Build == "" {
		v.Build = n.text("CurrentBuildNumber")
	}
	if v.Display == "" {
		v.Display = n.text("ReleaseId")
	}
	if major, ok := n.number("CurrentMajorVersionNumber"); ok {
		v.Major, v.Minor = uint32(major), uint32(n.int32("CurrentMinorVersionNumber"))
	} else if _, err := fmt.Sscanf(n.text("CurrentVersion"), "%d.%d", &v.Major, &v.Minor); err != nil {
		v.Major, v.Minor = 0, 0
	}
	return v, n.err()
}

// MachineGUID is the GUID that Windows gave to this installation, and where it stands; empty when it is not there.
func (s *Software) MachineGUID() (id, where string, err error) {
	n := s.node().open(`Microsoft\Cryptography`)
	return n.text("MachineGuid"), n.path, n.err()
}

// Flag is a key whose being there says something.
type Flag struct {
	Name  string // the key's
	Where string
	Time  time.Time // last write of the key
}

// RebootFlags lists the keys by which servicing and the update agent say that a restart is pending.
// SYSTEM's pending renames are another sign, with many other causes.
func (s *Software) RebootFlags() ([]Flag, error) {
	n := s.node()
	var list []Flag
	for _, path := range []string{
		current + `Component Based Servicing\RebootPending`,
		current + `Component Based Servicing\RebootInProgress`,
		current + `Component Based Servicing\PackagesPending`,
		current + `WindowsUpdate\Auto Update\RebootRequired`,
		current + `WindowsUpdate\Auto Update\PostRebootReporting`,
	} {
		if k := n.open(path); k.there() {
			list = append(list, Flag{k.key.Name(), k.path, k.key.LastWrite()})
		}
	}
	return list, n.err()
}

// Profile is a user profile.
type Profile struct {
	SID    string // name of the key; .bak is appended to one that failed to load
	Where  string
	Path   string // ProfileImagePath, not expanded
	State  uint32
	HasRef bool // the key has a SID or a path at all
}

// Profiles lists the user profiles.
func (s *Software) Profiles() iter.Seq2[Profile, error] {
	return one(s.node().open(`Microsoft\Windows NT\CurrentVersion\ProfileList`), func(n node) Profile {
		_, sid := n.value("Sid")
		p := Profile{SID: n.key.Name(), Where: n.path, Path: n.text("ProfileImagePath"), State: uint32(n.int32("State"))}
		p.HasRef = sid || p.Path != ""
		return p
	})
}

// Folders are where profiles and common data stand; not expanded, empty when they are not there.
type Folders struct{ Where, Profiles, ProgramData, Default, Public string }

// Folders reads where profiles and common data stand.
func (s *Software) Folders() (Folders, error) {
	n := s.node().open(`Microsoft\Windows NT\CurrentVersion\ProfileList`)
	return Folders{n.path, n.text("ProfilesDirectory"), n.text("ProgramData"), n.text("Default"), n.text("Public")}, n.err()
}
