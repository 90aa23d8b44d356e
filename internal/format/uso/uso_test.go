package uso_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	_ "modernc.org/sqlite"

	"github.com/redx-update/redx/internal/format"
	"github.com/redx-update/redx/internal/format/uso"
)

const table = `CREATE TABLE COMPLETEDUPDATES (PROVIDERID TEXT, UPDATEID TEXT, TIME INTEGER, TITLE TEXT, DESCRIPTION TEXT,
	MOREINFOURL TEXT, HISTORYCATEGORY INTEGER, UNINSTALL INTEGER, WASREBOOTREQUIRED INTEGER, FOROS INTEGER, METADATA TEXT)`

const insert = `INSERT INTO COMPLETEDUPDATES VALUES ('p', 'a.1', 1710266400, 'Update für Windows', 'd', 'http://x', 2, 0, 1, 1, '{}')`

var want = uso.Update{
	Row: 1, ProviderID: "p", UpdateID: "a.1", Time: time.Date(2024, 3, 12, 18, 0, 0, 0, time.UTC), Title: "Update für Windows",
	Description: "d", MoreInfoURL: "http://x", Category: "2", Rebooted: true, ForOS: true, Metadata: "{}",
}

// name would break a URI that is not escaped. Windows has no question marks in names.
func name() string {
	if runtime.GOOS == "windows" {
		return "store 100%#.db"
	}
	return "store 100%?#.db"
}

// store runs statements on a new database and gives its path.
func store(t *testing.T, statements ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name())
	db, err := sql.Open("sqlite", filepath.Join(filepath.Dir(path), "made.db"))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(filepath.Dir(path), "made.db"), path); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestUpdates(t *testing.T) {
	tests := []struct {
		name       string
		statements []string
		want       []uso.Update
	}{
		{"whole", []string{table, insert}, []uso.Update{want}},
		{"empty", []string{table}, nil},
		{"few columns, lower case", []string{`CREATE TABLE completedupdates (updateid, title, time)`, `INSERT INTO completedupdates VALUES (x'6162', NULL, 'soon')`}, []uso.Update{{Row: 1, UpdateID: "ab"}}},
		{"generated column", []string{`CREATE TABLE COMPLETEDUPDATES (UPDATEID, TITLE AS (hex(UPDATEID)))`, `INSERT INTO COMPLETEDUPDATES VALUES ('x')`}, []uso.Update{{Row: 1, UpdateID: "x"}}},
		{"own rowid", []string{`CREATE TABLE COMPLETEDUPDATES (ROWID TEXT, UPDATEID)`, `INSERT INTO COMPLETEDUPDATES VALUES ('no', 'x')`}, []uso.Update{{Row: 1, UpdateID: "x"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := uso.Updates(context.Background(), store(t, tt.statements...))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Windows leaves the newest rows in the log; they must be seen, and neither file may change.
func TestRowsInTheLog(t *testing.T) {
	dir := t.TempDir()
	db, err := sql.Open("sqlite", filepath.Join(dir, "live.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	for _, s := range []string{"PRAGMA journal_mode = WAL", "PRAGMA wal_autocheckpoint = 0", table, "PRAGMA wal_checkpoint", insert} {
		if _, err := db.Exec(s); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), "store.db")
	for _, suffix := range []string{"", "-wal"} {
		b, err := os.ReadFile(filepath.Join(dir, "live.db") + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path+suffix, b, 0o400); err != nil {
			t.Fatal(err)
		}
	}
	before := files(t, filepath.Dir(path))
	got, err := uso.Updates(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]uso.Update{want}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(before, files(t, filepath.Dir(path))); diff != "" {
		t.Errorf("the folder changed (-before +after):\n%s", diff)
	}
}

func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, f := range list {
		b, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		out[f.Name()] = string(b)
	}
	return out
}

func TestNotAStore(t *testing.T) {
	text := filepath.Join(t.TempDir(), "store.db")
	if err := os.WriteFile(text, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	endless := `CREATE VIEW COMPLETEDUPDATES AS WITH RECURSIVE n(UPDATEID) AS (SELECT 1 UNION ALL SELECT UPDATEID + 1 FROM n) SELECT * FROM n`
	for name, path := range map[string]string{
		"text": text, "another database": store(t, "CREATE TABLE x (y)"), "endless view": store(t, endless),
	} {
		if _, err := uso.Updates(context.Background(), path); !errors.Is(err, format.ErrNotThis) {
			t.Errorf("%s: %v, want ErrNotThis", name, err)
		}
	}
}

func TestDamageNamesTheFile(t *testing.T) {
	path := store(t, table, insert)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := 4096; i < len(b); i++ {
		b[i] = 0xa5 // the table's only page
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := uso.Updates(context.Background(), path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("error %v, want one that names %s", err, path)
	}
}

func FuzzUpdates(f *testing.F) {
	dir := f.TempDir()
	db, err := sql.Open("sqlite", filepath.Join(dir, "seed.db"))
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{"PRAGMA page_size = 512", table, insert} {
		if _, err := db.Exec(s); err != nil {
			f.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		f.Fatal(err)
	}
	seed, err := os.ReadFile(filepath.Join(dir, "seed.db"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Fuzz(func(t *testing.T, b []byte) {
		path := filepath.Join(t.TempDir(), "store.db")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		list, err := uso.Updates(context.Background(), path)
		if len(list) > 100_000 || errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("%d rows, %v", len(list), err)
		}
	})
}
