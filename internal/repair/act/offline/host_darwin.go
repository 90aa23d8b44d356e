package offline

import "golang.org/x/sys/unix"

func renameExclusive(fromDir int, from string, toDir int, to string) error {
	return unix.RenameatxNp(fromDir, from, toDir, to, unix.RENAME_EXCL)
}

func readOnly(st *unix.Statfs_t) bool { return st.Flags&unix.MNT_RDONLY != 0 }

func device(st *unix.Stat_t) uint64 { return uint64(st.Dev) }

// ofAccount cannot be asked: no driver of macOS tells who owns what on NTFS.
func ofAccount(spot) bool { return false }
