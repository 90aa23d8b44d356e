package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"
)

// TestSequential holds of the packages in which .ci/run does not look for races that nothing in them starts a goroutine,
// their tests included.
func TestSequential(t *testing.T) {
	script, err := os.ReadFile("../../.ci/run")
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`(?m)^sequential='(.+)'$`).FindSubmatch(script)
	if line == nil {
		t.Fatal(".ci/run names no sequential packages")
	}
	sequential := regexp.MustCompile(string(line[1]))
	found := 0
	for _, p := range packages(t) {
		if !sequential.MatchString("/" + p.dir) {
			continue
		}
		found++
		names, err := filepath.Glob(filepath.Join("../..", p.dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			files := token.NewFileSet()
			f, err := parser.ParseFile(files, name, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			if at := concurrent(f); at.IsValid() {
				t.Errorf("%s starts goroutines, and .ci/run looks for no races there", files.Position(at))
			}
		}
	}
	if found < 30 {
		t.Errorf("only %d packages match %s", found, sequential)
	}
}

// concurrent gives the first place where a file starts a goroutine, itself or by a call of the standard library.
func concurrent(f *ast.File) (at token.Pos) {
	for _, s := range f.Imports {
		if path, err := strconv.Unquote(s.Path.Value); err == nil && slices.Contains([]string{"net/http/httptest", "testing/synctest", "golang.org/x/sync/errgroup"}, path) {
			return s.Pos()
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			at = n.Pos()
		case *ast.SelectorExpr:
			if slices.Contains([]string{"Go", "Parallel", "RunParallel", "AfterFunc"}, n.Sel.Name) {
				at = n.Pos()
			}
		}
		return !at.IsValid()
	})
	return at
}

// TestConcurrentIsSeen makes sure that the rule can fail.
func TestConcurrentIsSeen(t *testing.T) {
	for body, want := range map[string]bool{"go f()": true, "t.Parallel()": true, "wg.Go(f)": true, "f(t.Name())": false} {
		f, err := parser.ParseFile(token.NewFileSet(), "", "package p\nfunc g() { "+body+" }", parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		if got := concurrent(f).IsValid(); got != want {
			t.Errorf("%s: %v, want %v", body, got, want)
		}
	}
}
