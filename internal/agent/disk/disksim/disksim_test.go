package disksim

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/agent/disk"
)

// TestReplaceIsWhole crashes Replace at every I/O: what stands there is the old content or the new one.
func TestReplaceIsWhole(t *testing.T) {
	const path = `C:\x`
	lost := 0
	for _, loss := range []Loss{LoseAll, LoseNone, LoseSome} {
		for n, done := 1, false; !done; n++ {
			d := New()
			if err := disk.Replace(d, path, disk.Bytes([]byte("old"))); err != nil {
				t.Fatal(err)
			}
			d.CrashAt(n)
			err := disk.Replace(d, path, disk.Bytes([]byte("newer")))
			done = !d.Dead()
			if d.Dead() != errors.Is(err, ErrDead) {
				t.Fatal(err)
			}
			d.PowerCut(loss, rand.New(rand.NewPCG(1, uint64(n))))
			got, err := disk.Read(d, path, 10)
			if s := string(got); err != nil || s != "old" && s != "newer" || done && s != "newer" {
				t.Errorf("crash at %d with loss %d: %q, %v", n, loss, got, err)
			}
			if string(got) == "old" {
				lost++
			}
		}
	}
	if lost == 0 {
		t.Error("nothing was ever lost, so nothing was tried")
	}
}

// TestUnsyncedIsLost makes sure that the simulation bites.
func TestUnsyncedIsLost(t *testing.T) {
	seen := map[string]bool{}
	for seed := range 40 {
		d := New()
		f, err := d.Create(`C:\x`)
		if err != nil {
			t.Fatal(err)
		}
		_, err = f.Write([]byte("content"))
		err = errors.Join(err, d.Sync(`C:\`), d.Rename(`C:\x`, `C:\y`))
		if err != nil {
			t.Fatal(err)
		}
		d.PowerCut(LoseSome, rand.New(rand.NewPCG(1, uint64(seed))))
		for path, content := range d.Files() {
			seen[path] = true
			seen[fmt.Sprint(content == "content")] = true
		}
	}
	want := map[string]bool{`c:\x`: true, `c:\y`: true, "true": true, "false": true}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Error(diff)
	}
}

func TestFailOnce(t *testing.T) {
	d := New()
	d.FailAt(1)
	if err := d.Mkdir(`C:\x`); !errors.Is(err, ErrFull) {
		t.Error(err)
	}
	if err := d.Mkdir(`C:\x`); err != nil {
		t.Error(err)
	}
}
