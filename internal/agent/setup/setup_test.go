package setup_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/agent/setup"
	"github.com/redx-update/redx/internal/win"
)

// registry is one in memory. It can fail at the n-th write.
type registry struct {
	values map[string]win.MachineValue
	keys   map[string]bool
	failAt int
}

var errFull = errors.New("the disk is full")

func (r *registry) Read(key, name string) (win.MachineValue, error) {
	if v, ok := r.values[key+"|"+name]; ok {
		return v, nil
	}
	return win.MachineValue{Key: key, Name: name, NoKey: !r.keys[key]}, nil
}

func (r *registry) Write(v win.MachineValue) error {
	if r.failAt--; r.failAt == 0 {
		return errFull
	}
	if v.Kind == win.NoValue {
		delete(r.values, v.Key+"|"+v.Name)
		if v.NoKey {
			delete(r.keys, v.Key)
		}
		return nil
	}
	r.values[v.Key+"|"+v.Name], r.keys[v.Key] = v, true
	return nil
}

const key = `SOFTWARE\Policies\WindowsUpdate`

func text(name, s string) win.MachineValue {
	return win.MachineValue{Key: key, Name: name, Kind: win.Text, Text: s}
}

func number(name string, n uint32) win.MachineValue {
	return win.MachineValue{Key: key + `\AU`, Name: name, Kind: win.Number, Number: n}
}

func folder(t *testing.T) *os.Root {
	t.Helper()
	root, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return root
}

func TestLocation(t *testing.T) {
	other := []win.MachineValue{text("WUServer", "http://b"), number("UseWUServer", 1)}
	values := []win.MachineValue{text("WUServer", "http://a"), text("WUStatusServer", "http://a"), number("UseWUServer", 1)}
	for name, before := range map[string]map[string]win.MachineValue{
		"none":    {},
		"another": {key + "|WUServer": text("WUServer", "http://old"), key + `\AU|UseWUServer`: number("UseWUServer", 0)},
	} {
		for crash := range 12 { // 0: none; the process dies at a write, and the next one goes on
			r := &registry{values: map[string]win.MachineValue{}, keys: map[string]bool{}, failAt: crash}
			for k, v := range before {
				r.values[k], r.keys[v.Key] = v, true
			}
			keys := len(r.keys)
			dir := folder(t)
			set := func(v []win.MachineValue) {
				err := setup.SetLocation(dir, r, v)
				if errors.Is(err, errFull) {
					err = setup.SetLocation(dir, r, v)
				}
				if err != nil {
					t.Fatal(err)
				}
				for _, want := range v {
					if got := r.values[want.Key+"|"+want.Name]; got != want {
						t.Errorf("%s: %+v, want %+v", name, got, want)
					}
				}
			}
			set(values)
			set(other)
			left, err := setup.RestoreLocation(dir, r)
			if errors.Is(err, errFull) {
				left, err = setup.RestoreLocation(dir, r)
			}
			if err != nil || len(left) > 0 {
				t.Fatal(left, err)
			}
			if d := cmp.Diff(before, r.values); d != "" || len(r.keys) != keys {
				t.Errorf("%s, crash at %d: %d keys, were %d (-before +after):\n%s", name, crash, len(r.keys), keys, d)
			}
			if left, err := setup.RestoreLocation(dir, r); err != nil || len(left) > 0 {
				t.Errorf("again: %v, %v", left, err)
			}
		}
	}
}

// What somebody else has set since is not taken away, and what redx cannot give back is not touched.
func TestLocationOfOthers(t *testing.T) {
	r := &registry{values: map[string]win.MachineValue{}, keys: map[string]bool{}}
	dir := folder(t)
	if err := setup.SetLocation(dir, r, []win.MachineValue{text("WUServer", "http://a"), text("WUStatusServer", "http://a")}); err != nil {
		t.Fatal(err)
	}
	r.values[key+"|WUServer"] = text("WUServer", "http://the administrator's")
	left, err := setup.RestoreLocation(dir, r)
	if err != nil || len(left) != 1 || !strings.HasSuffix(left[0], "WUServer") || len(r.values) != 1 {
		t.Errorf("%v, %v, left %v", left, err, r.values)
	}
	r.values[key+"|WUServer"] = win.MachineValue{Key: key, Name: "WUServer", Kind: win.Other}
	if err := setup.SetLocation(dir, r, []win.MachineValue{text("WUServer", "http://a")}); err == nil || r.values[key+"|WUServer"].Kind != win.Other {
		t.Errorf("%v", err)
	}
}

// TestLocationOfNoPolicy: a file that names anything but policies is believed in nothing, and nothing is written.
func TestLocationOfNoPolicy(t *testing.T) {
	for _, where := range []string{"before", "after"} {
		dir := folder(t)
		planted := `{"version":1,"` + where + `":[{"key":"SYSTEM\\CurrentControlSet\\Services\\x","name":"ImagePath","kind":"text","text":"evil"}]}`
		if err := dir.WriteFile("location.json", []byte(planted), 0o600); err != nil {
			t.Fatal(err)
		}
		r := &registry{values: map[string]win.MachineValue{}, keys: map[string]bool{}}
		_, err := setup.RestoreLocation(dir, r)
		if err == nil || !strings.Contains(err.Error(), "no policy") {
			t.Errorf("%s: %v", where, err)
		}
		if err := setup.SetLocation(dir, r, []win.MachineValue{text("WUServer", "http://a")}); err == nil {
			t.Errorf("%s: it was gone on with", where)
		}
		if len(r.values) != 0 {
			t.Errorf("%s: written: %v", where, r.values)
		}
	}
}

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for _, f := range []setup.Files{{Settings: "a", Trust: []byte("PEM")}, {Settings: "b"}, {Settings: "c"}} {
		if err := f.Write(root, "agent.toml"); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join(dir, "agent.toml"))
		_, trust := os.Stat(filepath.Join(dir, setup.TrustName))
		if err != nil || string(got) != f.Settings || (trust == nil) != (len(f.Trust) > 0) {
			t.Errorf("%q, %v, trust %v", got, err, trust)
		}
	}
}

func TestUnit(t *testing.T) {
	unit, err := setup.Unit([]string{"/opt/redx 1/redx", "agent", "run", "--image", `/mnt/a"b%c$d\e`}, `/mnt/a"b%c$d\e`)
	if err != nil || !strings.Contains(unit, `ExecStart="/opt/redx 1/redx" "agent" "run" "--image" "/mnt/a\"b%%c$$d\\e"`+"\n") {
		t.Errorf("%v\n%s", err, unit)
	}
	if !strings.Contains(unit, `ReadWritePaths="/mnt/a\"b%%c$d\\e"`+"\nPrivateTmp=yes\n") {
		t.Errorf("it cannot write to its image:\n%s", unit)
	}
	if unit, err := setup.Unit([]string{"/opt/redx", "agent", "run", "--image", "/var/tmp/c"}, "/var/tmp/c"); err != nil || strings.Contains(unit, "PrivateTmp") {
		t.Errorf("its image is hidden from it: %v\n%s", err, unit)
	}
	if _, err := setup.Unit([]string{"redx", "a\nExecStartPre=evil"}, "/mnt"); err == nil {
		t.Error("a line was smuggled in")
	}
}

// TestUnitIsRead has systemd read units; it runs none. What it does not know, or knows otherwise, it complains about.
func TestUnitIsRead(t *testing.T) {
	verify, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("apt-get install systemd to run this")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, image := range []string{"/mnt/c", `/mnt/a "b" %c $d`, "/tmp/c"} {
		unit, err := setup.Unit([]string{self, "agent", "run", "--image", image}, image)
		if err != nil {
			t.Fatal(err)
		}
		for text, good := range map[string]bool{unit: true, strings.Replace(unit, "ProtectSystem=strict", "ProtectSystem=very", 1): false} {
			path := filepath.Join(t.TempDir(), setup.Name+".service")
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			out, err := exec.Command(verify, "verify", "--man=no", path).CombinedOutput()
			if complains := err != nil || strings.Contains(string(out), setup.Name); complains == good {
				t.Errorf("%s: %v: %s\n%s", image, err, out, text)
			}
		}
	}
}
