package wintest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redx-update/redx/internal/lab"
)

// computer is a Windows in Wine, seen from outside: it can be started again, and its programs can be killed.
type computer struct {
	t      *testing.T
	prefix string
	drive  string // its drive C:
	here   string // the programs
}

// serviceState is as the test program prints it.
type serviceState struct {
	Name             string
	Present, Running bool
	Start            int
	Delayed          bool
}

// watched are the services that a repair touches, and the guard itself.
var watched = []string{"UsoSvc", "wuauserv", "BITS", "DoSvc", "cryptsvc", "redx-recover"}

// bareComputer gives the computer as Wine made it.
func bareComputer(t *testing.T) *computer {
	t.Helper()
	prefix := os.Getenv("WINEPREFIX")
	if os.Getenv("REDX_TEST_SERVICES") == "" || prefix == "" {
		t.Skip("needs Wine: tools/wine/run.sh internal/wintest")
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	c := &computer{t: t, prefix: prefix, drive: filepath.Join(prefix, "drive_c"), here: here}
	c.manifest()
	c.clean()
	t.Cleanup(c.clean)
	return c
}

// newComputer gives the computer with the broken Windows of the lab on it, and update services that run and hold the
// update folder.
func newComputer(t *testing.T) *computer {
	t.Helper()
	c := bareComputer(t)
	c.lay("payload-missing-download")
	c.tool("install", "UsoSvc", "2d", "slow")
	c.tool("install", "wuauserv", "3", "holds,lingers", `C:\Windows\SoftwareDistribution`)
	c.tool("install", "BITS", "2", "holds,slow", `C:\Windows\SoftwareDistribution`)
	c.tool("install", "DoSvc", "2d", "plain")
	c.tool("install", "cryptsvc", "2", "plain")
	c.tool("install", "TrustedInstaller", "3", "plain") // Wine has none, which is a finding
	c.tool("start", "UsoSvc", "wuauserv", "BITS", "cryptsvc")
	return c
}

// manifest asks for the rights of an administrator, which Wine gives whoever asks.
func (c *computer) manifest() {
	const text = `<assembly xmlns="urn:schemas-microsoft-com:asm.v1" manifestVersion="1.0">` +
		`<trustInfo xmlns="urn:schemas-microsoft-com:asm.v3"><security><requestedPrivileges>` +
		`<requestedExecutionLevel level="requireAdministrator" uiAccess="false"/>` +
		`</requestedPrivileges></security></trustInfo></assembly>`
	c.must(os.WriteFile(filepath.Join(c.here, "redx.exe.manifest"), []byte(text), 0o644))
}

func (c *computer) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

// clean takes everything away that a test has made.
func (c *computer) clean() {
	c.tool(append([]string{"quiet"}, watched...)...)
	c.tool("remove", watched[len(watched)-1])
	c.tool("forget")
	c.must(os.RemoveAll(c.path("ProgramData/redx")))
	for _, name := range c.names("windows") {
		upper := strings.ToUpper(name)
		if strings.HasPrefix(upper, "SDTEMP") || upper == "SOFTWAREDISTRIBUTION" {
			c.must(os.RemoveAll(c.path("windows/" + name)))
		}
	}
}

// path finds a path on drive C:, in whatever writing its parts are.
func (c *computer) path(rel string) string {
	at := c.drive
	for part := range strings.SplitSeq(rel, "/") {
		next := filepath.Join(at, part)
		entries, _ := os.ReadDir(at) // what is not there is made in the writing given
		for _, e := range entries {
			if strings.EqualFold(e.Name(), part) {
				next = filepath.Join(at, e.Name())
			}
		}
		at = next
	}
	return at
}

func (c *computer) names(rel string) (names []string) {
	entries, err := os.ReadDir(c.path(rel))
	c.must(err)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// lay puts a scenario's image on drive C:, but for its registry: the computer has one that runs.
func (c *computer) lay(name string) {
	c.t.Helper()
	scenario, err := lab.Load(name)
	c.must(err)
	image := filepath.Join(c.t.TempDir(), "image")
	c.must(lab.Build(scenario, image))
	c.must(filepath.WalkDir(image, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(image, path)
		if err != nil || rel == lab.MarkerName || strings.HasPrefix(strings.ToLower(rel), "windows/system32/config/") {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		to := c.path(rel)
		c.t.Cleanup(func() { os.Remove(to) }) // what a test has moved is gone already
		return errors.Join(os.MkdirAll(filepath.Dir(to), 0o755), os.WriteFile(to, data, 0o644))
	}))
}

// command is a program of the computer. What it prints goes to files: a pipe would stay open as long as anything that
// it has started.
func (c *computer) command(program string, args ...string) (cmd *exec.Cmd, out, errs func() string) {
	dir := c.t.TempDir()
	cmd = exec.Command(os.Getenv("REDX_WINE"), append([]string{filepath.Join(c.here, program)}, args...)...)
	stream := func(name string) (*os.File, func() string) {
		path := filepath.Join(dir, name)
		f, err := os.Create(path)
		c.must(err)
		c.t.Cleanup(func() { f.Close() })
		return f, func() string {
			data, err := os.ReadFile(path)
			c.must(err)
			return string(data)
		}
	}
	f, out := stream("out")
	g, errs := stream("err")
	cmd.Stdout, cmd.Stderr = f, g
	return cmd, out, errs
}

// answer is what a program has said.
type answer struct {
	code     int // modulo 256
	out, err string
}

// redx runs redx to its end.
func (c *computer) redx(args ...string) answer {
	c.t.Helper()
	return c.run("redx.exe", args...)
}

func (c *computer) run(program string, args ...string) answer {
	c.t.Helper()
	cmd, out, errs := c.command(program, args...)
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		c.t.Fatal(err)
	}
	return answer{cmd.ProcessState.ExitCode(), out(), errs()}
}

// wants runs redx and wants an exit code.
func (c *computer) wants(code int, args ...string) answer {
	c.t.Helper()
	a := c.redx(args...)
	if a.code != code%256 {
		c.t.Fatalf("redx %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), a.code, code, a.out, a.err)
	}
	return a
}

// json runs redx and reads what it prints.
func (c *computer) json(into any, args ...string) answer {
	c.t.Helper()
	a := c.redx(append(args, "--json")...)
	if err := json.Unmarshal([]byte(a.out), into); err != nil {
		c.t.Fatalf("redx %s: %v\n%s%s", strings.Join(args, " "), err, a.out, a.err)
	}
	return a
}

// tool runs the test program's verbs.
func (c *computer) tool(args ...string) string {
	c.t.Helper()
	a := c.run("redx.test.exe", args...)
	if a.code != 0 {
		c.t.Fatalf("%s: exit code %d\n%s%s", strings.Join(args, " "), a.code, a.out, a.err)
	}
	return a.out
}

func (c *computer) services() (all []serviceState) {
	c.t.Helper()
	c.must(json.Unmarshal([]byte(c.tool(append([]string{"state"}, watched...)...)), &all))
	for i := range all {
		if all[i].Name == "DoSvc" { // which no test starts; Windows does, two minutes after each boot
			all[i].Running = false
		}
	}
	return all
}

// hold holds a folder until release is called.
func (c *computer) hold(path string) (release func()) {
	c.t.Helper()
	cmd, out, errs := c.command("redx.test.exe", "hold", path)
	in, err := cmd.StdinPipe()
	c.must(err)
	c.must(cmd.Start())
	c.waitFor("somebody holds "+path, func() bool { return strings.Contains(out(), "held") || errs() != "" })
	if errs() != "" {
		c.t.Fatal(errs())
	}
	return func() {
		_ = in.Close()
		_ = cmd.Wait() // it may have been killed with the computer
	}
}

func (c *computer) waitFor(what string, is func() bool) {
	c.t.Helper()
	for begun := time.Now(); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Since(begun) > 3*time.Minute {
			c.t.Fatalf("waited in vain until %s", what)
		}
	}
}

// restart kills everything that runs and starts Windows, as a power cut does. Services that start by themselves start.
func (c *computer) restart() {
	c.t.Helper()
	_ = exec.Command(os.Getenv("REDX_WINESERVER"), "-k").Run() // what does not run need not be killed
	_ = exec.Command(os.Getenv("REDX_WINESERVER"), "-w").Run()
	c.must(exec.Command(os.Getenv("REDX_WINESERVER"), "-p").Run())
	boot := exec.Command(os.Getenv("REDX_WINE"), "wineboot")
	boot.Stdin, boot.Stdout, boot.Stderr = nil, nil, nil
	c.must(boot.Run())
}

// tree gives the contents of all files below a folder, by their paths.
func (c *computer) tree(rel string) map[string]string {
	c.t.Helper()
	all := map[string]string{}
	top := c.path(rel)
	c.must(filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(top, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			all[name+"/"] = ""
			return nil
		}
		data, err := os.ReadFile(path)
		all[name] = string(bytes.Clone(data))
		return err
	}))
	return all
}
