// Package servicing takes apart the names that component based servicing gives its things: packages, of which an
// update is made, and components, of which the component store (WinSxS) is made. It works on names alone and
// looks nothing up.
package servicing

import (
	"strings"

	"github.com/redx-update/redx/internal/update"
)

// Package is a package's name, "Package_for_KB5034441~31bf3856ad364e35~amd64~~19041.3920.1.3", taken apart.
type Package struct {
	Name     string // "Package_for_KB5034441"
	Token    string // public key token, 16 hex digits
	Arch     string // "amd64", "x86", "wow64", ...
	Language string // "en-US"; empty when neutral
	Version  string // four numbers; empty in a reference to any version
}

// ParsePackage reads a whole package name; ok is false when s is not one.
func ParsePackage(s string) (p Package, ok bool) {
	part := strings.Split(s, "~")
	if len(part) != 5 || part[0] == "" || !isHex16(part[1]) || part[2] == "" || !isVersion(part[4]) {
		return Package{}, false
	}
	if strings.TrimFunc(s, isNameRune) != "" || strings.ContainsFunc(s, func(r rune) bool { return !isNameRune(r) }) {
		return Package{}, false
	}
	return Package{Name: part[0], Token: part[1], Arch: part[2], Language: part[3], Version: part[4]}, true
}

// FindPackage gives the first package name that stands in a text.
func FindPackage(text string) (p Package, ok bool) {
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return !isNameRune(r) }) {
		if strings.Count(word, "~") != 4 {
			continue
		}
		if p, ok = ParsePackage(strings.Trim(word, ".")); ok {
			return p, true
		}
	}
	return Package{}, false
}

// String gives the name as it was read.
func (p Package) String() string {
	return strings.Join([]string{p.Name, p.Token, p.Arch, p.Language, p.Version}, "~")
}

// KB is the knowledge base number in the package's name. Cumulative updates ("Package_for_RollupFix") have none.
func (p Package) KB() update.KB { return update.FindKB(p.Name) }

// Component is a component's key form, "amd64_microsoft-windows-x_31bf3856ad364e35_10.0.19041.1_none_0123456789abcdef",
// the name of its folder in WinSxS, taken apart.
type Component struct {
	Arch    string // "amd64", "x86", "wow64", "msil", "arm64", ...; empty in CheckSUR's deployment names
	Name    string // may be shortened by the system to "first..last"
	Token   string // public key token, 16 hex digits
	Version string // four numbers
	Culture string // "none" when neutral
	Hash    string // 16 hex digits
}

// ParseComponent reads a whole key form; ok is false when s is not one.
func ParseComponent(s string) (c Component, ok bool) {
	if len(s) > 512 {
		return Component{}, false
	}
	part := strings.Split(s, "_")
	n := len(part)
	if n < 5 || strings.ContainsAny(s, `\/ "'`) || !isHex16(part[n-1]) || !isHex16(part[n-4]) {
		return Component{}, false
	}
	c = Component{
		Name: strings.Join(part[:n-4], "_"), Token: part[n-4], Version: part[n-3], Culture: part[n-2], Hash: part[n-1],
	}
	if n > 5 {
		c.Arch, c.Name, _ = strings.Cut(c.Name, "_")
	}
	if c.Name == "" || n > 5 && c.Arch == "" || c.Version == "" || !isVersion(c.Version) || c.Culture == "" {
		return Component{}, false
	}
	return c, true
}

// String gives the key form.
func (c Component) String() string {
	if c == (Component{}) {
		return ""
	}
	s := strings.Join([]string{c.Name, c.Token, c.Version, c.Culture, c.Hash}, "_")
	if c.Arch == "" {
		return s
	}
	return c.Arch + "_" + s
}

// File is a file of a component.
type File struct {
	Component Component
	Name      string // path below the component's folder, with backslashes
}

// ParseFile reads `<component>\<file>`. The backslash may be gone, as in excerpts that went through a web page: the
// component ends with 16 hex digits.
func ParseFile(s string) (f File, ok bool) {
	for from := 0; ; {
		i := strings.IndexByte(s[from:], '_')
		if i < 0 || from+i+17 > len(s) || from+i > 512 {
			return File{}, false
		}
		end := from + i + 17
		if c, ok := ParseComponent(s[:end]); ok {
			name := strings.TrimLeft(s[end:], `\/`)
			return File{Component: c, Name: name}, name != ""
		}
		from += i + 1
	}
}

// String joins component and file with a backslash.
func (f File) String() string { return f.Component.String() + `\` + f.Name }

func isNameRune(r rune) bool {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
		return true
	}
	return r == '~' || r == '_' || r == '-' || r == '.'
}

func isHex16(s string) bool {
	if len(s) != 16 {
		return false
	}
	for i := range len(s) {
		c := s[i] | 0x20
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// isVersion accepts digits and dots, and nothing at all.
func isVersion(s string) bool { return strings.Trim(s, "0123456789.") == "" }
