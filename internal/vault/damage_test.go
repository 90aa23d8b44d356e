package vault_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/format"
	"github.com/redx-update/redx/internal/vault"
)

// filled gives a folder with a vault of some pages.
func filled(t testing.TB) (dir, path string, set *evidence.Set) {
	t.Helper()
	dir = t.TempDir()
	var events []evidence.Event
	for i := range 200 {
		events = append(events, failed(evidence.Source{Path: datastore, Record: uint64(i + 1)}, start.Add(time.Duration(i)*time.Hour), full))
	}
	set = setOf(events...)
	save(t, dir, set)
	return dir, filepath.Join(dir, vault.Name), set
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func write(t testing.TB, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// execute changes a database as another program would.
func execute(t testing.TB, path string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
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
}

func TestUnusableFilesArePutAside(t *testing.T) {
	for name, spoil := range map[string]func(t *testing.T, path string){
		"no database": func(t *testing.T, path string) { write(t, path, bytes.Repeat([]byte("x"), 9000)) },
		"a page of noise": func(t *testing.T, path string) {
			b := read(t, path)
			copy(b[8192:], bytes.Repeat([]byte{0xA5}, 4096))
			write(t, path, b)
		},
		"cut off": func(t *testing.T, path string) {
			b := read(t, path)
			write(t, path, b[:len(b)-4096])
		},
		"another program's": func(t *testing.T, path string) {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			execute(t, path, "CREATE TABLE x (y)")
		},
		"a trigger in it": func(t *testing.T, path string) {
			execute(t, path, "CREATE TRIGGER eats AFTER INSERT ON account BEGIN DELETE FROM account; END")
		},
		"a journal that names another file": func(t *testing.T, path string) {
			write(t, path+"-journal", append(bytes.Repeat([]byte{1}, 600), "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"...))
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir, path, set := filled(t)
			spoil(t, path)
			spoiled := read(t, path)
			write(t, path+".aside", []byte("an older one"))
			saved := save(t, dir, set)
			if saved.Aside != path+".aside.2" || saved.Why == "" || saved.New != 200 {
				t.Errorf("saved %+v", saved)
			}
			if !bytes.Equal(read(t, saved.Aside), spoiled) {
				t.Error("what was put aside has changed")
			}
			if string(read(t, path+".aside")) != "an older one" {
				t.Error("the older one was overwritten")
			}
			if n := len(kept(t, path)); n != 200 {
				t.Errorf("the new vault has %d accounts", n)
			}
		})
	}
}

func TestNewerVaultIsNotWritten(t *testing.T) {
	dir, path, set := filled(t)
	execute(t, path, "ALTER TABLE account ADD COLUMN more TEXT", "PRAGMA user_version = 2")
	before := read(t, path)
	_, err := vault.Save(context.Background(), dir, set)
	if !errors.Is(err, vault.ErrNewer) || !strings.Contains(err.Error(), path) {
		t.Errorf("error %v, want ErrNewer that names the file", err)
	}
	if !bytes.Equal(read(t, path), before) {
		t.Error("the newer vault has changed")
	}
	if n := len(kept(t, path)); n != 200 {
		t.Errorf("of the newer vault %d accounts are read", n)
	}
}

func TestDamagedVaultIsReadAsFarAsItGoes(t *testing.T) {
	_, path, _ := filled(t)
	b := read(t, path)
	const page, leaf = 4096, 0x0D
	var leaves []int
	for at := page; at < len(b); at += page {
		if b[at] == leaf {
			leaves = append(leaves, at)
		}
	}
	copy(b[leaves[len(leaves)/2]:], bytes.Repeat([]byte{0xA5}, page))
	write(t, path, b)
	n, last := 0, error(nil)
	for _, err := range vault.Events(context.Background(), path) {
		if last = err; err == nil {
			n++
		}
	}
	if last == nil || n == 0 {
		t.Errorf("%d accounts, then %v", n, last)
	}
	if !bytes.Equal(read(t, path), b) {
		t.Error("reading has changed it")
	}
}

func TestNoVault(t *testing.T) {
	foreign := filepath.Join(t.TempDir(), "x.db")
	execute(t, foreign, "CREATE TABLE account (id)")
	text := filepath.Join(t.TempDir(), vault.Name)
	write(t, text, []byte("hello"))
	for _, path := range []string{foreign, text} {
		for _, err := range vault.Events(context.Background(), path) {
			if !errors.Is(err, format.ErrNotThis) {
				t.Errorf("%s: %v, want ErrNotThis", path, err)
			}
		}
	}
}

// A vault whose writer was killed is read as it was before, and nothing beside it is made, changed or deleted.
func TestJournalIsPlayedBackInACopy(t *testing.T) {
	_, path, _ := filled(t)
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	// A small cache makes SQLite write pages before the commit, with the journal synced first.
	for _, s := range []string{"PRAGMA cache_size = 1", "BEGIN", "UPDATE account SET text = text || hex(randomblob(600))"} {
		if _, err := db.Exec(s); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	torn := filepath.Join(dir, vault.Name)
	write(t, torn, read(t, path))
	write(t, torn+"-journal", read(t, path+"-journal"))
	before, beside := read(t, torn), read(t, torn+"-journal")
	for _, e := range kept(t, torn) {
		if e.Text != "a line of the log" {
			t.Fatalf("a change that was not committed is read: %.40s", e.Text)
		}
	}
	if !bytes.Equal(read(t, torn), before) || !bytes.Equal(read(t, torn+"-journal"), beside) {
		t.Error("reading has changed the files")
	}
	if list, err := os.ReadDir(dir); err != nil || len(list) != 2 {
		t.Errorf("beside the two files stand %v, %v", list, err)
	}
}

func TestLinksAreNotFollowed(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links need a right on Windows; its folder is protected (win.CheckProtected)")
	}
	_, elsewhere, set := filled(t)
	dir := t.TempDir()
	if err := os.Symlink(elsewhere, filepath.Join(dir, vault.Name)); err != nil {
		t.Fatal(err)
	}
	if _, err := vault.Save(context.Background(), dir, set); err == nil {
		t.Error("a link was followed")
	}
	way := filepath.Join(t.TempDir(), "redx")
	if err := os.Symlink(filepath.Dir(elsewhere), way); err != nil {
		t.Fatal(err)
	}
	if _, err := vault.Save(context.Background(), way, set); err == nil {
		t.Error("a linked folder was taken")
	}
}

func FuzzEvents(f *testing.F) {
	_, path, _ := filled(f)
	f.Add(read(f, path))
	f.Add([]byte("SQLite format 3\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		const most = 256 << 10 // what SQLite makes of more is SQLite's
		path := filepath.Join(t.TempDir(), vault.Name)
		write(t, path, b[:min(len(b), most)])
		n := 0
		for e, err := range vault.Events(context.Background(), path) {
			if errors.Is(err, context.DeadlineExceeded) {
				t.Fatalf("%d accounts, then %v", n, err)
			}
			if n++; n > most {
				t.Fatalf("more accounts than bytes")
			}
			if _, kept := e.Origin(); err == nil && kept {
				setOf(e).Accounts()
			}
		}
	})
}

// Under the fuzzer's instrumentation SQLite runs a few times a minute only; this runs it often, on vaults with some
// bytes changed.
func TestChangedBytes(t *testing.T) {
	_, path, _ := filled(t)
	whole := read(t, path)
	random := rand.New(rand.NewPCG(1, 2))
	changed := filepath.Join(t.TempDir(), vault.Name)
	begun := time.Now()
	for round := range 300 {
		b := bytes.Clone(whole)
		for range 1 + random.IntN(20) {
			b[100+random.IntN(len(b)-100)] = byte(random.Uint32())
		}
		write(t, changed, b)
		n := 0
		for _, err := range vault.Events(context.Background(), changed) {
			if n++; n > len(whole) || errors.Is(err, context.DeadlineExceeded) {
				t.Fatalf("round %d: %d accounts, %v", round, n, err)
			}
		}
	}
	if took := time.Since(begun); took > time.Minute {
		t.Errorf("it took %v", took)
	}
}
