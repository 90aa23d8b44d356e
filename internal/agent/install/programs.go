package install

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path"
	"strings"
	"time"

	"github.com/redx-update/redx/internal/agent/disk"
	"github.com/redx-update/redx/internal/hresult"
)

// Program is a program to be started: its path, its arguments one by one, and the folder that it runs in.
type Program struct {
	Path string
	Args []string
	Dir  string
}

// Programs starts programs.
type Programs interface {
	// Run waits for a program and gives its exit code. A program that does not end in time is ended, with the context's error.
	Run(ctx context.Context, p Program) (int32, error)
}

// maxRun is how long an installing program may take, as long as Windows' own agent gives one.
const maxRun = 2 * time.Hour

// System starts programs of this machine, each directly: no shell is asked, no path is searched.
type System struct{}

// Run is for Programs.
func (System) Run(ctx context.Context, p Program) (int32, error) {
	cmd := exec.CommandContext(ctx, p.Path, p.Args...)
	cmd.Dir, cmd.WaitDelay = p.Dir, 10*time.Second
	err := cmd.Run()
	var exit *exec.ExitError
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	if errors.As(err, &exit) && exit.Exited() {
		return int32(uint32(exit.ExitCode())), nil
	}
	return 0, err
}

// run installs on the running Windows, by the update's handler.
func (i *Installer) run(ctx context.Context, o *Order, uninstall bool) (restart bool, err error) {
	if i.Programs == nil {
		return false, wrong(codeFailed, "", "no programs can be started here")
	}
	program, codes, err := i.program(o, uninstall)
	if err != nil {
		return false, err
	}
	ctx, stop := context.WithTimeout(ctx, maxRun)
	defer stop()
	code, err := i.Programs.Run(ctx, program)
	if err != nil {
		return false, fmt.Errorf("run %s: %w", program.Path, err)
	}
	switch out := codes.Outcome(code); {
	case out.Cancelled:
		return false, wrong(codeCancelled, program.Path, "it ended with %d, which means that it was cancelled", code)
	case out.Failed:
		return false, wrong(resultOf(code), program.Path, "it ended with %d", code)
	default:
		return out.Restart, nil
	}
}

// resultOf is an exit code as Windows' history shows it: a result as it is, a system error as one.
func resultOf(code int32) hresult.Code {
	switch {
	case code < 0:
		return hresult.Code(uint32(code))
	case code > 0 && code <= 0xffff:
		return 0x80070000 | hresult.Code(code)
	}
	return codeFailed
}

// servicingCodes are the exit codes of DISM and of Windows Installer (winerror.h: ERROR_SUCCESS_REBOOT_REQUIRED and
// ERROR_SUCCESS_REBOOT_INITIATED).
func servicingCodes() Command {
	return Command{Other: Outcome{Failed: true}, Codes: map[int32]Outcome{0: {}, 3010: {Restart: true}, 1641: {Restart: true}}}
}

// program gives what is to be started, and what its exit codes mean.
func (i *Installer) program(o *Order, uninstall bool) (Program, Command, error) {
	system := disk.Join(i.Windows, "System32")
	switch o.Handler.Kind {
	case CommandLine:
		return o.commandLine(uninstall)
	case MSI:
		args, err := o.installerArguments(uninstall)
		return Program{Path: disk.Join(system, "msiexec.exe"), Args: args, Dir: o.Folder}, servicingCodes(), err
	case Driver:
		return i.driver(o, uninstall)
	case CBS:
	}
	args := []string{"/online", "/add-package", "/packagepath:" + o.packagePath(), "/quiet", "/norestart"}
	if uninstall {
		m, err := i.readManifest(disk.Join(o.Folder, "update.mum"))
		if err != nil {
			return Program{}, Command{}, wrong(codeNoUninstall, o.Folder, "the package's name is not known: %w", err)
		}
		args = []string{"/online", "/remove-package", "/packagename:" + m.Identity.Package(), "/quiet", "/norestart"}
	}
	return Program{Path: disk.Join(system, "dism.exe"), Args: args, Dir: system}, servicingCodes(), nil
}

// noDevice is pnputil's exit code when the driver is in the store now and no device has changed its own for it
// (ERROR_NO_MORE_ITEMS).
const noDevice = 259

// driver puts a driver into Windows' store and onto the devices that it is the best for, by Windows' own ranking.
func (i *Installer) driver(o *Order, uninstall bool) (Program, Command, error) {
	if uninstall {
		return Program{}, Command{}, wrong(codeNoUninstall, o.Folder, "Windows itself chooses another driver, when a person takes this one off a device")
	}
	system := disk.Join(i.Windows, "System32")
	codes := servicingCodes()
	codes.Codes[noDevice] = Outcome{}
	args := []string{"/add-driver", disk.Join(o.Folder, "*.inf"), "/subdirs", "/install"}
	return Program{Path: disk.Join(system, "pnputil.exe"), Args: args, Dir: system}, codes, nil
}

// commandLine starts a program of the update's own, which must be one of its verified files.
func (o *Order) commandLine(uninstall bool) (Program, Command, error) {
	c := o.Handler.Install
	if uninstall {
		c = o.Handler.Uninstall
	}
	if c.Program == "" {
		return Program{}, c, wrong(codeNoUninstall, "", "the update names no program for it")
	}
	if !strings.EqualFold(path.Ext(c.Program), ".exe") {
		return Program{}, c, wrong(codeInvalid, c.Program, "only programs (.exe) are started: Windows would have a shell run it")
	}
	full := disk.Join(o.Folder, c.Program)
	known := false
	for _, f := range o.Files {
		known = known || strings.EqualFold(f.Path, full) && (f.SHA256 != nil || f.SHA1 != nil)
	}
	if !known {
		return Program{}, c, wrong(codeFileNotFound, full, "the update's program is none of its files")
	}
	args, err := Arguments(c.Arguments)
	return Program{Path: full, Args: args, Dir: o.Folder}, c, err
}

// installerArguments are those of msiexec.
func (o *Order) installerArguments(uninstall bool) ([]string, error) {
	quiet := []string{"/qn", "/norestart"}
	if uninstall {
		if o.Handler.Product == "" {
			return nil, wrong(codeNoUninstall, "", "the update names no product")
		}
		return append([]string{"/x", o.Handler.Product}, quiet...), nil
	}
	file := o.Handler.Package
	for _, f := range o.Files {
		if ext := strings.ToLower(path.Ext(f.Name)); file == "" && (ext == ".msi" || ext == ".msp") {
			file = f.Name
		}
	}
	if file == "" {
		return nil, wrong(codeFileNotFound, o.Folder, "no package of Windows Installer is among the update's files")
	}
	how := "/i"
	if strings.EqualFold(path.Ext(file), ".msp") {
		how = "/p"
	}
	more, err := Arguments(o.Handler.Install.Arguments)
	return append(append([]string{how, disk.Join(o.Folder, file)}, quiet...), more...), err
}

// packagePath is what DISM is given: the standalone package or the cabinet that the update came in, or the folder where
// there is not one alone.
func (o *Order) packagePath() string {
	for _, ending := range []string{".msu", ".cab"} {
		var found []string
		for _, f := range o.Files {
			dir, name := disk.Split(f.Path)
			if strings.EqualFold(dir, o.Folder) && strings.EqualFold(path.Ext(name), ending) && !strings.EqualFold(name, scanCabinet) {
				found = append(found, f.Path)
			}
		}
		if len(found) == 1 {
			return found[0]
		}
	}
	return o.Folder
}

// Command is the command that would install an update on an image that does not run, for people: where the image is on
// their machine, only they know.
func (o *Order) Command(top string, uninstall bool) string {
	if o.Handler.Kind == Driver && !uninstall {
		return fmt.Sprintf(`dism /image:"%s" /add-driver /driver:"%s" /recurse`, top, top+o.Folder[2:])
	}
	if o.Handler.Kind != CBS {
		return "start that computer, and let its own agent install the update: only packages can be put into an image"
	}
	if uninstall {
		return fmt.Sprintf(`dism /image:"%s" /remove-package /packagepath:"%s"`, top, top+o.packagePath()[2:])
	}
	return fmt.Sprintf(`dism /image:"%s" /add-package /packagepath:"%s"`, top, top+o.packagePath()[2:])
}
