package publish

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/redx-update/redx/internal/format/cab"
	"github.com/redx-update/redx/internal/update"
)

// standalone opens a standalone package (.msu): a cabinet with the one that clients install, and texts about it. What is
// for scans alone (WSUSSCAN.cab) is left out.
func (p *payload) standalone(dir string) error {
	c, err := cab.Open(p, p.size)
	if err != nil {
		return err
	}
	var inner []cab.File
	var about string
	for _, f := range c.Files() {
		name := strings.ToLower(f.Name)
		switch {
		case strings.HasSuffix(name, ".cab") && name != "wsusscan.cab":
			inner = append(inner, f)
		case strings.HasSuffix(name, "-pkgproperties.txt"):
			about = readText(c, f)
		}
	}
	if len(inner) != 1 {
		return fmt.Errorf("a package with %d cabinets to install instead of one: unpack it, and publish each of %v", len(inner), names(inner))
	}
	r, err := c.Open(inner[0])
	if err != nil {
		return err
	}
	if err := p.become(dir, func(w *os.File) error { _, err := io.Copy(w, r); return err }); err != nil {
		return err
	}
	// A name in a cabinet is data; only its last part is a file's.
	p.name = filepath.Base(strings.ReplaceAll(inner[0].Name, `\`, "/"))
	p.said.KB, p.said.MoreInfo = described(about)
	return nil
}

func names(files []cab.File) []string {
	var all []string
	for _, f := range files {
		all = append(all, f.Name)
	}
	return all
}

// maxAbout bounds the text about a package.
const maxAbout = 64 << 10

func readText(c *cab.Cabinet, f cab.File) string {
	r, err := c.Open(f)
	if err != nil {
		return ""
	}
	b, _ := io.ReadAll(io.LimitReader(r, maxAbout)) // what cannot be read says nothing
	return string(b)
}

// described reads lines of the form KB Article Number="5034441".
func described(text string) (kb update.KB, more string) {
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		value = strings.Trim(value, `"`)
		switch strings.TrimSpace(key) {
		case "KB Article Number":
			kb, _ = update.ParseKB(value)
		case "Support Link":
			if strings.HasPrefix(value, "http://") || strings.HasPrefix(value, "https://") {
				more = value
			}
		}
	}
	return kb, more
}
