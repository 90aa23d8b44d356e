package install_test

import (
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/agent/disk"
	"github.com/redx-update/redx/internal/agent/install"
	"github.com/redx-update/redx/internal/agent/trace"
	"github.com/redx-update/redx/internal/hresult"
)

func rngOf(n int) *rand.Rand { return rand.New(rand.NewPCG(11, uint64(n))) }

func link(t *testing.T, target, name string) {
	t.Helper()
	if err := os.Symlink(target, name); err != nil {
		t.Skip("cannot make symbolic links here:", err)
	}
	if info, err := os.Lstat(name); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Skip("symbolic links are none here, as under Wine:", err)
	}
}

// fake stands for the programs of a running Windows.
type fake struct {
	code    int32
	err     error
	started []install.Program
}

func (f *fake) Run(_ context.Context, p install.Program) (int32, error) {
	f.started = append(f.started, p)
	return f.code, f.err
}

var (
	command = install.Handler{Kind: install.CommandLine, Install: install.Command{
		Program: "setup.exe", Arguments: `/q "with space" a\"b`, Other: install.Outcome{Failed: true},
		Codes: map[int32]install.Outcome{3010: {Restart: true}, 7: {Cancelled: true}},
	}}
	cbs    = install.Handler{Kind: install.CBS}
	driver = install.Handler{Kind: install.Driver}
	msi    = install.Handler{
		Kind: install.MSI, Product: "{00112233-4455-6677-8899-AABBCCDDEEFF}", Package: "fix.msi", Install: install.Command{Arguments: "X=1"},
	}
)

const (
	setup = folder + `\setup.exe|/q|with space|a"b`
	add   = `C:\Windows\System32\dism.exe|/online|/add-package|/packagepath:` + folder + `\fix.cab|/quiet|/norestart`
	off   = `C:\Windows\System32\dism.exe|/online|/remove-package|/packagename:` + identity + `|/quiet|/norestart`
	pnp   = `C:\Windows\System32\pnputil.exe|/add-driver|` + folder + `\*.inf|/subdirs|/install`
	msiOn = `C:\Windows\System32\msiexec.exe|/i|` + folder + `\fix.msi|/qn|/norestart|X=1`
)

var handlers = map[string]struct {
	handler   install.Handler
	uninstall bool
	exit      int32
	err       error
	want      string // the program's path and its arguments
	code      hresult.Code
	restart   bool
}{
	"program":           {handler: command, want: setup},
	"program, restart":  {handler: command, exit: 3010, want: setup, restart: true},
	"program, fails":    {handler: command, exit: 5, want: setup, code: 0x80070005},
	"program, result":   {handler: command, exit: -2145124329, want: setup, code: 0x80240017},
	"program, stopped":  {handler: command, exit: 7, want: setup, code: 0x8024000B},
	"program, hangs":    {handler: command, err: context.DeadlineExceeded, want: setup, code: 0x80242007},
	"program, gone off": {handler: command, uninstall: true, code: 0x80240028},
	"package":           {handler: cbs, want: add},
	"package, restart":  {handler: cbs, exit: 3010, want: add, restart: true},
	"package, fails":    {handler: cbs, exit: -2146498530, want: add, code: 0x800F081E},
	"package, off":      {handler: cbs, uninstall: true, want: off},
	"installer":         {handler: msi, want: msiOn},
	"installer, fails":  {handler: msi, exit: 1603, want: msiOn, code: 0x80070643},
	"installer, off":    {handler: msi, uninstall: true, want: `C:\Windows\System32\msiexec.exe|/x|{00112233-4455-6677-8899-AABBCCDDEEFF}|/qn|/norestart`},
	"driver":            {handler: driver, want: pnp},
	"driver, no device": {handler: driver, exit: 259, want: pnp},
	"driver, restart":   {handler: driver, exit: 3010, want: pnp, restart: true},
	"driver, fails":     {handler: driver, exit: -536870339, want: pnp, code: 0xE000023D},
	"driver, off":       {handler: driver, uninstall: true, code: 0x80240028},
	"unknown":           {handler: install.Handler{Kind: "drivers"}, code: 0x80242002},
}

// TestHandlers holds what is started for each handler, and what comes of its exit codes.
func TestHandlers(t *testing.T) {
	for name, tt := range handlers {
		t.Run(name, func(t *testing.T) {
			d, c := simulated(t)
			programs := &fake{code: tt.exit, err: tt.err}
			c.Target, c.Programs, c.order.Handler = install.Running, programs, tt.handler
			for _, n := range []string{"setup.exe", "fix.msi"} {
				c.order.Files = append(c.order.Files, download(t, d, n, []byte("MZ")))
			}
			r, err := c.either(tt.uninstall)(t.Context(), c.order)
			if codeOf(err) != tt.code || (err == nil) != (tt.code == 0) || r.RestartNeeded != tt.restart {
				t.Errorf("%+v, %v", r, err)
			}
			got := ""
			for _, p := range programs.started {
				got += p.Path
				for _, a := range p.Args {
					got += "|" + a
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			rows, lines, events := attempts(t, d)
			logged := 1
			if tt.code == 0x8024000B {
				logged = 0 // no event of Windows' says that an installation was stopped
			}
			if rows != 1 || lines != 1 || events != logged {
				t.Errorf("%d %d %d attempts", rows, lines, events)
			}
		})
	}
}

// TestRealUpdateBringsLess installs on a running Windows what its manifests name more of; what came with it must be there.
func TestRealUpdateBringsLess(t *testing.T) {
	d, c := simulated(t)
	c.Target, c.Programs = install.Running, &fake{}
	gone := folder + `\` + parts()[0].folder() + `\new.dll`
	if err := d.Remove(gone); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Install(t.Context(), c.order); codeOf(err) != 0x80070002 {
		t.Errorf("got %v", err)
	}
	c.order.Files = slices.DeleteFunc(c.order.Files, func(f trace.File) bool { return f.Path == gone })
	if _, err := c.Install(t.Context(), c.order); err != nil {
		t.Error(err)
	}
}

// TestStandalonePackageForDISM gives DISM the package as it came.
func TestStandalonePackageForDISM(t *testing.T) {
	d, c := simulated(t)
	programs := &fake{}
	c.Target, c.Programs = install.Running, programs
	c.order.Files = append(c.order.Files, download(t, d, "WSUSSCAN.cab", []byte("x")), download(t, d, "fix.msu", []byte("x")))
	if _, err := c.Install(t.Context(), c.order); err != nil || programs.started[0].Args[2] != "/packagepath:"+folder+`\fix.msu` {
		t.Errorf("%v, %+v", err, programs.started)
	}
}

// TestProgramMustBeTheUpdates refuses a program that was not verified as one of the update's files.
func TestProgramMustBeTheUpdates(t *testing.T) {
	d, c := simulated(t)
	programs := &fake{}
	c.Target, c.Programs = install.Running, programs
	c.order.Handler = install.Handler{Kind: install.CommandLine, Install: install.Command{Program: "planted.exe"}}
	if err := disk.Replace(d, folder+`\planted.exe`, disk.Bytes([]byte("MZ"))); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Install(t.Context(), c.order); codeOf(err) != 0x80070002 || len(programs.started) > 0 {
		t.Errorf("%v, started %+v", err, programs.started)
	}
}

// TestScripts refuses what Windows would give to a shell, however well it was verified.
func TestScripts(t *testing.T) {
	for _, name := range []string{"setup.cmd", "setup.BAT", "setup.ps1", "setup", "setup.exe.vbs", "setup.com"} {
		d, c := simulated(t)
		programs := &fake{}
		c.Target, c.Programs = install.Running, programs
		c.order.Handler = install.Handler{Kind: install.CommandLine, Install: install.Command{Program: name}}
		c.order.Files = append(c.order.Files, download(t, d, name, []byte("MZ")))
		if _, err := c.Install(t.Context(), c.order); codeOf(err) != 0x8007000D || len(programs.started) > 0 {
			t.Errorf("%s: %v, started %+v", name, err, programs.started)
		}
	}
}

// TestKilledProgram dies while an installer runs: what it did is not known, so the attempt has failed, once.
func TestKilledProgram(t *testing.T) {
	first, ready, _ := starting(t, false)
	for n, done := 1, false; !done; n += 3 {
		d, c := like(t, first, ready)
		c.Target, c.Programs = install.Running, &fake{}
		d.CrashAt(n)
		_, err := c.Install(t.Context(), c.order)
		done = !d.Dead()
		d.PowerCut(0, rngOf(n))
		if _, err := c.Recover(); err != nil {
			t.Fatal(err)
		}
		if rows, lines, events := attempts(t, d); rows > 1 || rows != lines || lines != events || err == nil && rows != 1 {
			t.Fatalf("I/O %d: %d %d %d attempts", n, rows, lines, events)
		}
	}
}

// TestSystem starts programs of this machine.
func TestSystem(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the programs that this test starts are those of other systems")
	}
	for name, tt := range map[string]struct {
		program install.Program
		want    int32
	}{
		"good": {install.Program{Path: "/bin/true"}, 0}, "bad": {install.Program{Path: "/bin/false"}, 1},
		"arguments are not read by a shell": {install.Program{Path: "/usr/bin/test", Args: []string{"$(exit 3); `x`", "=", "$(exit 3); `x`"}}, 0},
	} {
		if got, err := (install.System{}).Run(t.Context(), tt.program); got != tt.want || err != nil {
			t.Errorf("%s: %d, %v", name, got, err)
		}
	}
	if _, err := (install.System{}).Run(t.Context(), install.Program{Path: "/nowhere/x"}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := (install.System{}).Run(ctx, install.Program{Path: "/bin/sleep", Args: []string{"20"}}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}
