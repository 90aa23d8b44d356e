package winsys

import (
	"encoding/binary"
	"fmt"
	"iter"
	"strings"

	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/registry"
	"github.com/redx-update/redx/internal/winbin"
)

// DriverInf is an INF file as the driver database knows it.
type DriverInf struct {
	Name     string // such as oem3.inf
	Where    string
	Active   string   // folder in System32\DriverStore\FileRepository that is in use; empty: none
	Packages []string // all folders that have an INF of this name
	// Known says that the database describes Active in DriverPackages, whose key is PackageWhere.
	Known        bool
	PackageWhere string
}

// DriverInfs lists the INF files of the driver database. Windows before 8 has none.
func (s *System) DriverInfs() iter.Seq2[DriverInf, error] {
	db := newNode(s.root, "SYSTEM").open("DriverDatabase")
	packages := db.open("DriverPackages")
	return one(db.open("DriverInfFiles"), func(n node) DriverInf {
		d := DriverInf{Name: n.key.Name(), Where: n.path, Active: n.text("Active"), Packages: n.list("")}
		if d.Active != "" {
			p := packages.open(d.Active)
			d.Known, d.PackageWhere = p.there(), p.path
		}
		return d
	})
}

// Drive is a drive letter that Windows has given to a volume, whether that is there now or not.
type Drive struct {
	Letter string // such as C:
	Where  string // key; the value is \DosDevices\<letter>
	// One of: a partition of a disk with a master boot record, one of a disk with GUIDs, or any other device.
	DiskSignature uint32 // of the master boot record
	Offset        uint64 // of the partition, in bytes
	Partition     string // GUID in lower case without braces
	Device        string // device path
}

// Drives lists the drive letters in the order of the registry.
func (s *System) Drives() ([]Drive, error) {
	n := newNode(s.root, "SYSTEM").open("MountedDevices")
	var list []Drive
	for v := range n.values() {
		if letter, ok := strings.CutPrefix(v.Name, `\DosDevices\`); ok {
			list = append(list, readDrive(v, letter, n.path))
		}
	}
	return list, n.err()
}

func readDrive(v registry.Value, letter, where string) Drive {
	d := Drive{Letter: letter, Where: where}
	switch b := v.Data; {
	case len(b) == 24 && string(b[:8]) == "DMIO:ID:":
		d.Partition = guid.FromLE(b[8:]).String()
	case len(b) == 12:
		d.DiskSignature, d.Offset = binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint64(b[4:])
	default:
		d.Device = winbin.UTF16Z(b)
	}
	return d
}

func (d Drive) String() string {
	switch {
	case d.Partition != "":
		return fmt.Sprintf("%s partition %s", d.Letter, d.Partition)
	case d.Device != "":
		return fmt.Sprintf("%s %s", d.Letter, d.Device)
	}
	return fmt.Sprintf("%s disk %08x at %d", d.Letter, d.DiskSignature, d.Offset)
}
