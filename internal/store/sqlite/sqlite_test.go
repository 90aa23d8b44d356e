package sqlite

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redx-update/redx/internal/catalog"
	"github.com/redx-update/redx/internal/store"
	"github.com/redx-update/redx/internal/store/storetest"
)

func TestConformance(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Opener {
		path := filepath.Join(t.TempDir(), "a store?#%20.db")
		return func(t *testing.T) store.Store { return open(t, path) }
	})
}

func open(t *testing.T, path string) *Store {
	t.Helper()
	s, err := Open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestSynchronousFull(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "s.db"))
	var mode string
	var synchronous int
	if err := s.write.QueryRow("PRAGMA journal_mode").Scan(&mode); err != nil {
		t.Fatal(err)
	}
	if err := s.write.QueryRow("PRAGMA synchronous").Scan(&synchronous); err != nil {
		t.Fatal(err)
	}
	if mode != "wal" || synchronous != 2 {
		t.Errorf("journal mode %s, synchronous %d", mode, synchronous)
	}
}

func TestNewerFileIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	s := open(t, path)
	if _, err := s.write.Exec("PRAGMA user_version = 999"); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if _, err := Open(t.Context(), path); err == nil || !strings.Contains(err.Error(), "newer redx") {
		t.Errorf("error is %v", err)
	}
}

func TestClosed(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "s.db"))
	s.Close()
	if err := s.SetSetting(t.Context(), "a", "b"); err == nil {
		t.Error("wrote into a closed store")
	}
}

// TestClockSetBack: changes are told apart by their times, so these grow even when the clock does not.
func TestClockSetBack(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "s.db"))
	future := time.Now().Add(time.Hour).UnixMilli()
	err := inTx(t.Context(), s.write, func(tx *sql.Tx) error { return set(t.Context(), tx, clockKey, fmt.Append(nil, future)) })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.AddUpdates(t.Context(), []store.Update{storetest.Update(1, 1)}); err != nil {
		t.Fatal(err)
	}
	if v, err := s.Version(t.Context()); err != nil || v != future+1 {
		t.Errorf("version %d after %d, %v", v, future, err)
	}
}

func TestBackup(t *testing.T) {
	dir := t.TempDir()
	s := open(t, filepath.Join(dir, "s.db"))
	added, err := s.AddUpdates(t.Context(), []store.Update{storetest.Update(1, 1)})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Backup(t.Context(), filepath.Join(dir, "copy.db")); err != nil {
		t.Fatal(err)
	}
	c := open(t, filepath.Join(dir, "copy.db"))
	if u, err := c.Update(t.Context(), added[0].RevisionID); err != nil || u.Info.Title != "Update 1" {
		t.Errorf("in the copy: %+v, %v", u, err)
	}
}

// childStore makes this test's own binary a process that writes until it is killed, and says what is acknowledged. It is no
// more than childAhead ahead of who reads that, and sends it a byte for each: on a busy machine it would be done before.
const (
	childStore = "REDX_TEST_STORE_CHILD"
	childAhead = 50
)

func TestMain(m *testing.M) {
	if path := os.Getenv(childStore); path != "" {
		os.Exit(child(path))
	}
	os.Exit(m.Run())
}

func child(path string) int {
	ctx := context.Background()
	s, err := Open(ctx, path)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if _, err := s.Enroll(ctx, store.Sighting{ID: "id", Name: "n", Time: time.Now()}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	for i := range 250 {
		if i >= childAhead {
			if _, err := os.Stdin.Read(make([]byte, 1)); err != nil {
				return 1
			}
		}
		added, err := s.AddUpdates(ctx, []store.Update{storetest.Update(byte(i+1), 1)})
		if err == nil {
			err = s.AddEvents(ctx, "id", []store.Event{{Instance: storetest.ID(byte(i + 1)), EventID: 182, Time: time.Now()}})
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		if _, err := fmt.Fprintln(os.Stdout, added[0].RevisionID); err != nil {
			return 1
		}
	}
	return 0
}

// TestKilled kills a writing process without warning: what it had acknowledged is there.
func TestKilled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childStore+"="+path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	acknowledged := 0
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if acknowledged++; acknowledged == 20 {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
		_, _ = in.Write([]byte{'.'}) // nobody may be there any more
	}
	_ = cmd.Wait() // it was killed
	if acknowledged < 20 || acknowledged >= 250 {
		t.Fatalf("the process acknowledged %d and was not killed while writing", acknowledged)
	}
	complete(t, path, acknowledged)
}

// complete checks that a file has everything that was acknowledged.
func complete(t *testing.T, path string, acknowledged int) {
	t.Helper()
	s := open(t, path)
	revs, err := s.Revisions(t.Context(), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	events, err := s.Events(t.Context(), "id", 1000)
	if err != nil {
		t.Fatal(err)
	}
	if len(revs) < acknowledged || len(events) < acknowledged {
		t.Errorf("%d acknowledged, %d revisions and %d events are there", acknowledged, len(revs), len(events))
	}
	var sound string
	if err := s.read.QueryRow("PRAGMA integrity_check").Scan(&sound); err != nil || sound != "ok" {
		t.Errorf("integrity: %s, %v", sound, err)
	}
	added, err := s.AddUpdates(t.Context(), []store.Update{storetest.Update(1, 9)})
	if err != nil {
		t.Fatal(err)
	}
	if added[0].RevisionID <= catalog.RevisionID(acknowledged) {
		t.Errorf("number %d was given before", added[0].RevisionID)
	}
}
