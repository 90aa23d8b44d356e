package gather_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redx-update/redx/internal/evidence"
)

const payload = "Windows/SoftwareDistribution/Download/7f1c3e0a9b2d4c5e8f60718293a4b5c6/Windows10.0-KB5034122-x64.cab"

// Each file that the evidence names is looked at: is it there, and is it what the datastore says.
func TestProbe(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(t *testing.T, path string)
		state  string
		says   string
		finds  string // "yes", "no", or "" when that is the check's to decide
	}{
		"not there":    {func(*testing.T, string) {}, evidence.Absent, "not there", "yes"},
		"whole":        {func(t *testing.T, p string) { writeFile(t, p, []byte("the payload that is gone\n")) }, evidence.Present, "there", "no"},
		"another size": {func(t *testing.T, p string) { writeFile(t, p, []byte("x")) }, evidence.Different, "1 bytes instead of 25", "no"},
		"another content": {
			func(t *testing.T, p string) { writeFile(t, p, []byte("the payload that is bad!\n")) }, evidence.Different, "damaged", "no",
		},
		"a folder": {func(t *testing.T, p string) {
			if err := os.Mkdir(p, 0o755); err != nil {
				t.Fatal(err)
			}
		}, evidence.Absent, "a folder stands in its place", "yes"},
		"its folder is gone": {func(t *testing.T, p string) {
			if err := os.RemoveAll(filepath.Dir(p)); err != nil {
				t.Fatal(err)
			}
		}, evidence.NoFolder, `its folder C:\Windows\SoftwareDistribution\Download\7f1c3e0a9b2d4c5e8f60718293a4b5c6 is not there`, "yes"},
		"all of Download is gone": {func(t *testing.T, p string) {
			if err := os.RemoveAll(filepath.Dir(filepath.Dir(p))); err != nil {
				t.Fatal(err)
			}
		}, evidence.NoFolder, `its folder C:\Windows\SoftwareDistribution\Download is not there`, "yes"},
		"a link out of the image": {func(t *testing.T, p string) {
			if !symlink(t, "/etc/hostname", p) {
				t.Skip("no symbolic links here")
			}
		}, evidence.Unknown, "could not be looked at", ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := labImage(t, "payload-missing-download")
			tt.change(t, filepath.Join(dir, filepath.FromSlash(payload)))
			set := ofImage(t, dir)
			state, ok := set.FileState(`c:\` + strings.ToLower(strings.ReplaceAll(payload, "/", `\`)))
			if !ok || state.Field(evidence.State) != tt.state || !strings.Contains(state.Text, tt.says) {
				t.Errorf("got %+v, want %s and %q", state, tt.state, tt.says)
			}
			if got := findings(set); tt.finds != "" && (len(got) > 0) != (tt.finds == "yes") {
				t.Errorf("findings %q", got)
			}
		})
	}
}
