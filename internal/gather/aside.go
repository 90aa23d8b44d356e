package gather

import (
	"errors"
	"io/fs"
	"regexp"
	"strings"

	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/vault"
)

// A copy as a repair names it: SDTemp of all of SoftwareDistribution, SDTemp.Download, SDTemp.DataStore, SDTemp and the
// name of one update's folder, each with a number from the second on; catroot2.SDTemp in System32.
var (
	sdCopy       = regexp.MustCompile(`(?i)^SDTemp(?:\.(Download|DataStore|[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}))?(?:\.[0-9]{1,4})?$`)
	catrootCopy  = regexp.MustCompile(`(?i)^catroot2\.SDTemp(?:\.[0-9]{1,4})?$`)
	updateFolder = regexp.MustCompile(`(?i)^(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})$`)
)

// putAside tells which folders a repair has put aside and Windows has not made anew: until it does, what is missing
// there is not what failed.
func (g *gatherer) putAside() {
	root := g.img.SystemRoot()
	for _, of := range []string{root, g.img.SystemRoot()[:2] + vault.Folder} {
		for _, name := range g.folders(of, sdCopy) {
			g.copyOf(of, name)
		}
	}
	for _, name := range g.folders(root+`\System32`, catrootCopy) {
		g.aside(root+`\System32\catroot2`, root+`\System32\`+name)
	}
}

func (g *gatherer) copyOf(root, name string) {
	const sd = `\SoftwareDistribution`
	copied := root + `\` + name
	switch what := sdCopy.FindStringSubmatch(name)[1]; strings.ToLower(what) {
	case "":
		g.aside(root+sd, copied)
		g.aside(root+sd+`\DataStore`, copied+`\DataStore`)
		g.updates(root, copied+`\Download`)
	case "datastore":
		g.aside(root+sd+`\DataStore`, copied)
	case "download":
		g.updates(root, copied)
	default:
		g.aside(root+sd+`\Download\`+what, copied)
	}
}

// updates are the folders of single updates in a copy of Download.
func (g *gatherer) updates(root, copied string) {
	for _, name := range g.folders(copied, updateFolder) {
		g.aside(root+`\SoftwareDistribution\Download\`+name, copied+`\`+name)
	}
}

func (g *gatherer) folders(dir string, name *regexp.Regexp) []string {
	infos, err := g.img.FS().ReadDir(dir)
	if err != nil {
		return nil // what cannot be read is said of what is looked for in it
	}
	var out []string
	for _, i := range infos {
		if i.Dir && !i.Reparse && name.MatchString(i.Name) {
			out = append(out, i.Name)
		}
	}
	return out
}

func (g *gatherer) aside(was, is string) {
	if _, err := g.img.FS().Stat(was); !errors.Is(err, fs.ErrNotExist) {
		return
	}
	if info, err := g.img.FS().Stat(is); err != nil || !info.Dir {
		return
	}
	g.out.Add(evidence.Event{
		Kind: evidence.PutAside, Source: evidence.Source{Path: is}, Text: was + " was put aside, and is not there again yet",
		Fields: map[string]string{evidence.Path: was, evidence.Name: is},
	})
}
