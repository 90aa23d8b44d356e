package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redx-update/redx/internal/testdata"
)

// TestRestoredForForeignClient loses a server after a backup, and restores it. The update that came in between is lost with
// its number, comes in again after another one, and a client that had it finds it again: no number is ever that of another
// update.
func TestRestoredForForeignClient(t *testing.T) {
	withoutRaces(t)
	folder := testdata.WSDLs(t)
	python := zeep(t)
	state, backup := filepath.Join(t.TempDir(), "state.json"), filepath.Join(t.TempDir(), "copy.db")
	dataDir := t.TempDir()
	client := func(s *served, when string, steps int) {
		t.Helper()
		out := tool(t, nil, python, script(t, "restored.py"), s.base, folder, when, state)
		if n := strings.Count(out, "ok "); n != steps {
			t.Errorf("%d steps:\n%s", n, out)
		}
	}
	importMade(t, dataDir, madeUpdate{n: 1})
	approveMade(t, dataDir, 1)
	must(t, dataDir, "server", "backup", backup)
	importMade(t, dataDir, madeUpdate{n: 2})
	approveMade(t, dataDir, 2)
	first := serveFrom(t, dataDir)
	client(first, "before", 1)
	first.stop()
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.RemoveAll(filepath.Join(dataDir, databaseName+suffix)); err != nil {
			t.Fatal(err)
		}
	}
	must(t, dataDir, "server", "restore", backup)
	importMade(t, dataDir, madeUpdate{n: 3}, madeUpdate{n: 2})
	approveMade(t, dataDir, 3, 2)
	second := serveFrom(t, dataDir)
	client(second, "after", 6)
	second.stop()
}
