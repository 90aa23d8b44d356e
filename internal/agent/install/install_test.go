package install_test

import (
	"context"
	"crypto/sha1"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/agent"
	"github.com/redx-update/redx/internal/agent/disk"
	"github.com/redx-update/redx/internal/agent/install"
	"github.com/redx-update/redx/internal/agent/trace"
	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/doctor/check"
	"github.com/redx-update/redx/internal/gather"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/history"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/image/offline"
	"github.com/redx-update/redx/internal/lab/payload"
	"github.com/redx-update/redx/internal/update"
	"github.com/redx-update/redx/internal/winsys"
)

// look reads an image as redx reads any other.
func look(t *testing.T, top string) ([]history.Entry, []doctor.Finding, []string) {
	t.Helper()
	img, err := offline.Open(top)
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	set, err := gather.Gather(context.Background(), img, gather.Options{})
	if err != nil {
		t.Fatal(err)
	}
	root, _, err := img.Hive("SOFTWARE")
	if err != nil {
		t.Fatal(err)
	}
	var packages []string
	for p, err := range winsys.NewSoftware(root).Packages() {
		if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p.Name+" "+p.State.String())
	}
	return history.Merge(set), doctor.Examine(set, check.All()), packages
}

// files gives what stands in an image, without what keeps its history.
func files(t *testing.T, top string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(top, func(path string, e os.DirEntry, err error) error {
		rel, rerr := filepath.Rel(top, path)
		if err = errors.Join(err, rerr); err != nil || strings.Contains(rel, "SoftwareDistribution") || strings.Contains(rel, "winevt") {
			return err
		}
		rel = filepath.ToSlash(rel)
		if e.IsDir() {
			all[rel+"/"] = ""
			return nil
		}
		b, err := os.ReadFile(path)
		all[rel] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestInstallAndUninstall(t *testing.T) {
	c, top := labImage(t)
	before := files(t, top)
	if r, err := c.Install(t.Context(), c.order); err != nil || r != (agent.Result{}) {
		t.Fatalf("%+v, %v", r, err)
	}
	entries, findings, packages := look(t, top)
	if len(entries) != 1 || entries[0].Result != update.Succeeded || len(entries[0].Sources) < 3 {
		t.Errorf("history: %+v", entries)
	}
	if len(findings) > 0 {
		t.Errorf("findings: %+v", findings)
	}
	if diff := cmp.Diff([]string{identity + " installed"}, packages); diff != "" {
		t.Error(diff)
	}
	after := files(t, top)
	for path, want := range map[string]string{
		"Windows/System32/new.dll": "new", "Windows/System32/old.dll": "a newer old.dll", "Program Files/redx lab/deep/deep.txt": "below folders",
		"Windows/WinSxS/" + parts()[1].folder() + "/store.dll":          "only stored",
		"Windows/WinSxS/Manifests/" + parts()[0].folder() + ".manifest": parts()[0].manifest(),
		"Windows/servicing/Packages/" + identity + ".mum":               mum(parts()),
	} {
		if after[path] != want {
			t.Errorf("%s is %q", path, after[path])
		}
	}
	for path := range after {
		if strings.Contains(path, ".redx-") || strings.HasSuffix(path, "install.json") {
			t.Errorf("left over: %s", path)
		}
	}
	if r, err := c.Uninstall(t.Context(), c.order); err != nil || r != (agent.Result{}) {
		t.Fatalf("%+v, %v", r, err)
	}
	entries, _, packages = look(t, top)
	if len(entries) != 2 || entries[0].Operation != update.Uninstall || len(packages) != 0 {
		t.Errorf("history: %+v, packages %q", entries, packages)
	}
	again := files(t, top)
	for path := range again {
		if _, was := before[path]; !was {
			t.Errorf("left over: %s", path)
		}
	}
	delete(before, "Windows/System32/config/SOFTWARE") // it holds the same keys in another order of cells
	for path, content := range before {
		if again[path] != content {
			t.Errorf("%s is %q", path, again[path])
		}
	}
	if _, err := c.Uninstall(t.Context(), c.order); codeOf(err) != 0x80240028 {
		t.Errorf("taken off twice: %v", err)
	}
}

func codeOf(err error) hresult.Code {
	var f *agent.Failure
	if errors.As(err, &f) {
		return f.Code
	}
	return hresult.OK
}

// TestNewerFileStays takes a package off whose file another update has replaced since, after a second installation.
func TestNewerFileStays(t *testing.T) {
	c, top := labImage(t)
	for range 2 {
		if _, err := c.Install(t.Context(), c.order); err != nil {
			t.Fatal(err)
		}
	}
	if err := disk.Replace(c.Disk, `C:\Windows\System32\new.dll`, disk.Bytes([]byte("newer still"))); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Uninstall(t.Context(), c.order); err != nil {
		t.Fatal(err)
	}
	got := files(t, top)
	if got["Windows/System32/new.dll"] != "newer still" || got["Windows/System32/old.dll"] != "the old old.dll" {
		t.Errorf("%q, %q", got["Windows/System32/new.dll"], got["Windows/System32/old.dll"])
	}
}

// TestMissing removes each file and folder of the update in turn: it fails with the code and the path, nothing is
// changed, and the doctor proves what is missing.
func TestMissing(t *testing.T) {
	dir := parts()[0].folder()
	for name, tt := range map[string]struct {
		gone string
		code hresult.Code
	}{
		"a file":              {dir + `\new.dll`, 0x80070002},
		"a folder of it":      {dir, 0x80070003},
		"a manifest":          {dir + ".manifest", 0x80070002},
		"the package's":       {"update.mum", 0x80070002},
		"the payload":         {"fix.cab", 0x80070002},
		"the update's folder": {"", 0x80070003},
	} {
		t.Run(name, func(t *testing.T) {
			c, top := labImage(t)
			gone := strings.TrimRight(folder+`\`+tt.gone, `\`)
			if err := disk.RemoveAll(c.Disk, gone); err != nil {
				t.Fatal(err)
			}
			before := files(t, top)
			_, err := c.Install(t.Context(), c.order)
			var f *agent.Failure
			if !errors.As(err, &f) || f.Code != tt.code || f.Path != gone || f.Stage != agent.Installing || f.Update != fix {
				t.Fatalf("got %v", err)
			}
			if diff := cmp.Diff(before, files(t, top)); diff != "" {
				t.Error(diff)
			}
			entries, findings, packages := look(t, top)
			if len(entries) != 1 || entries[0].Code != tt.code || len(packages) > 0 {
				t.Errorf("history: %+v, packages %q", entries, packages)
			}
			if len(findings) != 1 || findings[0].Check != "payload-missing-download" || findings[0].Confidence != doctor.Proven ||
				len(findings[0].Missing) == 0 || !strings.HasPrefix(findings[0].Missing[0].Name, gone) || findings[0].Files[0].URL != source {
				t.Errorf("findings: %+v", findings)
			}
		})
	}
}

func TestDamaged(t *testing.T) {
	for name, tt := range map[string]struct {
		content string
		code    hresult.Code
	}{
		"another size":    {"newer", 0x80070570},
		"another content": {"neW", 0x80096010},
	} {
		t.Run(name, func(t *testing.T) {
			c, top := labImage(t)
			path := folder + `\` + parts()[0].folder() + `\new.dll`
			if err := disk.Replace(c.Disk, path, disk.Bytes([]byte(tt.content))); err != nil {
				t.Fatal(err)
			}
			_, err := c.Install(t.Context(), c.order)
			if codeOf(err) != tt.code {
				t.Fatalf("got %v", err)
			}
			for n, f := range c.order.Files { // of an old update there is no other digest
				b := []byte(parts()[0].files["new.dll"])
				if sum := sha1.Sum(b); f.Path == path {
					c.order.Files[n].SHA1, c.order.Files[n].SHA256 = sum[:], nil
				}
			}
			if _, err := c.Install(t.Context(), c.order); codeOf(err) != tt.code {
				t.Fatalf("by its SHA-1: got %v", err)
			}
			_, findings, _ := look(t, top)
			if len(findings) != 1 || findings[0].Check != "payload-damaged" || findings[0].Confidence != doctor.Proven {
				t.Errorf("findings: %+v", findings)
			}
		})
	}
}

// TestManifestHasTheLastWord refuses a file that is what it was when it came, and is not what its manifest says.
func TestManifestHasTheLastWord(t *testing.T) {
	c, _ := labImage(t)
	p := parts()
	p[1].damaged = true
	c.ready(t, p)
	if _, err := c.Install(t.Context(), c.order); codeOf(err) != 0x80096010 {
		t.Errorf("got %v", err)
	}
	p = parts()
	c.ready(t, p)
	gone := folder + `\` + p[0].folder()
	c.order.Files = c.order.Files[:2] // nobody remembers the rest
	if err := errors.Join(c.Disk.Remove(gone+`\new.dll`), c.Disk.Remove(gone+".manifest")); err != nil {
		t.Fatal(err)
	}
	_, err := c.Install(t.Context(), c.order)
	var f *agent.Failure
	if !errors.As(err, &f) || f.Code != 0x80070002 || f.Path != gone+".manifest" {
		t.Errorf("got %v", err)
	}
}

// TestPlacesThatAreNone refuses packages that bring files where none belong.
func TestPlacesThatAreNone(t *testing.T) {
	for _, to := range []string{
		`$(runtime.system32)\..\..\x\`, `C:\Windows\System32\`, `$(runtime.nowhere)\`, `$(runtime.system32)\config\`, `$(runtime.system32\`, `\`,
		`$(runtime.programData)\redx\agent\`, `$(runtime.system32)\a:b\`,
	} {
		c, top := labImage(t)
		p := parts()
		p[1].to = to
		c.ready(t, p)
		before := files(t, top)
		if _, err := c.Install(t.Context(), c.order); codeOf(err) != 0x8007000D {
			t.Errorf("%s: got %v", to, err)
		}
		if diff := cmp.Diff(before, files(t, top)); diff != "" {
			t.Errorf("%s: %s", to, diff)
		}
	}
}

// TestLinkInTheWay meets a link where a file goes.
func TestLinkInTheWay(t *testing.T) {
	c, top := labImage(t)
	elsewhere := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(elsewhere, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	link(t, elsewhere, filepath.Join(top, "Windows", "System32", "new.dll"))
	if _, err := c.Install(t.Context(), c.order); codeOf(err) == hresult.OK || !errors.Is(err, disk.ErrLink) {
		t.Errorf("got %v", err)
	}
	if b, err := os.ReadFile(elsewhere); err != nil || string(b) != "precious" {
		t.Errorf("%q, %v", b, err)
	}
}

func TestCancelled(t *testing.T) {
	c, top := labImage(t)
	before := files(t, top)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Install(ctx, c.order); codeOf(err) != 0x8024000B {
		t.Errorf("got %v", err)
	}
	if diff := cmp.Diff(before, files(t, top)); diff != "" {
		t.Error(diff)
	}
	if entries, _, _ := look(t, top); len(entries) != 1 || entries[0].Result != update.Cancelled {
		t.Errorf("history: %+v", entries)
	}
}

// bundle gives two parts, the second in a folder of its own.
func bundle(t *testing.T, c *computer) (update.Ref, []install.Order) {
	t.Helper()
	second := install.Order{Handler: c.order.Handler, Folder: strings.Replace(folder, "5c2a", "6c2a", 1)}
	second.Update = update.Ref{ID: update.ID{GUID: guid.MustParse("6c2a3f60-7d41-4be9-9a0e-2f6f8e5b1d07"), Revision: 1}, KB: fix.KB}
	p := payload.Package{KB: fix.KB, Version: "1.0.0.2", Components: []payload.Component{
		{Name: "redx-lab-z", Files: []payload.File{{Name: "z.dll", Destination: `$(runtime.programFiles)\redx lab\z\`, Content: []byte("z")}}},
	}}
	b, err := p.Cabinet()
	if err != nil {
		t.Fatal(err)
	}
	_, err = disk.MakeAll(c.Disk, second.Folder)
	cab := trace.File{Name: "z.cab", Path: second.Folder + `\z.cab`, Size: int64(len(b))}
	if err = errors.Join(err, disk.Replace(c.Disk, cab.Path, disk.Bytes(b))); err != nil {
		t.Fatal(err)
	}
	second.Files, err = install.Extract(t.Context(), c.Disk, second.Folder, []trace.File{cab})
	if err != nil {
		t.Fatal(err)
	}
	whole := update.Ref{ID: update.ID{GUID: guid.MustParse("7c2a3f60-7d41-4be9-9a0e-2f6f8e5b1d07"), Revision: 3}, KB: fix.KB, Title: "A bundle (KB5034122)"}
	return whole, []install.Order{c.order, second}
}

// TestBundle installs an update of two parts as one: both or none, and one line of the history.
func TestBundle(t *testing.T) {
	c, top := labImage(t)
	whole, parts := bundle(t, c)
	before := files(t, top)
	gone := parts[1].Files[len(parts[1].Files)-1].Path
	content, err := disk.Read(c.Disk, gone, 100)
	if err = errors.Join(err, c.Disk.Remove(gone)); err != nil {
		t.Fatal(err)
	}
	var f *agent.Failure
	if _, err := c.InstallBundle(t.Context(), whole, parts); !errors.As(err, &f) || f.Code != 0x80070002 || f.Path != gone || f.Update != whole {
		t.Fatalf("got %v", err)
	}
	if diff := cmp.Diff(before, files(t, top)); diff != "" {
		t.Error(diff)
	}
	if err := disk.Replace(c.Disk, gone, disk.Bytes(content)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.InstallBundle(t.Context(), whole, parts); err != nil {
		t.Fatal(err)
	}
	entries, findings, packages := look(t, top)
	if len(entries) != 2 || entries[0].Update.Title != whole.Title || len(packages) != 2 || len(findings) > 0 {
		t.Errorf("history: %+v, packages %q, findings %+v", entries, packages, findings)
	}
	if _, err := c.UninstallBundle(t.Context(), whole, parts); err != nil {
		t.Fatal(err)
	}
	after := files(t, top)
	delete(before, "Windows/System32/config/SOFTWARE")
	delete(after, "Windows/System32/config/SOFTWARE")
	if diff := cmp.Diff(before, after); diff != "" {
		t.Error(diff)
	}
	parts[1].Handler = command
	if _, err := c.InstallBundle(t.Context(), whole, parts); codeOf(err) != 0x80242002 {
		t.Errorf("a program in an image: %v", err)
	}
	if _, err := c.InstallBundle(t.Context(), whole, nil); err == nil {
		t.Error("nothing was installed without an error")
	}
}

// TestDamagedDatastore installs on a computer whose history cannot be kept in one of its places: the others have it, and
// the attempt is over.
func TestDamagedDatastore(t *testing.T) {
	c, top := labImage(t)
	harmed := []byte("no database any more")
	if err := disk.Replace(c.Disk, c.Trace.Datastore(), disk.Bytes(harmed)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Install(t.Context(), c.order); err != nil {
		t.Fatal(err)
	}
	entries, _, packages := look(t, top)
	if len(entries) != 1 || len(entries[0].Sources) < 2 || len(packages) != 1 {
		t.Errorf("history: %+v, packages %q", entries, packages)
	}
	if b, err := disk.Read(c.Disk, c.Trace.Datastore(), 100); err != nil || string(b) != string(harmed) {
		t.Errorf("%q, %v", b, err)
	}
	if ended, err := c.Recover(); ended != nil || err != nil {
		t.Errorf("%+v, %v", ended, err)
	}
}

// TestRealImage holds that an image without the marker is left alone.
func TestRealImage(t *testing.T) {
	c, top := labImage(t)
	if err := os.Remove(filepath.Join(top, "redx-lab.json")); err != nil {
		t.Fatal(err)
	}
	target, err := install.TargetOf(c.Disk)
	if target != install.Image || err != nil {
		t.Fatal(target, err)
	}
	before := files(t, top)
	c.Target, c.Top = target, "/mnt/c"
	_, err = c.Install(t.Context(), c.order)
	var e *install.Elsewhere
	if !errors.As(err, &e) || e.Command != `dism /image:"/mnt/c" /add-package /packagepath:"/mnt/c`+folder[2:]+`\fix.cab"` {
		t.Errorf("got %v", err)
	}
	c.Target = install.Lab
	if _, err := c.Install(t.Context(), c.order); err == nil {
		t.Error("installed without a marker")
	}
	if diff := cmp.Diff(before, files(t, top)); diff != "" {
		t.Error(diff)
	}
}
