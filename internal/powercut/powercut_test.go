package powercut

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// record writes calls as strace does. "PATH" stands in descriptors and strings for text that becomes hexadecimal: {a} in
// braces.
func record(lines ...string) string {
	var b strings.Builder
	for i, line := range lines {
		for strings.Contains(line, "{") {
			before, rest, _ := strings.Cut(line, "{")
			inside, after, _ := strings.Cut(rest, "}")
			var hexed strings.Builder
			for _, c := range []byte(inside) {
				fmt.Fprintf(&hexed, `\x%02x`, c)
			}
			line = before + hexed.String() + after
		}
		thread, call, _ := strings.Cut(line, " ")
		fmt.Fprintf(&b, "%s 1795615527.%06d %s\n", thread, i, call)
	}
	return b.String()
}

const created = `1 openat(AT_FDCWD<{/}>, "{/d/f}", O_RDWR|O_CREAT, 0600) = 3<{/d/f}>`

// left cuts after the last line, often, and gives every state that is left: the files with their bytes.
func left(t *testing.T, text string, deaf bool) map[string]bool {
	t.Helper()
	rec, err := Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	d := NewDisk("/d")
	d.Deaf = deaf
	states := map[string]bool{}
	err = d.Replay(rec, []int{len(rec.Times)}, func(int) error {
		for seed := range uint64(80) {
			dir := t.TempDir()
			if err := d.Cut(dir, rand.New(rand.NewPCG(seed, 0))); err != nil {
				return err
			}
			states[state(t, dir)] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return states
}

func state(t *testing.T, dir string) string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		all = append(all, name+"="+short(string(b)))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(all, " ")
}

// short writes runs of a byte as its number.
func short(s string) string {
	var b strings.Builder
	for s != "" {
		n := len(s) - len(strings.TrimLeft(s, s[:1]))
		if n < 100 {
			n = 1
			b.WriteString(strings.ReplaceAll(s[:1], "\x00", "0"))
		} else {
			fmt.Fprintf(&b, "%d%s", n, strings.ReplaceAll(s[:1], "\x00", "0"))
		}
		s = s[n:]
	}
	return b.String()
}

func TestCut(t *testing.T) {
	big := strings.Repeat("a", 600)
	for _, tt := range []struct {
		name  string
		lines []string
		want  []string
	}{
		{"nothing was synced", []string{created, `1 pwrite64(3<{/d/f}>, "{ab}", 2, 0) = 2`}, []string{"", "f=", "f=ab"}},
		{"synced", []string{created, `1 pwrite64(3<{/d/f}>, "{ab}", 2, 0) = 2`, `1 fsync(3<{/d/f}>) = 0`}, []string{"f=ab"}},
		{"the sync has not come back", []string{created, `1 pwrite64(3<{/d/f}>, "{a}", 1, 0) = 1`, `1 fsync(3<{/d/f}> <unfinished ...>`}, []string{"", "f=", "f=a"}},
		{"the sync came back later", []string{
			created, `1 pwrite64(3<{/d/f}>, "{a}", 1, 0) = 1`, `1 fsync(3<{/d/f}> <unfinished ...>`,
			`2 pwrite64(3<{/d/f}>, "{b}", 1, 1) = 1`, `1 <... fsync resumed>) = 0`,
		}, []string{"f=a", "f=ab"}},
		{"a write beside the sync", []string{
			created, `1 fsync(3<{/d/f}>) = 0`, `2 pwrite64(3<{/d/f}>, "{a}", 1, 0 <unfinished ...>`, `1 fsync(3<{/d/f}>) = 0`,
			`2 <... pwrite64 resumed>) = 1`,
		}, []string{"f=", "f=a"}},
		{"torn between sectors", []string{created, `1 fsync(3<{/d/f}>) = 0`, `1 write(3<{/d/f}>, "{` + big + `}", 600) = 600`}, []string{"f=", "f=512a", "f=600a", "f=5120" + strings.Repeat("a", 88)}},
		{"writes at the end", []string{created, `1 write(3<{/d/f}>, "{a}", 1) = 1`, `1 write(3<{/d/f}>, "{b}", 1) = 1`, `1 fsync(3<{/d/f}>) = 0`}, []string{"f=ab"}},
		{"a write that was cut short", []string{created, `1 write(3<{/d/f}>, "{abc}", 3) = 2`, `1 fsync(3<{/d/f}>) = 0`}, []string{"f=ab"}},
		{"truncated", []string{created, `1 write(3<{/d/f}>, "{abc}", 3) = 3`, `1 fsync(3<{/d/f}>) = 0`, `1 ftruncate(3<{/d/f}>, 1) = 0`}, []string{"f=a", "f=abc"}},
		{"failed", []string{created, `1 fsync(3<{/d/f}>) = 0`, `1 pwrite64(3<{/d/f}>, "{a}", 1, 0) = -1 ENOSPC (No space left on device)`}, []string{"f="}},
		{"removed", []string{created, `1 fsync(3<{/d/f}>) = 0`, `1 unlink("{/d/f}") = 0`}, []string{"", "f="}},
		{"removed, and the folder synced", []string{created, `1 fsync(3<{/d/f}>) = 0`, `1 unlinkat(4<{/d}>, "{f}", 0) = 0`, `1 fsync(4<{/d}>) = 0`}, []string{""}},
		{"renamed into a new folder", []string{
			created, `1 write(3<{/d/f}>, "{a}", 1) = 1`, `1 fsync(3<{/d/f}>) = 0`, `1 mkdirat(4<{/d}>, "{x}", 0755) = 0`,
			`1 renameat(4<{/d}>, "{f}", 4<{/d}>, "{x/g}") = 0`,
		}, []string{"", "f=a", "x/g=a"}},
		{"the new folder synced", []string{
			created, `1 write(3<{/d/f}>, "{a}", 1) = 1`, `1 fsync(3<{/d/f}>) = 0`, `1 mkdirat(4<{/d}>, "{x}", 0755) = 0`,
			`1 renameat(4<{/d}>, "{f}", 4<{/d}>, "{x/g}") = 0`, `1 fsync(5<{/d/x}>) = 0`, `1 fsync(4<{/d}>) = 0`,
		}, []string{"x/g=a"}},
		{"another folder, a socket and SQLite's index", []string{
			created, `1 fsync(3<{/d/f}>) = 0`, `1 openat(AT_FDCWD<{/}>, "{/e/f}", O_CREAT|O_WRONLY, 0600) = 4<{/e/f}>`, `1 write(4<{/e/f}>, "{a}", 1) = 1`,
			`1 write(5<socket:[1]>, "{a}", 1) = 1`, `1 openat(AT_FDCWD<{/}>, "{/d/f-shm}", O_CREAT|O_RDWR, 0600) = 6<{/d/f-shm}>`, `1 +++ exited with 0 +++`,
		}, []string{"f="}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			want := map[string]bool{}
			for _, w := range tt.want {
				want[w] = true
			}
			if diff := cmp.Diff(want, left(t, record(tt.lines...), false)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDeafKeepsNoPromise(t *testing.T) {
	states := left(t, record(created, `1 pwrite64(3<{/d/f}>, "{a}", 1, 0) = 1`, `1 fsync(3<{/d/f}>) = 0`), true)
	if !states[""] {
		t.Errorf("always something is left: %v", states)
	}
}

func TestRefused(t *testing.T) {
	for name, line := range map[string]string{
		"a string that strace cut":    `1 write(3<{/d/f}>, "{a}"..., 4000) = 4000`,
		"an unknown way to write":     `1 writev(3<{/d/f}>, [{iov_base="{a}", iov_len=1}], 1) = 1`,
		"a link":                      `1 link("{/d/f}", "{/d/g}") = 0`,
		"a rename out of the folder":  `1 rename("{/d/f}", "{/e/f}") = 0`,
		"a file that was never made":  `1 write(3<{/d/h}>, "{a}", 1) = 1`,
		"more than there is":          `1 write(3<{/d/f}>, "{a}", 1) = 2`,
		"a place before the file":     `1 pwrite64(3<{/d/f}>, "{a}", 1, -5) = 1`,
		"a place far behind the file": `1 pwrite64(3<{/d/f}>, "{a}", 1, 9000000000000) = 1`,
	} {
		rec, err := Parse(strings.NewReader(record(created) + strings.TrimSuffix(record(line), "\n") + "\n"))
		if err == nil {
			err = NewDisk("/d").Replay(rec, nil, nil)
		}
		if err == nil || !strings.Contains(err.Error(), "line 2") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNoRecord(t *testing.T) {
	for _, text := range []string{"nonsense\n", "1 2 f() = 0\n", "1 99999999999999999999.000000 f() = 0\n"} {
		if _, err := Parse(strings.NewReader(text)); err == nil || !strings.HasPrefix(err.Error(), "line 1: ") {
			t.Errorf("%q: %v", text, err)
		}
	}
	if rec, err := Parse(strings.NewReader(record("1 fsync(3<{/d}>) = 0") + "1 1795615527.0000")); err != nil || len(rec.Calls) != 1 {
		t.Errorf("with half a line: %+v, %v", rec, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(record(created, `1 pwrite64(3<{/d/f}>, "{ab}", 2, 0) = 2`, `1 fsync(3<{/d/f}> <unfinished ...>`, `2 unlink("{/d/f}") = 0`, `1 <... fsync resumed>) = 0`))
	f.Add(record(created, `1 ftruncate(3<{/d/f}>, 100000) = 0`, `1 renameat(4<{/d}>, "{f}", 4<{/d}>, "{x/g}") = 0`))
	f.Fuzz(func(t *testing.T, text string) {
		rec, err := Parse(strings.NewReader(text))
		if err != nil {
			return
		}
		for _, c := range rec.Calls {
			if c.Entered < 1 || c.Left != 0 && c.Left < c.Entered || c.Left > len(rec.Times) {
				t.Errorf("%+v in %d lines", c, len(rec.Times))
			}
		}
		_ = NewDisk("/d").Replay(rec, nil, nil) // what is wrong is an error
	})
}
