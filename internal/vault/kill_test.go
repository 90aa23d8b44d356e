package vault_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/vault"
)

// saverEnv makes this program save to the folder that it names until it is killed.
const saverEnv = "REDX_TEST_VAULT_SAVER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(saverEnv); dir != "" {
		fmt.Fprintln(os.Stderr, saveForEver(dir, os.Stdout))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// numbered is an attempt that is told from others by its record and hour.
func numbered(n int) evidence.Event {
	return failed(evidence.Source{Path: datastore, Record: uint64(n)}, start.Add(time.Duration(n)*time.Hour), full)
}

// saveForEver goes on behind what the vault has, and says of each attempt when it is saved.
func saveForEver(dir string, out io.Writer) error {
	n := 0
	for _, err := range vault.Events(context.Background(), filepath.Join(dir, vault.Name)) {
		if err == nil { // at first there is no vault
			n++
		}
	}
	for ; ; n++ {
		saved, err := vault.Save(context.Background(), dir, setOf(numbered(n)))
		if err != nil || saved.Aside != "" {
			return fmt.Errorf("saved %+v, %w", saved, err)
		}
		if _, err := fmt.Fprintln(out, n); err != nil {
			return err
		}
	}
}

// A process that is killed while it saves leaves a vault with all that it said was saved, time after time.
func TestKilledWhileSaving(t *testing.T) {
	dir := t.TempDir()
	for round := range 8 {
		said := killAfter(t, dir, time.Duration(10+23*round)*time.Millisecond)
		have := map[uint64]bool{}
		for _, e := range kept(t, filepath.Join(dir, vault.Name)) {
			from, _ := e.Origin()
			have[from.Record] = true
		}
		for n := range said + 1 {
			if !have[uint64(n)] {
				t.Fatalf("round %d: attempt %d of %d that were saved is gone", round, n, said)
			}
		}
		// Of what was killed, all or nothing is there.
		if len(have) > said+2 {
			t.Fatalf("round %d: %d attempts, but only %d were begun", round, len(have), said+2)
		}
	}
	if saved := save(t, dir, setOf(numbered(1))); saved != (vault.Saved{Known: 1}) {
		t.Errorf("afterwards: %+v", saved)
	}
}

// killAfter runs a saver, kills it some time after its first word, and gives the last attempt that it said was saved.
func killAfter(t *testing.T, dir string, pause time.Duration) int {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program)
	cmd.Env = append(os.Environ(), saverEnv+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines, last := bufio.NewScanner(out), -1
	for lines.Scan() {
		if last < 0 {
			time.AfterFunc(pause, func() { _ = cmd.Process.Kill() })
		}
		if last, err = strconv.Atoi(lines.Text()); err != nil {
			t.Fatalf("the saver says %q", lines.Text())
		}
	}
	if err := cmd.Wait(); err == nil || last < 0 {
		t.Fatalf("the saver ended with %v after attempt %d", err, last)
	}
	return last
}
