package offline

import (
	"bytes"
	"slices"
	"strings"

	"github.com/redx-update/redx/internal/image"
)

// systemRoot asks the installation's own registry for its Windows folder. How says where a letter comes from that
// SOFTWARE did not give. Mark is what MountedDevices knows this very partition by, when that is known.
func systemRoot(h *Hives, mark []byte) (root, how string) {
	const fallback = `C:\Windows`
	if soft, _, err := h.Open(image.Software); err == nil {
		if key, err := soft.Open(`Microsoft\Windows NT\CurrentVersion`); err == nil {
			if v, err := key.Value("SystemRoot"); err == nil && isRoot(v.String()) {
				return v.String(), ""
			}
		}
	}
	if letter := mounted(h, mark); letter != "" {
		return letter + `\Windows`, "taken from MountedDevices"
	}
	return fallback, "guessed: neither SOFTWARE nor MountedDevices names it"
}

// isRoot tells a Windows folder from whatever else may stand in a hostile hive.
func isRoot(path string) bool {
	drive, rest := image.SplitDrive(path)
	return drive != "" && len(rest) > 1 && rest[0] == '\\' && !strings.ContainsAny(rest[1:], `\/:*?"<>|`)
}

// mounted finds the drive letter in MountedDevices: that of the partition's mark or, without a mark, the only one
// that any fixed partition has.
func mounted(h *Hives, mark []byte) string {
	system, _, err := h.Open(image.System)
	if err != nil {
		return ""
	}
	key, err := system.Open("MountedDevices")
	if err != nil {
		return ""
	}
	var fixed []string
	for v, err := range key.Values() {
		letter, ok := strings.CutPrefix(v.Name, `\DosDevices\`)
		if drive, rest := image.SplitDrive(letter); err != nil || !ok || drive == "" || rest != "" {
			continue
		}
		if mark != nil && bytes.Equal(v.Data, mark) {
			return strings.ToUpper(letter)
		}
		if isFixed(v.Data) {
			fixed = append(fixed, strings.ToUpper(letter))
		}
	}
	if slices.Sort(fixed); mark == nil && len(fixed) == 1 {
		return fixed[0]
	}
	return ""
}

// isFixed tells partitions from removable drives, whose mark is a device path: 12 bytes of disk signature and offset
// (MBR), or "DMIO:ID:" and the partition's GUID (GPT).
func isFixed(mark []byte) bool {
	return len(mark) == 12 || len(mark) == 24 && bytes.HasPrefix(mark, []byte("DMIO:ID:"))
}
