package cbslog

import (
	"strings"

	"github.com/redx-update/redx/internal/servicing"
)

// Corruption is one line of what the store's check ("Checking System Update Readiness", CheckSUR) found or mended.
type Corruption struct {
	Mark   string // "p" problem (DISM), "f" found, "fix" mended (CheckSUR)
	Kind   string // "CSI Payload Corrupt", "CSI Manifest Corrupt", "CBS MUM Missing", "CSI Payload File Missing", ...
	Flag   string // DISM: "n" no source for a repair, "w" and "b" others; empty in 6.x
	Fixed  bool   // mark "fix", or DISM's "(Fixed)"
	Status string // CheckSUR: the code, "0x00000000"
	// Target is the damaged thing as it stands there. File, Component and Package are it, taken apart, as far as it
	// can be; Owner is the deployment that CheckSUR names last.
	Target    string
	File      string
	Component servicing.Component
	Package   servicing.Package
	Owner     servicing.Component
}

// ParseCorruption reads "(p)\tCSI Payload Corrupt\t(n)\t\t\t<component>\<file>" and "(f)\tCSI Payload File Missing\t
// 0x00000000\t<file>\t<component>\t<owner>", with tabs, or with blanks as in excerpts. ok is false for other lines.
func ParseCorruption(text string) (c Corruption, ok bool) {
	if len(text) < 4 || text[0] != '(' || len(text) > maxCorruption {
		return c, false
	}
	mark, rest, _ := strings.Cut(text[1:], ")")
	if mark != "p" && mark != "f" && mark != "fix" {
		return c, false
	}
	c.Mark, c.Fixed = mark, mark == "fix"
	fields := c.splitKind(rest)
	if c.Kind == "" {
		return c, false
	}
	var left []string
	for _, f := range fields {
		switch {
		case f == "":
		case strings.EqualFold(f, "(Fixed)"):
			c.Fixed = true
		case f[0] == '(' && strings.HasSuffix(f, ")") && len(f) <= 4:
			c.Flag = f[1 : len(f)-1]
		case strings.HasPrefix(f, "0x") && c.Status == "" && len(left) == 0:
			c.Status = f
		default:
			left = append(left, f)
		}
	}
	c.target(left)
	return c, true
}

// maxCorruption is far beyond two component names and a path.
const maxCorruption = 4096

// splitKind takes the kind off the front and gives the other fields. With tabs it is the first field; with blanks it
// is the words before a flag, a code or a name.
func (c *Corruption) splitKind(s string) []string {
	if i := strings.IndexByte(s, '\t'); i >= 0 {
		fields := strings.Split(strings.TrimLeft(s, " \t"), "\t")
		for i := range fields {
			fields[i] = strings.TrimSpace(fields[i])
		}
		c.Kind = fields[0]
		return fields[1:]
	}
	words := strings.Fields(s)
	n := 0
	for n < len(words) && !strings.ContainsAny(words[n], `()_\~.`) && !strings.HasPrefix(words[n], "0x") {
		n++
	}
	c.Kind = strings.Join(words[:n], " ")
	return words[n:]
}

func (c *Corruption) target(fields []string) {
	if len(fields) > 1 && strings.HasPrefix(fields[1], "File: ") { // "CSI File Replaced", "File: a.dll From: x.cab"
		fields = []string{fields[1][len("File: "):]}
		fields[0], _, _ = strings.Cut(fields[0], " From: ")
	}
	if len(fields) > 1 && fields[0] == "CBS File Replaced" { // "Package_1~...~6.0.1.0.mum from Cabinet: x.cab"
		name, _, _ := strings.Cut(fields[1], " from ")
		fields = []string{name}
	}
	if len(fields) == 0 {
		return
	}
	c.Target = fields[0]
	if f, ok := servicing.ParseFile(c.Target); ok && f.Name != ".manifest" {
		c.File, c.Component = f.Name, f.Component
		return
	}
	name := withoutExt(c.Target[strings.LastIndexByte(c.Target, '\\')+1:])
	if c.Package, _ = servicing.ParsePackage(name); c.Package == (servicing.Package{}) {
		c.Component, _ = servicing.ParseComponent(name)
	}
	if name == c.Target && (c.Package != servicing.Package{} || c.Component != servicing.Component{}) {
		return
	}
	c.File = c.Target
	for _, f := range fields[1:] {
		m, ok := servicing.ParseComponent(f)
		switch {
		case ok && c.Component == (servicing.Component{}):
			c.Component = m
		case ok:
			c.Owner = m
		}
	}
}

func withoutExt(s string) string {
	for _, ext := range [...]string{".manifest", ".mum", ".cat"} {
		s = strings.TrimSuffix(s, ext)
	}
	return s
}
