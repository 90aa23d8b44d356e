package image

import (
	"errors"
	"fmt"
	"strings"
)

// ErrPath says that the text is no path inside an installation: it climbs with "..", names a data stream or a variable
// nobody set. It is refused before any file is touched.
var ErrPath = errors.New("not a path inside an image")

// maxPath is the longest path Windows itself has, in characters.
const maxPath = 32767

// Normalize gives the plain spelling of a path as registry values, logs and people write it: C:\Windows\x for
// %windir%\x, \SystemRoot\x, \??\C:\Windows\x, \\?\C:\Windows\x and C:/Windows/./x. A path that begins with one
// backslash is on the drive of systemRoot; one that begins with a name stays relative, and so does everything when
// systemRoot is empty, as in a bundle of logs. Case is kept.
//
// Errors: ErrPath; ErrOtherVolume for \\server\share, \Device\..., and \\?\Volume{...}.
func Normalize(path, systemRoot string) (string, error) {
	if len(path) > 4*maxPath || strings.ContainsRune(path, 0) {
		return "", fmt.Errorf("%.80q: %w", path, ErrPath)
	}
	p := strings.ReplaceAll(path, "/", `\`)
	p = trimDevice(p)
	p, err := expand(p, systemRoot)
	if err != nil {
		return "", err
	}
	if isForeign(p) {
		return "", fmt.Errorf("%s: %w", path, ErrOtherVolume)
	}
	drive, rest := SplitDrive(p)
	if drive == "" && strings.HasPrefix(rest, `\`) {
		drive, _ = SplitDrive(systemRoot)
	}
	kept, err := clean(rest)
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	if drive != "" {
		return drive + `\` + kept, nil
	}
	return kept, nil
}

// SplitDrive splits "c:\x" into "C:" and "\x". Without a drive letter the drive is empty.
func SplitDrive(path string) (drive, rest string) {
	if len(path) < 2 || path[1] != ':' || !isLetter(path[0]) {
		return "", path
	}
	return strings.ToUpper(path[:2]), path[2:]
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// trimDevice drops the prefixes that only tell the kernel to take the path as it is.
func trimDevice(p string) string {
	for _, prefix := range []string{`\\?\`, `\??\`, `\\.\`, `\DosDevices\`, `\GLOBAL??\`} {
		if rest, ok := cutFold(p, prefix); ok {
			if drive, _ := SplitDrive(rest); drive != "" {
				return rest
			}
		}
	}
	return p
}

// isForeign tells paths of another machine or device.
func isForeign(p string) bool {
	_, device := cutFold(p, `\Device\`)
	return device || strings.HasPrefix(p, `\\`) || strings.HasPrefix(p, `\??\`)
}

// expand replaces the variable or object name a path begins with.
func expand(p, systemRoot string) (string, error) {
	drive, _ := SplitDrive(systemRoot)
	for _, v := range []struct{ name, base, value string }{
		{`\SystemRoot`, systemRoot, systemRoot},
		{`%SystemRoot%`, systemRoot, systemRoot},
		{`%windir%`, systemRoot, systemRoot},
		{`%SystemDrive%`, drive, drive},
		{`%ProgramData%`, drive, drive + `\ProgramData`},
		{`%AllUsersProfile%`, drive, drive + `\ProgramData`},
		{`%ProgramFiles%`, drive, drive + `\Program Files`},
		{`%ProgramFiles(x86)%`, drive, drive + `\Program Files (x86)`},
		{`%Public%`, drive, drive + `\Users\Public`},
	} {
		rest, ok := cutFold(p, v.name)
		if !ok || rest != "" && rest[0] != '\\' {
			continue
		}
		if v.base == "" {
			return "", fmt.Errorf("%s: nothing is known for %s here: %w", p, v.name, ErrPath)
		}
		return v.value + rest, nil
	}
	if strings.HasPrefix(p, "%") {
		return "", fmt.Errorf("%s: an unknown variable: %w", p, ErrPath)
	}
	return p, nil
}

// cutFold is strings.CutPrefix without case.
func cutFold(s, prefix string) (rest string, found bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}

// clean drops empty and "." elements. It refuses "..", which nothing that Windows records of itself needs, and
// colons, which would name a data stream.
func clean(path string) (string, error) {
	var kept []string
	for e := range strings.SplitSeq(path, `\`) {
		switch {
		case e == "" || e == ".":
		case e == "..":
			return "", fmt.Errorf("it climbs with ..: %w", ErrPath)
		case strings.Contains(e, ":"):
			return "", fmt.Errorf("a colon behind the drive: %w", ErrPath)
		default:
			kept = append(kept, e)
		}
	}
	return strings.Join(kept, `\`), nil
}
