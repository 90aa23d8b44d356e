package install_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/agent"
	"github.com/redx-update/redx/internal/agent/disk"
	"github.com/redx-update/redx/internal/agent/disk/disksim"
	"github.com/redx-update/redx/internal/agent/install"
	"github.com/redx-update/redx/internal/agent/trace"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/write/cab"
)

func extract(t *testing.T, d disk.Disk, files ...trace.File) ([]trace.File, error) {
	t.Helper()
	return install.Extract(t.Context(), d, folder, files)
}

func TestExtract(t *testing.T) {
	for what, d := range map[string]disk.Disk{"simulated": disksim.New(), "real": realDrive(t)} {
		p := download(t, d, "fix.cab", cabinet(t, parts()))
		for range 2 { // what is there already is replaced
			files, err := extract(t, d, p)
			if err != nil {
				t.Fatal(what, err)
			}
			if len(files) != 8 || files[0].Name != "update.mum" {
				t.Errorf("%s: %+v", what, files)
			}
			for _, f := range files {
				b, err := disk.Read(d, f.Path, 1<<20)
				if sum := sha256.Sum256(b); err != nil || !bytes.Equal(sum[:], f.SHA256) || f.Size != int64(len(b)) || f.URLs[0] != source || !f.Done {
					t.Errorf("%s: %+v, %v", what, f, err)
				}
			}
		}
		names, err := d.Names(folder)
		if err != nil || slices.ContainsFunc(names, func(n string) bool { return strings.Contains(n, "redx") && strings.HasSuffix(n, "part") }) {
			t.Errorf("%s: %q, %v", what, names, err)
		}
	}
}

func realDrive(t *testing.T) disk.Disk {
	t.Helper()
	d, err := disk.Open(t.TempDir(), "C:")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// TestStandalonePackage unpacks a .msu: the cabinets in it too, but for the one that is for scans.
func TestStandalonePackage(t *testing.T) {
	d := disksim.New()
	scan := pack(t, cab.Bytes("index.xml", start, []byte("x")))
	p := download(t, d, "windows10.0-kb5034122-x64.msu", pack(
		t, cab.Bytes("WSUSSCAN.cab", start, scan), cab.Bytes("Windows10.0-KB5034122-x64.cab", start, cabinet(t, parts())),
		cab.Bytes("Windows10.0-KB5034122-x64-pkgProperties.txt", start, []byte("KB Article Number=5034122")),
	))
	files, err := extract(t, d, p)
	if err != nil || len(files) != 3+8 {
		t.Errorf("%d files, %v", len(files), err)
	}
	if there, err := disk.Exists(d, folder+`\index.xml`); there || err != nil {
		t.Error("the cabinet for scans was unpacked", err)
	}
}

// TestHostileCabinets refuses what leads out of the folder or twice to one place, before anything is written.
func TestHostileCabinets(t *testing.T) {
	x := []byte("x")
	for name, files := range map[string][]cab.File{
		"up":                 {cab.Bytes("sound", start, x), cab.Bytes(`..\x`, start, x)},
		"up below":           {cab.Bytes(`a\..\..\x`, start, x)},
		"up with a slash":    {cab.Bytes("a/../../x", start, x)},
		"the drive":          {cab.Bytes(`C:\Windows\x`, start, x)},
		"the root":           {cab.Bytes(`\Windows\x`, start, x)},
		"a share":            {cab.Bytes(`\\server\share\x`, start, x)},
		"a stream":           {cab.Bytes("x:y", start, x)},
		"a device":           {cab.Bytes("nul", start, x)},
		"a dot at the end":   {cab.Bytes("x.", start, x)},
		"twice":              {cab.Bytes("x", start, x), cab.Bytes("X", start, x)},
		"the payload":        {cab.Bytes("FIX.cab", start, x)},
		"what is unfinished": {cab.Bytes("x.redx-part", start, x)},
	} {
		d := disksim.New()
		p := download(t, d, "fix.cab", pack(t, files...))
		before := d.Files()
		_, err := extract(t, d, p)
		var f *agent.Failure
		if !errors.As(err, &f) || f.Stage != agent.Extracting || f.Code != 0x8007000D || f.Path != p.Path {
			t.Errorf("%s: got %v", name, err)
		}
		if diff := cmp.Diff(before, d.Files()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestExtractFailures(t *testing.T) {
	sound := cabinet(t, parts())
	torn := bytes.Clone(sound)
	torn[len(torn)-5] ^= 0x55
	for name, tt := range map[string]struct {
		payload string
		content []byte
		gone    bool
		code    hresult.Code
		want    int
	}{
		"damaged":       {"fix.cab", torn, false, 0x80070570, 0},
		"cut":           {"fix.cab", sound[:len(sound)/2], false, 0x80070570, 0},
		"no cabinet":    {"fix.cab", []byte("MZ"), false, 0x80070570, 0},
		"not there":     {"fix.cab", sound, true, 0x80070002, 0},
		"other payload": {"setup.exe", []byte("MZ"), false, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			d := disksim.New()
			p := download(t, d, tt.payload, tt.content)
			if tt.gone {
				if err := d.Remove(p.Path); err != nil {
					t.Fatal(err)
				}
			}
			files, err := extract(t, d, p)
			if codeOf(err) != tt.code || len(files) != tt.want {
				t.Errorf("%d files, %v", len(files), err)
			}
		})
	}
	d := disksim.New()
	p := download(t, d, "fix.cab", sound)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := install.Extract(ctx, d, folder, []trace.File{p}); codeOf(err) != 0x8024000B {
		t.Errorf("cancelled: %v", err)
	}
}

// TestExtractCrash stops the computer anywhere in an extraction: what bears a file's name is that file, whole.
func TestExtractCrash(t *testing.T) {
	for n, done := 1, false; !done; n++ {
		d := disksim.New()
		p := download(t, d, "fix.cab", cabinet(t, parts()))
		d.Settle()
		d.CrashAt(n)
		_, err := extract(t, d, p)
		done = !d.Dead()
		if done != (err == nil) {
			t.Fatal(n, err)
		}
		d.PowerCut(disksim.LoseSome, rngOf(n))
		for path, content := range d.Files() {
			if strings.HasSuffix(path, ".dll") && !slices.Contains([]string{"new", "a newer old.dll", "only stored"}, content) {
				t.Fatalf("I/O %d: %s is %q", n, path, content)
			}
		}
		if _, err := extract(t, d, p); err != nil {
			t.Fatalf("I/O %d: again: %v", n, err)
		}
		for path := range d.Files() {
			if strings.HasSuffix(path, ".redx-part") {
				t.Fatalf("I/O %d: left over: %s", n, path)
			}
		}
	}
}

func TestExtractToALink(t *testing.T) {
	d := realDrive(t)
	p := download(t, d, "fix.cab", cabinet(t, parts()))
	drive, ok := d.(*disk.Drive)
	if !ok {
		t.Fatal("not a drive")
	}
	host, err := drive.Host(folder)
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := t.TempDir()
	link(t, elsewhere, filepath.Join(host, parts()[0].folder()))
	if _, err := extract(t, d, p); err == nil {
		t.Error("extracted through a link")
	}
	if all, err := filepath.Glob(filepath.Join(elsewhere, "*")); err != nil || len(all) > 0 {
		t.Errorf("written elsewhere: %q, %v", all, err)
	}
	if _, err := d.Stat(folder + `\nothing`); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}
