package offline_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/redx-update/redx/internal/image"
	"github.com/redx-update/redx/internal/image/imagetest"
	"github.com/redx-update/redx/internal/image/offline"
)

// link makes symbolic links in dir, by name and target; "MOUNT" in a target is dir itself.
func link(t *testing.T, dir string, links map[string]string) {
	t.Helper()
	for name, target := range links {
		if err := os.Symlink(strings.ReplaceAll(target, "MOUNT", dir), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
}

// linked makes an installation with links of every kind, and opens it.
func linked(t *testing.T) image.FS {
	t.Helper()
	outside := imagetest.Tree(t, map[string]string{"secret": "not yours"})
	dir := imagetest.Tree(t, map[string]string{`Windows\System32\x`: "x", `Users\u`: "u"})
	link(t, dir, map[string]string{
		"relative":           "Windows/System32",
		"case":               "WINDOWS/system32",
		"up":                 "Windows/../Windows/System32/x",
		"mount":              "MOUNT/Windows/System32",
		"drive":              `C:\Windows\System32`,
		"kernel":             `\??\C:\Windows\System32`,
		"ntfs3g":             "/elsewhere/.NTFS-3G/c:/Windows/System32",
		"chain":              "relative",
		"Windows/within":     "../Users",
		"out":                outside,
		"outrel":             "../" + filepath.Base(outside),
		"outfile":            filepath.Join(outside, "secret"),
		"Windows/climb":      "../../../../../../../../etc",
		"otherdrive":         `D:\Windows`,
		"prefix":             "MOUNTx/y",
		"dangling":           "Windows/nosuch",
		"loop":               "pool",
		"pool":               "loop",
		"self":               "self/self",
		"wof.dll":            "unsupported reparse tag 0x80000017",
		"wof2.dll":           "unsupported reparse point",
		"Windows/wofdir":     "unsupported reparse tag 0x9000001a",
		"Windows/System32/y": "x",
	})
	return open(t, dir).FS()
}

func TestLinks(t *testing.T) {
	fsys := linked(t)
	for path, want := range map[string]string{
		`C:\relative\x`: "x", `C:\RELATIVE\X`: "x", `C:\case\x`: "x", `C:\up`: "x", `C:\mount\x`: "x", `C:\drive\x`: "x",
		`C:\kernel\x`: "x", `C:\ntfs3g\x`: "x", `C:\chain\x`: "x", `C:\Windows\within\u`: "u",
		`C:\Windows\System32\y`: "x",
	} {
		if got, err := read(fsys, path); err != nil || got != want {
			t.Errorf("%s: got %q, %v, want %q", path, got, err, want)
		}
	}
	for path, want := range map[string]error{
		`C:\out\secret`: image.ErrOutside, `C:\outrel\secret`: image.ErrOutside, `C:\outfile`: image.ErrOutside,
		`C:\Windows\climb\passwd`: image.ErrOutside, `C:\otherdrive\x`: image.ErrOutside, `C:\prefix`: image.ErrOutside,
		`C:\dangling`: fs.ErrNotExist, `C:\loop\x`: image.ErrReparse, `C:\self`: image.ErrReparse,
		`C:\wof.dll`: image.ErrReparse, `C:\wof2.dll`: image.ErrReparse, `C:\Windows\wofdir\x`: image.ErrReparse,
	} {
		if got, err := read(fsys, path); !errors.Is(err, want) {
			t.Errorf("%s: got %q, %v, want %v", path, got, err, want)
		}
	}
	for path, want := range map[string]image.Info{
		`C:\WOF.dll`: {Name: "wof.dll", Reparse: true},
		`C:\UP`:      {Name: "up", Size: 1, Reparse: true},
		`C:\chain`:   {Name: "chain", Dir: true, Reparse: true},
	} {
		got, err := fsys.Stat(path)
		got.ModTime = want.ModTime
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", path, err, diff)
		}
	}
	if _, err := fsys.Stat(`C:\Windows\wofdir\x`); !errors.Is(err, image.ErrReparse) {
		t.Errorf("stat behind an unreadable folder: got %v, want image.ErrReparse", err)
	}
	for e, err := range image.Walk(fsys, `C:\`) {
		if err != nil || strings.Contains(e.Path, "secret") {
			t.Errorf("walk: %s %v", e.Path, err)
		}
	}
}

func TestNames(t *testing.T) {
	dir := imagetest.Tree(t, map[string]string{
		`Windows\System32\`: "", `Windows\b.log`: "b", `Windows\B.log`: "B", `Windows\B.LOG`: "BB",
		"Windows/latin\xe4.log": "invalid UTF-8",
	})
	if err := os.WriteFile(filepath.Join(dir, `Windows/a\b`), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	fsys := open(t, dir).FS()
	for path, want := range map[string]string{
		`C:\Windows\b.log`: "b", `C:\Windows\B.log`: "B", `C:\windows\B.LOG`: "BB", `C:\Windows\b.LOG`: "BB",
		"C:\\Windows\\latin\xe4.log": "invalid UTF-8", "C:\\Windows\\LATIN\xe4.log": "invalid UTF-8",
	} {
		if got, err := read(fsys, path); err != nil || got != want {
			t.Errorf("%q: got %q, %v, want %q", path, got, err, want)
		}
	}
	infos, err := fsys.ReadDir(`C:\Windows`)
	if err != nil || len(infos) != 5 {
		t.Errorf("list: got %v, %v, want 5 names, none of them with a backslash", infos, err)
	}
}

func TestSpecialFiles(t *testing.T) {
	dir := imagetest.Tree(t, map[string]string{`Windows\System32\`: ""})
	if err := unix.Mkfifo(filepath.Join(dir, "Windows", "pipe.log"), 0o644); err != nil {
		t.Fatal(err)
	}
	link(t, dir, map[string]string{"zero": "/dev/zero"})
	fsys := open(t, dir).FS()
	if _, err := fsys.Open(`C:\Windows\pipe.log`); !errors.Is(err, image.ErrSpecial) {
		t.Errorf("open a pipe: got %v, want image.ErrSpecial", err)
	}
	if info, err := fsys.Stat(`C:\Windows\PIPE.log`); err != nil || info.Size != 0 || info.Dir {
		t.Errorf("stat a pipe: got %+v, %v", info, err)
	}
	if _, err := fsys.Open(`C:\zero`); !errors.Is(err, image.ErrOutside) {
		t.Errorf("open a link to a device: got %v, want image.ErrOutside", err)
	}
	if _, err := offline.OpenLogs(filepath.Join(dir, "Windows", "pipe.log")); !errors.Is(err, image.ErrSpecial) {
		t.Errorf("a pipe as a bundle: got %v, want image.ErrSpecial", err)
	}
}

func TestUnreadable(t *testing.T) {
	dir := imagetest.Tree(t, map[string]string{
		`Windows\System32\x`: "x", `Windows\closed\x`: "x", `Windows\closed.log`: "x", `Windows\z.log`: "z",
	})
	for _, name := range []string{"closed", "closed.log"} {
		p := filepath.Join(dir, "Windows", name)
		if err := os.Chmod(p, 0); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.Chmod(p, 0o755) })
	}
	if os.Getuid() == 0 {
		if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
			t.Fatal(err)
		}
		asNobody(t, dir)
	}
	fsys := open(t, dir).FS()
	for _, path := range []string{`C:\Windows\closed.log`, `C:\Windows\closed\x`, `C:\Windows\CLOSED\X`} {
		if _, err := fsys.Open(path); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("open %s: got %v, want fs.ErrPermission", path, err)
		}
	}
	var seen, denied []string
	for e, err := range image.Walk(fsys, `C:\Windows`) {
		if err != nil {
			denied = append(denied, e.Path)
			continue
		}
		seen = append(seen, e.Name)
	}
	if diff := cmp.Diff([]string{"closed", "closed.log", "System32", "x", "z.log"}, seen); diff != "" {
		t.Errorf("seen (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{`C:\Windows\closed`}, denied); diff != "" {
		t.Errorf("denied (-want +got):\n%s", diff)
	}
}

// asNobody takes root's rights over files from this test alone, and gives it a tree whatever the umask has left there: Linux
// keeps the identity for files by thread.
func asNobody(t *testing.T, tree string) {
	t.Helper()
	const nobody = 65534
	err := filepath.WalkDir(tree, func(path string, _ fs.DirEntry, err error) error {
		return errors.Join(err, os.Lchown(path, nobody, -1))
	})
	if err != nil {
		t.Skipf("give the files to nobody: %v", err)
	}
	runtime.LockOSThread() // never unlocked: the thread ends with the test
	if err := unix.Setfsuid(nobody); err != nil {
		t.Skipf("take root's rights away: %v", err)
	}
	if f, err := os.Open("/etc/shadow"); err == nil {
		f.Close()
		t.Skip("still root; run this as another user")
	}
	t.Cleanup(func() { unix.Setfsuid(0) })
}

func TestDeep(t *testing.T) {
	dir := imagetest.Tree(t, map[string]string{`Windows\System32\`: ""})
	root, err := os.OpenRoot(filepath.Join(dir, "Windows"))
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	deep := strings.Repeat("d/", 1000)
	if err := root.MkdirAll(deep, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := root.WriteFile(deep+"x", []byte("deep"), 0o644); err != nil {
		t.Fatal(err)
	}
	fsys := open(t, dir).FS()
	if got, err := read(fsys, `C:\Windows\`+strings.Repeat(`D\`, 1000)+"X"); err != nil || got != "deep" {
		t.Errorf("1,000 folders deep: got %q, %.200v", got, err)
	}
	if _, err := read(fsys, `C:\`+strings.Repeat(`Windows\`, 3000)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("3,000 elements: got %.200v", err)
	}
	count, limited := 0, 0
	for _, err := range image.Walk(fsys, `C:\`) {
		count++
		if errors.Is(err, image.ErrLimit) {
			limited++
		}
	}
	if limited != 1 || count > image.MaxWalkDepth+10 {
		t.Errorf("walk: %d entries, %d of them with image.ErrLimit", count, limited)
	}
}

func TestLogsFolderHostile(t *testing.T) {
	dir := imagetest.Tree(t, map[string]string{"2024-01-01T10:00.log": "colon", `system`: "no hive", `x\SYSTEM`: "regf but broken"})
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "CBS.log")); err != nil {
		t.Fatal(err)
	}
	img := openLogs(t, dir)
	if _, err := img.FS().Open("CBS.log"); !errors.Is(err, image.ErrOutside) {
		t.Errorf("a link out of the bundle: got %v", err)
	}
	if got, err := read(img.FS(), "2024-01-01T10:00.log"); err != nil || got != "colon" {
		t.Errorf("a name with a colon: got %q, %v", got, err)
	}
	if notes := strings.Join(img.Notes(), "\n"); !strings.Contains(notes, "links not followed: 1") {
		t.Errorf("notes: %s", notes)
	}
	if _, _, err := img.Hive(image.System); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a broken hive: got %v, want its damage", err)
	}
}
