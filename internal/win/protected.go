package win

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// ErrUnprotected says that somebody else than the system and its administrators may change what is there, or that what
// is there is no folder at all.
var ErrUnprotected = errors.New("not redx's alone")

// protected is what redx's own folders are made with: owned by the administrators, nothing taken over from the folder
// above, and no entry but that the system and the administrators may do everything there and below.
func protected() string {
	const below = "OICI" // for files and folders below as well
	ace := func(who string) string { return "(A;" + below + ";FA;;;" + who + ")" }
	return "O:BAG:BAD:P" + ace("SY") + ace("BA")
}

// trusted are the system, the administrators and TrustedInstaller, as SDDL writes them.
var trusted = []string{
	"SY", "S-1-5-18", "BA", "S-1-5-32-544",
	"S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464",
}

// readRights are the rights that change nothing: read data, attributes and extended attributes, execute (for a folder:
// go through it), read the descriptor, synchronize, and the generic ones for reading and executing.
const readRights = 0x1 | 0x8 | 0x20 | 0x80 | 0x20000 | 0x100000 | 0x80000000 | 0x20000000

// rights are the names that SDDL has for rights. What means some right of a directory service is for a file the right
// of the same bit.
var rights = map[string]uint32{
	"CC": 0x1, "DC": 0x2, "LC": 0x4, "SW": 0x8, "RP": 0x10, "WP": 0x20, "DT": 0x40, "LO": 0x80, "CR": 0x100,
	"SD": 0x10000, "RC": 0x20000, "WD": 0x40000, "WO": 0x80000,
	"GA": 0x10000000, "GX": 0x20000000, "GW": 0x40000000, "GR": 0x80000000,
	"FA": 0x1F01FF, "FR": 0x120089, "FW": 0x120116, "FX": 0x1200A0,
	"KA": 0xF003F, "KR": 0x20019, "KW": 0x20006, "KX": 0x20019,
}

// judge looks at a security descriptor, owner and DACL, in SDDL. It wraps ErrUnprotected if the owner is not to be
// trusted or if anybody else is let change anything, here or below. What it does not understand it does not trust.
func judge(sddl string) error {
	owner, dacl, err := split(sddl)
	if err == nil && !slices.Contains(trusted, owner) {
		err = fmt.Errorf("it belongs to %s", owner)
	}
	if err == nil {
		err = judgeEntries(dacl)
	}
	if err != nil {
		return fmt.Errorf("%w: %w (%q)", ErrUnprotected, err, sddl)
	}
	return nil
}

// split takes an SDDL apart: O: and G: with a SID each, D: and S: with flags and entries.
func split(sddl string) (owner, dacl string, err error) {
	parts := map[byte]string{}
	for rest := sddl; rest != ""; {
		key := rest[0]
		if _, twice := parts[key]; twice || len(rest) < 2 || rest[1] != ':' || !strings.ContainsRune("OGDS", rune(key)) {
			return "", "", fmt.Errorf("its descriptor is not to be read at %q", rest)
		}
		rest = rest[2:]
		end := len(rest)
		if next := strings.IndexByte(rest, ':'); next > 0 && key != 'S' {
			end = next - 1
		}
		parts[key], rest = rest[:end], rest[end:]
	}
	if strings.Contains(parts['O']+parts['G'], "(") {
		return "", "", errors.New("its descriptor has an entry in the wrong place")
	}
	dacl, ok := parts['D']
	if !ok {
		return "", "", errors.New("it has no access list")
	}
	return parts['O'], dacl, nil
}

// judgeEntries looks at a DACL: flags, then entries in parentheses.
func judgeEntries(dacl string) error {
	open := strings.IndexByte(dacl, '(')
	if open < 0 {
		open = len(dacl)
	}
	flags, entries := dacl[:open], dacl[open:]
	for _, known := range []string{"P", "AR", "AI"} {
		flags = strings.Replace(flags, known, "", 1)
	}
	if flags != "" { // NO_ACCESS_CONTROL: everybody may do everything
		return fmt.Errorf("its access list says %s", flags)
	}
	for entries != "" {
		inside, rest, ok := strings.Cut(entries[1:], ")")
		if entries[0] != '(' || !ok {
			return fmt.Errorf("its access list is not to be read at %q", entries)
		}
		if err := judgeEntry(inside); err != nil {
			return err
		}
		entries = rest
	}
	return nil
}

// judgeEntry looks at type;flags;rights;object;inherited object;who. It makes no difference whether an entry counts
// for the folder or only for what is made below.
func judgeEntry(entry string) error {
	f := strings.Split(entry, ";")
	if len(f) != 6 || f[0] != "A" && f[0] != "D" || f[3]+f[4] != "" {
		return fmt.Errorf("its access list has an entry of a kind that is not known: (%s)", entry)
	}
	if f[0] == "D" || slices.Contains(trusted, f[5]) {
		return nil
	}
	mask, err := mask(f[2])
	if err == nil && mask&^readRights != 0 {
		err = fmt.Errorf("%s may change it: (%s)", f[5], entry)
	}
	return err
}

// mask reads rights: a number, or names of two letters.
func mask(s string) (uint32, error) {
	if s != "" && s[0] >= '0' && s[0] <= '9' {
		n, err := strconv.ParseUint(s, 0, 32)
		if err != nil {
			return 0, fmt.Errorf("rights %q are no number", s)
		}
		return uint32(n), nil
	}
	var all uint32
	for rest := s; rest != ""; rest = rest[2:] {
		if len(rest) < 2 || rights[rest[:2]] == 0 {
			return 0, fmt.Errorf("rights %q are not known", s)
		}
		all |= rights[rest[:2]]
	}
	return all, nil
}
