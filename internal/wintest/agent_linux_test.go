package wintest

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/redx-update/redx/internal/agent/setup"
	"github.com/redx-update/redx/internal/labca"
	"github.com/redx-update/redx/internal/write/cab"
)

// updates is a redx server on this Linux, with one update on it: a program that writes a file.
type updates struct {
	c    *computer
	dir  string // where its things are
	url  string
	done string // what the program writes, on drive C:
}

func newUpdates(c *computer) *updates {
	c.t.Helper()
	u := &updates{c: c, dir: c.t.TempDir(), done: "redx-update-done.txt"}
	u.publish()
	u.run()
	return u
}

// redx runs this system's redx.
func (u *updates) redx(args ...string) string {
	u.c.t.Helper()
	out, err := exec.Command(filepath.Join(u.c.here, "redx"), args...).CombinedOutput()
	if err != nil {
		u.c.t.Fatalf("redx %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

func (u *updates) file(name string, data []byte) string {
	u.c.t.Helper()
	path := filepath.Join(u.dir, name)
	u.c.must(os.WriteFile(path, data, 0o600))
	return path
}

// publish signs the update and approves it for all.
func (u *updates) publish() {
	u.c.t.Helper()
	now := time.Now()
	ca, err := labca.New("Wine CA", labca.ECDSA, now)
	u.c.must(err)
	id, err := ca.Publisher("Wine", now)
	u.c.must(err)
	pfx, err := id.PFX("open sesame")
	u.c.must(err)
	u.file("ca.pem", ca.PEM())
	program, err := os.ReadFile(filepath.Join(u.c.here, "redx.test.exe"))
	u.c.must(err)
	packed, err := cab.Encode([]cab.File{
		cab.Bytes("setup.exe", now, program), cab.Bytes("payload.dat", now, []byte("what setup.exe installs\n")),
	}, cab.Options{Method: cab.MSZIP})
	u.c.must(err)
	fix := u.file("fix.cab", packed)
	u.redx("server", "publish", fix, "--data", u.dir+"/srv", "--title", "A program for Wine", "--kb", "KB5099999", "--program", "setup.exe",
		"--arguments", `setup payload.dat C:\`+u.done, "--installed-if-file", `C:\`+u.done, "--exit-code", "0=success",
		"--approve", "All Computers", "--cert", u.file("publisher.pfx", pfx), "--cert-password-file", u.file("password.txt", []byte("open sesame\n")))
}

// run runs the server until the test ends.
func (u *updates) run() {
	t := u.c.t
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	u.c.must(err)
	addr := l.Addr().String()
	u.c.must(l.Close())
	u.url = "http://" + addr
	log, err := os.Create(filepath.Join(u.dir, "log"))
	u.c.must(err)
	cmd := exec.Command(filepath.Join(u.c.here, "redx"), "server", "run", "--data", u.dir+"/srv", "--listen", addr, "--console", "127.0.0.1:0")
	cmd.Stderr = log
	u.c.must(cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Signal(unix.SIGTERM) // it may have ended by itself, which the log says
		_ = cmd.Wait()
		if text, err := os.ReadFile(log.Name()); t.Failed() && err == nil {
			t.Logf("the server's log:\n%s", text)
		}
		log.Close()
	})
	u.c.waitFor("the server answers", func() bool {
		r, err := http.Get(u.url + "/healthz")
		if err != nil {
			return false
		}
		defer r.Body.Close()
		return r.StatusCode == http.StatusOK
	})
}

// windows is a path of this system as Wine's programs have it.
func windows(path string) string { return `Z:` + strings.ReplaceAll(path, "/", `\`) }

// turn is as redx agent prints it.
type turn struct {
	Updates  []struct{ Title string }
	Attempts []struct {
		Result, Code, Path, Title string
		Healing                   *struct {
			Healed, Why, Cause string
			Rungs              []string
		}
	}
	Error string
}

// TestAgent is the whole story on a computer with the agent as its service: an update is downloaded, a file of it goes, the
// installation fails with a red X, the agent mends itself, and it is green. Then nothing of the agent is left.
func TestAgent(t *testing.T) {
	c := bareComputer(t)
	u := newUpdates(c)
	t.Cleanup(func() { os.Remove(c.path(u.done)) })
	c.elevate()
	before := c.tool("traces")
	config := u.file("agent.toml", []byte("[visit]\nfirst_within = \"1000h\"\n[heal]\nwithin = \"0s\"\n"))
	c.wants(0, "agent", "install", "--server", u.url, "--trust", windows(filepath.Join(u.dir, "ca.pem")), "--config", windows(config), "--yes")
	t.Cleanup(func() { c.redx("agent", "uninstall", "--all", "--yes") })
	c.waitFor("the agent answers", func() bool {
		var s struct{ Running bool }
		a := c.redx("agent", "status", "--json")
		return json.Unmarshal([]byte(a.out), &s) == nil && s.Running
	})

	c.wantService()

	var scan, got turn
	c.json(&scan, "agent", "scan")
	if len(scan.Updates) != 1 || scan.Updates[0].Title != "A program for Wine" {
		t.Fatalf("the scan gives %+v", scan)
	}
	c.json(&got, "agent", "download")
	if len(got.Attempts) != 0 || got.Error != "" {
		t.Fatalf("the download gives %+v", got)
	}
	lost := c.lose("payload.dat")
	c.json(&got, "agent", "install-updates")
	if len(got.Attempts) != 1 || got.Attempts[0].Healing == nil {
		t.Fatalf("the installation gives %+v", got)
	}
	at := got.Attempts[0]
	if at.Result != "failed" || at.Code != "0x80070002" || !strings.HasSuffix(strings.ToLower(at.Path), "payload.dat") {
		t.Errorf("the red X is %+v, and %s is gone", at, lost)
	}
	if h := at.Healing; h.Healed != "mended" || fmt.Sprint(h.Rungs) != "[update-folder]" {
		t.Errorf("the healing is %+v", *h)
	}
	if text, err := os.ReadFile(c.path(u.done)); err != nil || string(text) != "what setup.exe installs\n" {
		t.Errorf("the update is not installed: %q, %v", text, err)
	}
	c.json(&scan, "agent", "scan")
	if len(scan.Updates) != 0 {
		t.Errorf("afterwards %+v is still needed", scan.Updates)
	}

	c.wants(0, "agent", "uninstall", "--all", "--yes")
	if out := c.tool("traces"); out != before {
		t.Errorf("what is left of the agent:\n%s\nand there was before:\n%s", out, before)
	}
	if _, err := os.Stat(c.path("ProgramData/redx")); err == nil {
		t.Errorf("its folder is left: %v", c.tree("ProgramData/redx"))
	}
}

// wantService wants the service manager to have the agent as a service that starts by itself, some time after the others,
// and the event log to know it. That it is started again when it fails, Wine takes down and does not do.
func (c *computer) wantService() {
	c.t.Helper()
	var got []serviceState
	c.must(json.Unmarshal([]byte(c.tool("state", setup.Name)), &got))
	want := []serviceState{{Name: setup.Name, Present: true, Running: true, Start: 2, Delayed: true}}
	if !slices.Equal(got, want) {
		c.t.Errorf("the service is %+v, want %+v", got, want)
	}
	if out := c.tool("traces"); !strings.Contains(out, `\EventLog\Application\`+setup.Name+"\n") {
		c.t.Errorf("the event log knows no such source:\n%s", out)
	}
}

// TestAgentLocation has Windows' own agent use a server by a policy: what was there before is there again afterwards, but for
// what an administrator has changed meanwhile.
func TestAgentLocation(t *testing.T) {
	c := bareComputer(t)
	c.elevate()
	t.Cleanup(func() { c.tool("dropPolicy") })
	for _, tt := range []struct{ name, before, meanwhile string }{
		{name: "no policy"}, {name: "another server", before: "http://old:8530"}, {"changed meanwhile", "http://old:8530", "http://newer:8530"},
	} {
		c.tool("dropPolicy")
		if tt.before != "" {
			c.tool("setPolicy", "WUServer", tt.before)
		}
		before := c.tool("traces")
		c.wants(0, "agent", "install", "--engine", "wua", "--set-location", "http://updates.example:8530", "--yes")
		during := c.tool("traces")
		for _, line := range []string{`WUServer = "http://updates.example:8530" 0`, `WUStatusServer = "http://updates.example:8530" 0`, `UseWUServer = "" 1`} {
			if !strings.Contains(during, "  "+line+"\n") {
				t.Errorf("%s: no %s in\n%s", tt.name, line, during)
			}
		}
		if tt.meanwhile != "" {
			c.tool("setPolicy", "WUServer", tt.meanwhile)
			before = strings.Replace(before, tt.before, tt.meanwhile, 1)
		}
		a := c.wants(0, "agent", "uninstall", "--all", "--yes")
		if named := strings.Contains(a.err, `WindowsUpdate\WUServer`); named != (tt.meanwhile != "") {
			t.Errorf("%s: it says %s", tt.name, a.err)
		}
		if after := c.tool("traces"); after != before {
			t.Errorf("%s: left:\n%s\nand there was before:\n%s", tt.name, after, before)
		}
	}
}

// elevate has Wine give the service's program the rights that Windows gives every service of the system.
func (c *computer) elevate() {
	c.t.Helper()
	manifest, err := os.ReadFile(filepath.Join(c.here, "redx.exe.manifest"))
	c.must(err)
	folder := c.path("ProgramData/redx/agent")
	c.must(os.MkdirAll(folder, 0o700))
	c.must(os.WriteFile(filepath.Join(folder, "redx.exe.manifest"), manifest, 0o600))
}

// lose removes a file of that name from a download folder of the agent's.
func (c *computer) lose(name string) (path string) {
	c.t.Helper()
	for file := range c.tree("ProgramData/redx/SoftwareDistribution/Download") {
		if strings.EqualFold(filepath.Base(file), name) {
			path = file
		}
	}
	if path == "" {
		c.t.Fatalf("no %s among %v", name, c.names("ProgramData/redx/SoftwareDistribution/Download"))
	}
	c.must(os.Remove(c.path("ProgramData/redx/SoftwareDistribution/Download/" + filepath.ToSlash(path))))
	return path
}

// TestLab tells the lab's whole story with Windows' programs.
func TestLab(t *testing.T) {
	if testing.Short() {
		t.Skip("run this without REDX_WINE_SHORT: it takes its time, and the same is tried without Wine")
	}
	c := bareComputer(t)
	var told struct {
		Expected bool
		Folder   string
		Wrong    []string
	}
	c.json(&told, "lab", "--fast")
	if !told.Expected {
		t.Errorf("not as it should be: %q", told.Wrong)
	}
	drive, below, _ := strings.Cut(told.Folder, `:\`)
	if drive != "C" || !strings.Contains(below, "redx-lab-") {
		t.Fatalf("it stands in %s", told.Folder)
	}
	c.must(os.RemoveAll(c.path(strings.ReplaceAll(below, `\`, "/"))))
}
