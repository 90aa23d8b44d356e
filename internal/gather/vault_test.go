package gather_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/history"
	"github.com/redx-update/redx/internal/vault"
)

// shown is a history without the places that tell of it.
func shown(set *evidence.Set) []history.Entry {
	entries := history.Merge(set)
	for i := range entries {
		entries[i].Sources, entries[i].Proof = nil, nil
	}
	return entries
}

// keep saves what an image shows in the image itself.
func keep(t *testing.T, dir string) {
	t.Helper()
	own := filepath.Join(dir, "ProgramData", "redx")
	if err := os.MkdirAll(own, 0o700); err != nil {
		t.Fatal(err)
	}
	saved, err := vault.Save(t.Context(), own, ofImage(t, dir))
	if err != nil || saved.Aside != "" {
		t.Fatalf("%+v, %v", saved, err)
	}
}

func remove(t *testing.T, dir string, paths ...string) {
	t.Helper()
	for _, p := range paths {
		if err := os.RemoveAll(filepath.Join(dir, filepath.FromSlash(p))); err != nil {
			t.Fatal(err)
		}
	}
}

// The history stays as it was whatever becomes of the places that it was kept from, and is never shown twice.
func TestHistoryFromTheVault(t *testing.T) {
	dir := labImage(t, "payload-missing-download")
	want := shown(ofImage(t, dir))
	if len(want) == 0 {
		t.Fatal("the scenario has no history")
	}
	keep(t, dir)
	for _, step := range []func(){
		func() {}, // all still stands where it stood
		func() { keep(t, dir) },
		func() {
			if err := os.Rename(filepath.Join(dir, "Windows/SoftwareDistribution"), filepath.Join(dir, "Windows/SDTemp")); err != nil {
				t.Fatal(err)
			}
		},
		func() { keep(t, dir) },
		func() {
			remove(t, dir, "Windows/SDTemp", "Windows/Logs", "Windows/System32/winevt", "ProgramData/USOPrivate", "Windows/WindowsUpdate.log")
		},
	} {
		step()
		if diff := cmp.Diff(want, shown(ofImage(t, dir))); diff != "" {
			t.Fatalf("history (-before +after):\n%s", diff)
		}
	}
	entries := history.Merge(ofImage(t, dir))
	var sources []string
	for _, s := range entries[0].Sources {
		sources = append(sources, s.Path)
	}
	for _, place := range []string{`C:\ProgramData\redx\history.db`, `C:\Windows\SoftwareDistribution\DataStore\DataStore.edb`} {
		if !slices.Contains(sources, place) {
			t.Errorf("sources %q lack %s", sources, place)
		}
	}
	if diff := cmp.Diff(want, shown(ofLogs(t, filepath.Join(dir, "ProgramData")))); diff != "" {
		t.Errorf("the vault among logs (-before +after):\n%s", diff)
	}
}

// A damaged vault is named, and the history from the other places stays.
func TestDamagedVault(t *testing.T) {
	dir := labImage(t, "payload-missing-download")
	want := shown(ofImage(t, dir))
	keep(t, dir)
	path := filepath.Join(dir, "ProgramData", "redx", vault.Name)
	whole := readFile(t, path)
	for name, data := range map[string][]byte{
		"noise behind the head": append(bytes.Clone(whole[:100]), bytes.Repeat([]byte{0xA5}, len(whole)-100)...),
		"noise":                 bytes.Repeat([]byte("noise"), 2000),
	} {
		writeFile(t, path, data)
		set := ofImage(t, dir)
		if diff := cmp.Diff(want, shown(set)); diff != "" {
			t.Errorf("%s (-before +after):\n%s", name, diff)
		}
		if u := set.Unread(); len(u) != 1 || !strings.EqualFold(u[0].Path, `C:\ProgramData\redx\history.db`) {
			t.Errorf("%s: unread %v", name, u)
		}
	}
}
