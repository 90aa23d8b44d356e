package offline

import (
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

func renameExclusive(fromDir int, from string, toDir int, to string) error {
	return unix.Renameat2(fromDir, from, toDir, to, unix.RENAME_NOREPLACE)
}

func readOnly(st *unix.Statfs_t) bool { return st.Flags&unix.ST_RDONLY != 0 }

// maxMounts bounds what is read of the list of mounts.
const maxMounts = 4 << 20

// forced tells a volume that was mounted for writing although it was not closed properly: without "force" the drivers
// of NTFS do not do it.
func forced(top string) (bool, error) {
	f, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return false, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxMounts))
	if err != nil {
		return false, err
	}
	if resolved, err := filepath.EvalSymlinks(top); err == nil {
		top = resolved
	}
	return forcedIn(string(data), top), nil
}

// forcedIn looks for the mount that a path is on: the last one listed of those with the longest mount point.
func forcedIn(mounts, path string) (is bool) {
	longest := 0
	for line := range strings.Lines(mounts) {
		fields, rest, _ := strings.Cut(strings.TrimSpace(line), " - ")
		at, kind := strings.Fields(fields), strings.Fields(rest)
		if len(at) < 6 || len(kind) < 3 {
			continue
		}
		point := unescape(at[4])
		if len(point) < longest || path != point && !strings.HasPrefix(path, strings.TrimSuffix(point, "/")+"/") {
			continue
		}
		longest = len(point)
		is = false
		for option := range strings.SplitSeq(at[5]+","+kind[2], ",") {
			is = is || option == "force" && strings.HasPrefix(kind[0], "ntfs")
		}
	}
	return is
}

// unescape reads a mount point: a space, a tab, a line end and a backslash stand there as octal numbers.
func unescape(s string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(s)
}

func device(st *unix.Stat_t) uint64 { return st.Dev }
