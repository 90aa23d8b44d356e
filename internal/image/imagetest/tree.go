package imagetest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// WriteTree writes files below dir: paths with backslashes or slashes, a trailing one for an empty folder.
func WriteTree(t testing.TB, dir string, files map[string]string) {
	t.Helper()
	for path, content := range files {
		slashed := strings.ReplaceAll(path, `\`, "/")
		full := filepath.Join(dir, filepath.FromSlash(slashed))
		if strings.HasSuffix(slashed, "/") {
			full = filepath.Join(full, "x")
		}
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(slashed, "/") {
			continue
		}
		if err := os.WriteFile(full, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// Tree writes files as WriteTree does, into a folder of the test's own.
func Tree(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	WriteTree(t, dir, files)
	return dir
}
