package offline

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/repair"
)

var at = repair.Root{Dir: `C:\Windows`}

const (
	sd   = `C:\Windows\SoftwareDistribution`
	temp = `C:\Windows\SDTemp`
)

// tree makes the files of a drive; what ends in a slash is a folder.
func tree(t *testing.T, names ...string) string {
	t.Helper()
	top := t.TempDir()
	for _, name := range names {
		path := filepath.Join(top, filepath.FromSlash(name))
		dir := filepath.Dir(path)
		if strings.HasSuffix(name, "/") {
			dir = path
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(name, "/") {
			if err := os.WriteFile(path, []byte(name), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	return top
}

func open(t *testing.T, top string) *Drive {
	t.Helper()
	d, err := Open(top, at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func symlink(t *testing.T, target, link string) {
	t.Helper()
	if err := os.Symlink(target, link); err != nil {
		t.Skip("cannot make symbolic links here:", err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Skip("symbolic links are none here, as under Wine:", err)
	}
}

// listing names everything below a folder.
func listing(t *testing.T, top string) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(top, func(path string, _ fs.DirEntry, err error) error {
		rel, rerr := filepath.Rel(top, path)
		all = append(all, filepath.ToSlash(rel))
		return errors.Join(err, rerr)
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestRenameKeepsIdentity(t *testing.T) {
	top := tree(t, "WINDOWS/softwaredistribution/Download/x")
	d := open(t, top)
	before, err := d.Folder(sd)
	if err != nil || !before.Present || before.Reparse || len(before.ID) < 12 {
		t.Fatalf("%+v, %v", before, err)
	}
	if err := d.Rename(sd, temp); err != nil {
		t.Fatal(err)
	}
	after, err := d.Folder(`C:\Windows\sdtemp`)
	if err != nil || after != before {
		t.Errorf("%+v, %v, want %+v", after, err, before)
	}
	if gone, err := d.Folder(sd); err != nil || gone.Present {
		t.Errorf("%+v, %v", gone, err)
	}
	if err := d.Sync(); err != nil {
		t.Error(err)
	}
	names, err := d.Names(at.Dir)
	if diff := cmp.Diff([]string{"SDTemp"}, names); err != nil || diff != "" {
		t.Error(err, diff)
	}
	if data, err := os.ReadFile(filepath.Join(top, "WINDOWS", "SDTemp", "Download", "x")); err != nil || len(data) == 0 {
		t.Errorf("%q, %v", data, err)
	}
}

// TestNothingIsReplaced holds that a name which is taken stays as it is, whatever has it and whatever its case.
func TestNothingIsReplaced(t *testing.T) {
	for _, taken := range []string{"Windows/SDTemp", "Windows/sdtemp/", "Windows/SDTEMP/x"} {
		top := tree(t, "Windows/SoftwareDistribution/x", taken)
		was := listing(t, top)
		if err := open(t, top).Rename(sd, temp); !errors.Is(err, fs.ErrExist) {
			t.Errorf("%s: got %v, want fs.ErrExist", taken, err)
		}
		if diff := cmp.Diff(was, listing(t, top)); diff != "" {
			t.Errorf("%s: %s", taken, diff)
		}
	}
}

// TestRenameItselfDoesNotReplace asks the system, as if the name had been taken between looking and renaming.
func TestRenameItselfDoesNotReplace(t *testing.T) {
	top := tree(t, "Windows/SoftwareDistribution/x", "Windows/SDTemp/")
	d := open(t, top)
	from, err := d.find(sd)
	if err != nil {
		t.Fatal(err)
	}
	defer from.close()
	to, err := d.find(temp)
	if err != nil {
		t.Fatal(err)
	}
	defer to.close()
	if err := rename(from, to); !errors.Is(err, fs.ErrExist) {
		t.Errorf("got %v, want fs.ErrExist", err)
	}
}

func TestLinksAreNotFollowed(t *testing.T) {
	elsewhere := t.TempDir()
	for name, lay := range map[string]func(t *testing.T, top string){
		"the folder": func(t *testing.T, top string) {
			symlink(t, elsewhere, filepath.Join(top, "Windows/SoftwareDistribution"))
		},
		"inside": func(t *testing.T, top string) {
			symlink(t, "System32", filepath.Join(top, "Windows/SoftwareDistribution"))
		},
		"dangling": func(t *testing.T, top string) {
			symlink(t, "nowhere", filepath.Join(top, "Windows/SoftwareDistribution"))
		},
		"a file": func(t *testing.T, top string) {
			if err := os.WriteFile(filepath.Join(top, "Windows/SoftwareDistribution"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			top := tree(t, "Windows/System32/x")
			lay(t, top)
			was := listing(t, top)
			d := open(t, top)
			if f, err := d.Folder(sd); err != nil || !f.Present || !f.Reparse {
				t.Errorf("%+v, %v", f, err)
			}
			if f, err := d.Folder(sd + `\Download`); err != nil || !f.Reparse {
				t.Errorf("below it: %+v, %v", f, err)
			}
			if err := d.Rename(sd, temp); err == nil {
				t.Error("renamed")
			}
			if err := d.Rename(sd+`\Download`, temp); err == nil {
				t.Error("renamed what is below it")
			}
			if err := d.Rename(`C:\Windows\System32`, sd+`\x`); err == nil {
				t.Error("renamed into it")
			}
			if diff := cmp.Diff(was, listing(t, top)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTwins(t *testing.T) {
	top := tree(t, "Windows/SoftwareDistribution/x", "Windows/softwaredistribution/y")
	if len(listing(t, top)) == 5 {
		t.Skip("case makes no difference on this file system")
	}
	d := open(t, top)
	if _, err := d.Folder(sd); !errors.Is(err, ErrTwins) {
		t.Errorf("got %v", err)
	}
	if err := d.Rename(sd, temp); !errors.Is(err, ErrTwins) {
		t.Errorf("renamed: %v", err)
	}
}

func TestPathsThatAreNone(t *testing.T) {
	d := open(t, tree(t, "Windows/x"))
	for _, path := range []string{
		`D:\Windows`, `C:`, `C:\`, `C:\Windows\..\x`, `C:\Windows\\x`, `C:\Windows/../x`, `C:\Windows\x:y`, `Windows`, "C:\\Windows\\x\x00",
	} {
		if _, err := d.Folder(path); !errors.Is(err, errOutside) {
			t.Errorf("%q: got %v", path, err)
		}
	}
}

func TestOwnFolders(t *testing.T) {
	top := tree(t, "Windows/x")
	d := open(t, top)
	if _, _, err := d.Own(); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("got %v", err)
	}
	for range 2 {
		home, journals, err := d.MakeOwn()
		if err != nil {
			t.Fatal(err)
		}
		info, err := journals.Stat(".")
		if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o700 {
			t.Errorf("%v, %v", info, err)
		}
		if err := errors.Join(home.Mkdir("mine", 0o700), home.Remove("mine"), home.Close(), journals.Close()); err != nil {
			t.Error(err)
		}
	}
	want := []string{".", "ProgramData", "ProgramData/redx", "ProgramData/redx/journal", "Windows", "Windows/x"}
	if diff := cmp.Diff(want, listing(t, top)); diff != "" {
		t.Error(diff)
	}
}

// TestPlantedOwnFolders finds something else where redx's own folders belong.
func TestPlantedOwnFolders(t *testing.T) {
	elsewhere := t.TempDir()
	for _, name := range []string{"ProgramData", "ProgramData/redx", "ProgramData/redx/journal"} {
		top := tree(t, "Windows/x")
		if err := os.MkdirAll(filepath.Dir(filepath.Join(top, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		symlink(t, elsewhere, filepath.Join(top, name))
		if _, _, err := open(t, top).MakeOwn(); !errors.Is(err, ErrPlanted) {
			t.Errorf("%s: got %v", name, err)
		}
		file := tree(t, "Windows/x", name)
		if _, _, err := open(t, file).MakeOwn(); !errors.Is(err, ErrPlanted) {
			t.Errorf("%s, a file: got %v", name, err)
		}
	}
	if all := listing(t, elsewhere); len(all) > 1 {
		t.Errorf("written elsewhere: %q", all)
	}
}

func TestFacts(t *testing.T) {
	d := open(t, tree(t, "Windows/x"))
	s := &repair.Scene{Root: at, Free: repair.Unknown}
	d.Facts(s)
	if s.Free <= 0 || s.ReadOnly != "" || s.Dirty || len(s.Unseen) > 0 {
		t.Errorf("%+v", s)
	}
}

// TestRemoveFollowsNothing deletes a copy in which links stand.
func TestRemoveFollowsNothing(t *testing.T) {
	top := tree(t, "Windows/SDTemp/Download/x", "Windows/other/y")
	elsewhere := tree(t, "precious")
	symlink(t, elsewhere, filepath.Join(top, "Windows", "SDTemp", "link"))
	symlink(t, "../other", filepath.Join(top, "Windows", "SDTemp", "inside"))
	d := open(t, top)
	if n := d.Size(temp); n != repair.Bytes(len("Windows/SDTemp/Download/x")) {
		t.Errorf("size %d", n)
	}
	if err := d.Remove(temp); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{".", "Windows", "Windows/other", "Windows/other/y"}, listing(t, top)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{".", "precious"}, listing(t, elsewhere)); diff != "" {
		t.Error(diff)
	}
	if err := d.Remove(temp); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("again: %v", err)
	}
	symlink(t, elsewhere, filepath.Join(top, "Windows", "SDTemp"))
	if err := d.Remove(temp); err == nil || d.Size(temp) != repair.Unknown {
		t.Error("a link was taken for a copy")
	}
}
