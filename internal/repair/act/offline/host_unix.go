//go:build unix

package offline

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/redx-update/redx/internal/repair"
)

// identity gives the volume of what is at a spot, and what it stays the same by on it: its inode, which on NTFS is the
// number of its record, on every system. The volume is no part of it: it is another after the next mount.
func identity(at spot) (vol uint64, id string, err error) {
	st, err := stat(at)
	return device(&st), fmt.Sprintf("%012x", st.Ino), err
}

func stat(at spot) (st unix.Stat_t, err error) {
	f, err := at.in.Open(".")
	if err != nil {
		return st, err
	}
	defer f.Close()
	return st, unix.Fstatat(int(f.Fd()), at.name, &st, unix.AT_SYMLINK_NOFOLLOW)
}

// strange says why a folder or file of redx's own may be somebody else's work; empty when it is not.
func strange(at, windows spot) string {
	f, err := stat(at)
	w, err2 := stat(windows)
	if err = errors.Join(err, err2); err != nil {
		return err.Error()
	}
	more := f.Mode &^ w.Mode // what is allowed here and not there
	switch {
	case f.Uid != 0 && f.Uid != uint32(os.Geteuid()) && f.Uid != w.Uid:
		return "it belongs to another user of this machine"
	case more&0o002 != 0, more&0o020 != 0 && at.info.IsDir(): // files may be settings that somebody has written by hand
		return "other users of this machine may change it"
	case ofAccount(at):
		return "it belongs to a user of that Windows"
	}
	return ""
}

// rename never replaces: rename(2) by itself would, if what is there is an empty folder. Where the file system cannot
// be told so, nothing was there a moment ago.
func rename(from, to spot) error {
	a, err := from.in.Open(".")
	if err != nil {
		return err
	}
	defer a.Close()
	b, err := to.in.Open(".")
	if err != nil {
		return err
	}
	defer b.Close()
	err = renameExclusive(int(a.Fd()), from.name, int(b.Fd()), to.name)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.ENOTSUP) {
		err = unix.Renameat(int(a.Fd()), from.name, int(b.Fd()), to.name)
	}
	return err
}

func syncFolder(at spot) error {
	f, err := at.in.Open(".")
	if err != nil {
		return err
	}
	defer f.Close()
	err = f.Sync()
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOTSUP) {
		return nil // the file system has no such thing
	}
	return err
}

func makeFolder(at spot) error { return at.in.Mkdir(at.name, 0o700) }

func writable(path string) error { return unix.Access(path, unix.W_OK|unix.X_OK) }

// volume asks for the volume of the drive.
func (d *Drive) volume() (v volume, err error) {
	var st unix.Statfs_t
	if err := unix.Statfs(d.top, &st); err != nil {
		return v, err
	}
	v.free = repair.Bytes(min(st.Bavail, 1<<40) * uint64(st.Bsize))
	v.readOnly = readOnly(&st)
	v.dirty, v.unseen = dirty(d.top)
	return v, nil
}
