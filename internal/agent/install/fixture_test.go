package install_test

import (
	"crypto/sha256"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/redx-update/redx/internal/agent/disk"
	"github.com/redx-update/redx/internal/agent/install"
	"github.com/redx-update/redx/internal/agent/trace"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/lab"
	"github.com/redx-update/redx/internal/lab/marker"
	"github.com/redx-update/redx/internal/lab/payload"
	"github.com/redx-update/redx/internal/update"
	"github.com/redx-update/redx/internal/write/cab"
	"github.com/redx-update/redx/internal/write/hive"
)

const (
	state    = `C:\ProgramData\redx\agent`
	logs     = `C:\Windows\System32\winevt\Logs`
	folder   = `C:\Windows\SoftwareDistribution\Download\5c2a3f607d414be99a0e2f6f8e5b1d07`
	identity = "Package_for_KB5034122~31bf3856ad364e35~amd64~~1.0.0.1"
	source   = "http://wsus.lab:8530/Content/AB/0123456789ABCDEF0123456789ABCDEF012345AB.cab"
)

var (
	start = time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)
	fix   = update.Ref{
		ID: update.ID{GUID: guid.MustParse("5c2a3f60-7d41-4be9-9a0e-2f6f8e5b1d07"), Revision: 200}, KB: "KB5034122",
		Title: "2026-11 Update for lab computers (KB5034122)",
	}
)

// part is a component of a package, with its files by name.
type part struct {
	name    string
	files   map[string]string
	to      string // destination of all of them
	damaged bool   // its manifest's first digest is another
}

func (p part) component() payload.Component {
	c := payload.Component{Name: p.name}
	for _, name := range sorted(p.files) {
		c.Files = append(c.Files, payload.File{Name: name, Destination: p.to, Content: []byte(p.files[name])})
	}
	return c
}

func (p part) folder() string {
	c := p.component()
	return update1.Folder(&c)
}

func (p part) manifest() string {
	c := p.component()
	s := string(update1.ComponentManifest(&c))
	if p.damaged {
		const value = "<dsig:DigestValue>"
		at := strings.Index(s, value) + len(value)
		other := "A"
		if s[at] == 'A' {
			other = "B"
		}
		s = s[:at] + other + s[at+1:]
	}
	return s
}

// update1 is the package without its parts.
var update1 = payload.Package{KB: "KB5034122", Version: "1.0.0.1", Title: "lab"}

// parts is the package that most tests install: one file that is new, one that replaces, one for the store alone.
func parts() []part {
	return []part{
		{name: "redx-lab-a", files: map[string]string{"new.dll": "new", "old.dll": "a newer old.dll"}, to: `$(runtime.system32)\`},
		{name: "redx-lab-b", files: map[string]string{"store.dll": "only stored"}},
		{name: "redx-lab-c", files: map[string]string{"deep.txt": "below folders"}, to: `$(runtime.programFiles)\redx lab\deep\`},
	}
}

func mum(parts []part) string {
	p := update1
	for _, part := range parts {
		p.Components = append(p.Components, part.component())
	}
	return string(p.Manifest())
}

// cabinet is the payload that brings a package.
func cabinet(t testing.TB, parts []part) []byte {
	t.Helper()
	files := []cab.File{cab.Bytes("update.mum", start, []byte(mum(parts)))}
	for _, p := range parts {
		files = append(files, cab.Bytes(p.folder()+".manifest", start, []byte(p.manifest())))
		for _, name := range sorted(p.files) {
			files = append(files, cab.Bytes(p.folder()+`\`+name, start, []byte(p.files[name])))
		}
	}
	return pack(t, files...)
}

func pack(t testing.TB, files ...cab.File) []byte {
	t.Helper()
	b, err := cab.Encode(files, cab.Options{Method: cab.MSZIP})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// download puts a payload where it belongs.
func download(t testing.TB, d disk.Disk, name string, content []byte) trace.File {
	t.Helper()
	_, err := disk.MakeAll(d, folder)
	path := folder + `\` + name
	if err = errors.Join(err, disk.Replace(d, path, disk.Bytes(content))); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(content)
	return trace.File{Name: name, Path: path, Size: int64(len(content)), SHA256: sum[:], URLs: []string{source}, Done: true}
}

// computer is an image on which an update was downloaded and extracted.
type computer struct {
	*install.Installer
	order install.Order
	now   time.Time
}

func (c *computer) clock() time.Time {
	c.now = c.now.Add(time.Second)
	return c.now
}

// on makes the computer on a drive.
func on(t testing.TB, d disk.Disk) *computer {
	t.Helper()
	c := &computer{now: start}
	c.Installer = &install.Installer{
		Disk: d, Target: install.Lab, State: state, Windows: `C:\Windows`, Now: c.clock,
		Trace: trace.New(d, trace.Options{Root: `C:\Windows`, Logs: logs, Computer: "LAB-PC", Client: "redx agent"}),
	}
	c.order = install.Order{Update: fix, Folder: folder, Handler: install.Handler{Kind: install.CBS}}
	return c
}

// ready downloads and extracts the package there.
func (c *computer) ready(t testing.TB, parts []part) {
	t.Helper()
	p := download(t, c.Disk, "fix.cab", cabinet(t, parts))
	files, err := install.Extract(t.Context(), c.Disk, folder, []trace.File{p})
	if err != nil {
		t.Fatal(err)
	}
	c.order.Files = append([]trace.File{p}, files...)
	if err := c.Trace.Know(trace.Known{Update: fix, Files: c.order.Files}); err != nil {
		t.Fatal(err)
	}
}

// labImage makes a healthy lab image on this machine's disk.
func labImage(t testing.TB) (*computer, string) {
	t.Helper()
	healthy, err := lab.Parse("healthy", []byte("A healthy computer.\n-- expect --\nnothing\n"))
	if err != nil {
		t.Fatal(err)
	}
	top := t.TempDir()
	if err := lab.Build(healthy, top); err != nil {
		t.Fatal(err)
	}
	d, err := disk.Open(top, "C:")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	prepare(t, d)
	c := on(t, d)
	c.ready(t, parts())
	return c, top
}

// prepare makes what an image must have.
func prepare(t testing.TB, d disk.Disk) {
	t.Helper()
	_, err := disk.MakeAll(d, state)
	if err = errors.Join(err, disk.Replace(d, `C:\Windows\System32\old.dll`, disk.Bytes([]byte("the old old.dll")))); err != nil {
		t.Fatal(err)
	}
}

// bare makes as much of an image as an installer needs, on a drive that has nothing.
func bare(t testing.TB, d disk.Disk) {
	t.Helper()
	soft := &hive.Key{Name: "ROOT"}
	soft.Sub(`Microsoft\Windows NT\CurrentVersion`).SZ("SystemRoot", `C:\Windows`)
	b, err := hive.Encode(soft, hive.Options{Name: "SOFTWARE"})
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{`C:\Windows\System32\config`, logs, state} {
		if _, err := disk.MakeAll(d, dir); err != nil {
			t.Fatal(err)
		}
	}
	id := strings.Repeat("ab", 16)
	err = errors.Join(
		disk.Replace(d, `C:\Windows\System32\config\SOFTWARE`, disk.Bytes(b)),
		disk.Replace(d, `C:\`+marker.Name, disk.Bytes([]byte(`{"version":1,"id":"`+id+`","scenario":"x"}`))),
	)
	if err != nil {
		t.Fatal(err)
	}
	prepare(t, d)
}

func sorted[V any](m map[string]V) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	for i := range keys {
		for j := range keys[:i] {
			if keys[i] < keys[j] {
				keys[i], keys[j] = keys[j], keys[i]
			}
		}
	}
	return keys
}
