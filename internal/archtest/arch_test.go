// Package archtest holds the import rules of docs/design.md as a test: what is prose there fails here.
package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/redx-update/redx/"

// pkg is one package of the module: its folder below the root, its imports without tests, its files.
type pkg struct {
	dir     string
	imports []string
	files   []*ast.File
}

// rule forbids imports to the packages that match.
type rule struct {
	why    string
	from   []string // folders; "x/..." includes what is below
	except []string
	deny   []string // import paths; those of this module without its name
}

var outside = []string{"os", "os/exec", "net/http", "database/sql", "syscall", "golang.org/x/sys/windows/..."}

var rules = []rule{
	{
		why: "pure packages touch no machine",
		from: []string{
			"internal/update", "internal/hresult", "internal/guid", "internal/winbin", "internal/registry",
			"internal/winsys", "internal/servicing", "internal/evidence", "internal/history", "internal/doctor/...",
			"internal/format/...", "internal/write/...", "internal/repair/...", "internal/catalog/...", "internal/deploy/...",
			"internal/proof", "internal/wuaclient/protocol", "internal/wsus/...", "internal/authenticode",
			"internal/agent/metadata", "internal/agent/scan", "internal/maintenance",
		},
		except: []string{
			"internal/format/uso", "internal/repair/journal", "internal/repair/act/live", "internal/repair/act/offline",
			"internal/repair/act/sim", "internal/repair/site",
		},
		deny: outside,
	},
	{
		why:    "what redx can do to a live Windows is all to be read in one place",
		from:   []string{"internal/...", "cmd/..."},
		except: []string{"internal/win/...", "internal/image/online/..."},
		deny:   []string{"golang.org/x/sys/windows/...", "syscall"},
	},
	{
		why:  "a reader never writes: only the lab, the agent's lab images and the server's publishing import writers",
		from: []string{"internal/...", "cmd/..."},
		except: []string{
			"internal/write/...", "internal/lab/...", "internal/agent/...", "internal/server/...", "internal/publish",
		},
		deny: []string{"internal/write/..."},
	},
	{
		why:  "formats know nothing of the layers above them",
		from: []string{"internal/format/...", "internal/guid", "internal/winbin", "internal/update", "internal/hresult"},
		deny: []string{
			"internal/image/...", "internal/evidence", "internal/gather", "internal/history", "internal/doctor/...",
			"internal/report", "internal/lab", "internal/term",
		},
	},
	{
		why:  "evidence knows nothing of what is concluded from it",
		from: []string{"internal/evidence", "internal/gather", "internal/collect", "internal/image/..."},
		deny: []string{"internal/history", "internal/doctor/...", "internal/report", "internal/lab"},
	},
	{
		why:  "the vault is read as evidence: what is kept in it is no conclusion",
		from: []string{"internal/vault", "internal/sqlitefile"},
		deny: []string{
			"internal/history", "internal/doctor/...", "internal/report", "internal/lab", "internal/gather", "internal/image/...",
		},
	},
	{
		why:    "SQLite is in few hands: who opens a file with it has thought of hostile ones",
		from:   []string{"internal/...", "cmd/..."},
		except: []string{"internal/vault", "internal/sqlitefile", "internal/lab", "internal/store/..."},
		deny:   []string{"database/sql", "modernc.org/sqlite"},
	},
	{
		why:  "the doctor sees evidence and nothing else",
		from: []string{"internal/history", "internal/doctor/..."},
		deny: []string{"internal/image/...", "internal/gather", "internal/format/...", "internal/report", "internal/lab"},
	},
	{
		why:    "COM objects leak, hang and crash: they live in the child, and the child's code in one package",
		from:   []string{"internal/...", "cmd/..."},
		except: []string{"internal/win/wua"},
		deny:   []string{"github.com/go-ole/go-ole/..."},
	},
	{
		why:  "doctor and agent never depend on the server",
		from: []string{"internal/doctor/...", "internal/agent/..."},
		deny: []string{"internal/server/..."},
	},
	{
		why:  "implementations of stores and images are wired by the command",
		from: []string{"internal/..."},
		except: []string{
			"internal/lab/...", "internal/store/...", "internal/content/...", "internal/image/...",
			"internal/server/servertest", // stands in for the command in tests
		},
		deny: []string{"internal/image/offline", "internal/store/sqlite", "internal/store/postgres", "internal/content/file"},
	},
}

func TestImports(t *testing.T) {
	for _, p := range packages(t) {
		for _, r := range rules {
			if !matches(p.dir, r.from) || matches(p.dir, r.except) {
				continue
			}
			for _, imp := range p.imports {
				if matches(strings.TrimPrefix(imp, module), r.deny) {
					t.Errorf("%s imports %s: %s", p.dir, imp, r.why)
				}
			}
		}
	}
}

func TestPackageComments(t *testing.T) {
	for _, p := range packages(t) {
		if !slices.ContainsFunc(p.files, func(f *ast.File) bool { return f.Doc != nil }) {
			t.Errorf("%s has no package comment", p.dir)
		}
	}
}

func TestNoInit(t *testing.T) {
	for _, p := range packages(t) {
		for _, f := range p.files {
			for _, d := range f.Decls {
				if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
					t.Errorf("%s has a func init", p.dir)
				}
			}
		}
	}
}

// TestRulesBite makes sure that the matching itself can fail.
func TestRulesBite(t *testing.T) {
	if !matches("internal/format/ese", []string{"internal/format/..."}) || matches("internal/formats", []string{"internal/format/..."}) {
		t.Error("matches does not match as the rules expect")
	}
	if len(packages(t)) < 10 {
		t.Error("found hardly any packages")
	}
}

func matches(path string, patterns []string) bool {
	for _, p := range patterns {
		prefix, deep := strings.CutSuffix(p, "/...")
		if path == prefix || deep && strings.HasPrefix(path, prefix+"/") {
			return true
		}
	}
	return false
}

// packages reads the imports of every package of the module, tests left out.
func packages(t *testing.T) []*pkg {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	byDir := map[string]*pkg{}
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if d.IsDir() {
			if slices.Contains([]string{"bench", "tools", ".git", "testdata"}, d.Name()) && rel != "internal/testdata" {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		return addFile(byDir, filepath.ToSlash(filepath.Dir(rel)), path)
	})
	if err != nil {
		t.Fatal(err)
	}
	var all []*pkg
	for _, p := range byDir {
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b *pkg) int { return strings.Compare(a.dir, b.dir) })
	return all
}

func addFile(byDir map[string]*pkg, dir, path string) error {
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	p := byDir[dir]
	if p == nil {
		p = &pkg{dir: dir}
		byDir[dir] = p
	}
	p.files = append(p.files, f)
	for _, s := range f.Imports {
		imp, err := strconv.Unquote(s.Path.Value)
		if err != nil {
			return err
		}
		if !slices.Contains(p.imports, imp) {
			p.imports = append(p.imports, imp)
		}
	}
	return nil
}
