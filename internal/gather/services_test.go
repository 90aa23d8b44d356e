package gather_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/image/imagetest"
	"github.com/redx-update/redx/internal/write/hive"
)

// Windows XP has no servicing: that the service for it has no key says nothing there. Elsewhere it does.
func TestServicesThatAreNotThere(t *testing.T) {
	root := &hive.Key{Name: "ROOT"}
	root.Sub("Select").DWord("Current", 1)
	root.Sub(`ControlSet001\Services\BITS`).DWord("Start", 3)
	root.Sub(`ControlSet001\Services\CryptSvc`).DWord("Start", 2)
	system, err := hive.Encode(root, hive.Options{})
	if err != nil {
		t.Fatal(err)
	}
	dir := imagetest.Tree(t, map[string]string{"Windows/System32/config/SYSTEM": string(system)})
	missing := func() (names []string) {
		for _, e := range events(ofImage(t, dir), evidence.ServiceConfig) {
			if e.Field(evidence.Start) == evidence.StartMissing {
				names = append(names, e.Field(evidence.Name))
			}
		}
		slices.Sort(names)
		return names
	}
	if diff := cmp.Diff([]string{"wuauserv"}, missing()); diff != "" {
		t.Errorf("without servicing (-want +got):\n%s", diff)
	}
	if err := os.Mkdir(filepath.Join(dir, "Windows", "servicing"), 0o755); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"TrustedInstaller", "wuauserv"}, missing()); diff != "" {
		t.Errorf("with servicing (-want +got):\n%s", diff)
	}
}
