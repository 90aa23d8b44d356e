package offline

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// Names under which the drivers of NTFS take a security descriptor: ntfs-3g and ntfs3.
var descriptors = [...]string{"system.ntfs_acl", "system.ntfs_security"}

// Protect gives redx's own folder on the drive, and all in it, to the system and its administrators alone, as redx on that
// Windows makes it: what is made through a driver here has the rights that the driver chooses, everybody's with some. On a
// file system that knows no such rights nothing is done.
func (d *Drive) Protect(home *os.Root) error {
	err := fs.WalkDir(home.FS(), ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.IsDir() && !e.Type().IsRegular() {
			return err
		}
		f, err := home.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		return protect(f, e.IsDir())
	})
	if errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("give redx's own folder to the administrators alone: %w", err)
	}
	return nil
}

func protect(f *os.File, folder bool) (err error) {
	for _, name := range descriptors {
		if err = unix.Fsetxattr(int(f.Fd()), name, descriptor(folder), 0); !errors.Is(err, errors.ErrUnsupported) {
			return err
		}
	}
	return err
}

// The identities of the administrators, S-1-5-32-544, and of the system, S-1-5-18.
var (
	administrators = []byte{1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0}
	system         = []byte{1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0}
)

// descriptor is O:BAG:BAD:P(A;;FA;;;SY)(A;;FA;;;BA) as it stands on the disk; of a folder, both entries are for what is
// made below as well.
func descriptor(folder bool) []byte {
	const (
		head                = 20
		control             = 0x9004 // self-relative, with a DACL that takes nothing over from above
		everything          = 0x1F01FF
		objects, containers = 1, 2 // inherit
	)
	flags := byte(0)
	if folder {
		flags = objects | containers
	}
	var entries []byte
	for _, who := range [][]byte{system, administrators} {
		entries = append(entries, 0, flags)
		entries = binary.LittleEndian.AppendUint16(entries, uint16(8+len(who)))
		entries = binary.LittleEndian.AppendUint32(entries, everything)
		entries = append(entries, who...)
	}
	b := []byte{1, 0}
	b = binary.LittleEndian.AppendUint16(b, control)
	owner, group := uint32(head), uint32(head+len(administrators))
	for _, at := range []uint32{owner, group, 0, group + uint32(len(administrators))} {
		b = binary.LittleEndian.AppendUint32(b, at)
	}
	b = append(append(b, administrators...), administrators...)
	b = append(b, 2, 0)
	b = binary.LittleEndian.AppendUint16(b, uint16(8+len(entries)))
	b = append(b, 2, 0, 0, 0) // entries
	return append(b, entries...)
}

// ofAccount tells a folder or file on NTFS that belongs to a user's account, as it does when a user of that Windows has made
// it: redx there gives its own to the administrators. A file system that tells no owner has none.
func ofAccount(at spot) bool {
	f, err := at.in.Open(at.name)
	if err != nil {
		return false
	}
	defer f.Close()
	b := make([]byte, 64<<10)
	for _, name := range descriptors {
		if n, err := unix.Fgetxattr(int(f.Fd()), name, b); err == nil {
			return account(b[:n])
		}
	}
	return false
}

// account tells a security descriptor, as it stands on the disk, whose owner is an account of a computer or a domain
// (S-1-5-21-...) or of a directory in the cloud (S-1-12-...). Those that ntfs-3g makes up for users of Linux are none.
func account(descriptor []byte) bool {
	if len(descriptor) < 8 {
		return false
	}
	at := uint64(binary.LittleEndian.Uint32(descriptor[4:]))
	if at < 20 || at+12 > uint64(len(descriptor)) {
		return false
	}
	sid := descriptor[at:]
	authority, first := sid[7], binary.LittleEndian.Uint32(sid[8:])
	return authority == 12 || authority == 5 && first == 21 && !bytes.HasPrefix(sid[12:], madeUp)
}

// madeUp are the numbers of the domain of those.
var madeUp = numbers(3141592653, 589793238, 462643383)

func numbers(all ...uint32) (b []byte) {
	for _, n := range all {
		b = binary.LittleEndian.AppendUint32(b, n)
	}
	return b
}
