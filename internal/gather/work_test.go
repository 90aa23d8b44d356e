package gather_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/doctor/check"
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/image"
	"github.com/redx-update/redx/internal/image/offline"
)

// shuffled is an image whose folders list their files in any order and with any size, so that they are read in any order.
type shuffled struct {
	image.Image
	rnd *rand.Rand
}

func (s shuffled) FS() image.FS { return shuffledFS{s.Image.FS(), s.rnd} }

type shuffledFS struct {
	image.FS
	rnd *rand.Rand
}

func (s shuffledFS) ReadDir(path string) ([]image.Info, error) {
	infos, err := s.FS.ReadDir(path)
	s.rnd.Shuffle(len(infos), func(i, j int) { infos[i], infos[j] = infos[j], infos[i] })
	for i := range infos {
		infos[i].Size = s.rnd.Int64N(1 << 30)
	}
	return infos, err
}

// crowded is a scenario's image with what of it a computer of some years has many of.
func crowded(t *testing.T, scenario string) string {
	dir := labImage(t, scenario)
	log := readFile(t, filepath.Join(dir, "Windows/Logs/CBS/CBS.log"))
	for i := range 8 {
		more := fmt.Appendf(bytes.Clone(log), "2024-01-12 03:14:55, Error                 CBS    Failed [HRESULT = 0x8007000%d]\r\n", i)
		writeFile(t, filepath.Join(dir, fmt.Sprintf("Windows/Logs/CBS/CbsPersist_2024011%d080000.log", i)), more)
	}
	return dir
}

// What is found does not depend on how many processors there are, nor on which file is read first.
func TestSameInAnyOrder(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, scenario := range []string{"component-payload-missing", "payload-missing-download", "access-denied"} {
		dir := crowded(t, scenario)
		for kind, open := range map[image.Kind]func(string) (image.Image, error){image.Offline: offline.Open, image.Logs: offline.OpenLogs} {
			var want string
			for n, procs := range []int{1, 1, 2, 2, 2, 4, 4, 4, 4} {
				runtime.GOMAXPROCS(procs)
				got := inOrder(t, dir, open, n)
				if n == 0 {
					want = got
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s as %s, order %d on %d processors (-want +got):\n%s", scenario, kind, n, procs, diff)
				}
			}
			if !strings.Contains(want, scenario) {
				t.Errorf("%s as %s: the cause was not found", scenario, kind)
			}
		}
	}
}

// inOrder gives the evidence and the findings of a folder whose files come in an order of their own; 0 is the usual one.
func inOrder(t *testing.T, dir string, open func(string) (image.Image, error), order int) string {
	img, err := open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	if order > 0 {
		img = shuffled{img, rand.New(rand.NewPCG(1, uint64(order)))}
	}
	set := gathered(t, img)
	var out bytes.Buffer
	if err := evidence.Save(&out, set); err != nil {
		t.Fatal(err)
	}
	for _, f := range doctor.Examine(set, check.All()) {
		fmt.Fprintf(&out, "%s %s %s, proof", f.ID, f.Confidence, f.Title)
		for _, e := range f.Proof {
			fmt.Fprintf(&out, " %s:%d", e.Source.Path, e.Source.Line)
		}
	}
	return out.String()
}
