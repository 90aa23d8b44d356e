// Package install turns what was downloaded into an installed update: it extracts payloads, holds every file against the
// update's manifests, and installs by the way that the update's metadata name, a program, component based servicing, or
// Windows Installer. On an image that carries the lab's marker it applies packages itself; for any other image that does
// not run it does nothing and says which command of DISM would.
//
// It downloads nothing and checks no signature: that was done before. Its invariant is that an update is installed whole
// or not at all, also when the process or the computer stops at any point in between, and that every attempt ends in the
// history once. Both rest on the journal: what is about to be done stands there, synced, before it is done.
package install

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redx-update/redx/internal/agent"
	"github.com/redx-update/redx/internal/agent/disk"
	"github.com/redx-update/redx/internal/agent/trace"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/lab/marker"
	"github.com/redx-update/redx/internal/update"
)

// The codes that this package itself gives.
const (
	codeFileNotFound   = hresult.FileNotFound
	codePathNotFound   = hresult.PathNotFound
	codeDiskFull       = hresult.Code(0x80070070) // ERROR_DISK_FULL
	codeCorrupt        = hresult.Code(0x80070570) // ERROR_FILE_CORRUPT
	codeInvalid        = hresult.Code(0x8007000D) // ERROR_INVALID_DATA
	codeBadDigest      = hresult.Code(0x80096010) // TRUST_E_BAD_DIGEST
	codeCancelled      = hresult.Code(0x8024000B) // WU_E_CALL_CANCELLED
	codeStopped        = hresult.Code(0x8024001E) // WU_E_SERVICE_STOP
	codeNoUninstall    = hresult.Code(0x80240028) // WU_E_UNINSTALL_NOT_ALLOWED
	codeUnknownHandler = hresult.Code(0x80242002) // WU_E_UH_UNKNOWNHANDLER
	codeHung           = hresult.Code(0x80242007) // WU_E_UH_INSTALLERHUNG
	codeFailed         = hresult.Code(0x80240FFF) // WU_E_UNEXPECTED
)

// Target is what is installed on.
type Target int

// The targets.
const (
	// Image is an image that does not run and is a real one: nothing is installed on it, see Elsewhere.
	Image Target = iota
	// Lab is an image that carries the lab's marker.
	Lab
	// Running is the Windows that runs.
	Running
)

// Installer installs updates on one computer. It is for one goroutine at a time, and for one process: whoever has one
// holds the agent's lock.
type Installer struct {
	Disk   disk.Disk
	Trace  *trace.Keeper
	Target Target
	// State is the agent's own folder, C:\ProgramData\redx\agent; it must be there.
	State string
	// Windows is the Windows folder, C:\Windows.
	Windows string
	// Top is the image's folder as this machine names it; for people only.
	Top string
	// Programs starts programs; nil where none can be.
	Programs Programs
	Now      func() time.Time
}

// Order is an update that is to be installed or uninstalled.
type Order struct {
	Update update.Ref
	// Folder is where its files are: SoftwareDistribution\Download\<id>.
	Folder string
	// Files are the files of the update, as they were when they were downloaded and extracted, with their SHA-256 or, of old
	// ones, SHA-1.
	Files   []trace.File
	Handler Handler
}

// Elsewhere says that an update is not installed by redx, since the image is a real one that does not run.
type Elsewhere struct {
	Command string // which does it, for people to run
}

func (e *Elsewhere) Error() string {
	return "redx installs nothing on an image of a real Windows; this does: " + e.Command
}

// TargetOf tells whether the image on a drive is the lab's.
func TargetOf(d disk.Disk) (Target, error) {
	_, ok, err := labID(d)
	if ok {
		return Lab, err
	}
	return Image, err
}

// labID reads the lab's marker. One that is damaged is none.
func labID(d disk.Disk) (id string, ok bool, err error) {
	there, err := disk.Exists(d, `C:\`+marker.Name)
	if !there || err != nil {
		return "", false, err
	}
	b, err := disk.Read(d, `C:\`+marker.Name, marker.MaxSize)
	if err != nil {
		return "", false, err
	}
	m, err := marker.Parse(b)
	return m.ID, err == nil, nil
}

// Install installs an update. An error is an *agent.Failure, which stands in the history then, or an *Elsewhere, or an
// error of the agent's own files, of which nothing does.
func (i *Installer) Install(ctx context.Context, o Order) (agent.Result, error) {
	return i.attempt(ctx, o.Update, []Order{o}, false)
}

// Uninstall takes an update off again that this installer has installed, under the same terms.
func (i *Installer) Uninstall(ctx context.Context, o Order) (agent.Result, error) {
	return i.attempt(ctx, o.Update, []Order{o}, true)
}

// InstallBundle installs an update that is made of others, its parts, in their order, as one attempt. All parts are checked
// before the first is installed. On a lab image they are installed all together; on a running Windows a part that fails
// leaves those before it, which Windows has installed by then.
func (i *Installer) InstallBundle(ctx context.Context, u update.Ref, parts []Order) (agent.Result, error) {
	return i.attempt(ctx, u, parts, false)
}

// UninstallBundle takes one off again.
func (i *Installer) UninstallBundle(ctx context.Context, u update.Ref, parts []Order) (agent.Result, error) {
	return i.attempt(ctx, u, parts, true)
}

// attempt is one line of the history, whatever comes.
func (i *Installer) attempt(ctx context.Context, u update.Ref, parts []Order, uninstall bool) (agent.Result, error) {
	if len(parts) == 0 {
		return agent.Result{}, errors.New("an update without parts")
	}
	if i.Target == Image {
		return agent.Result{}, &Elsewhere{Command: i.commands(parts, uninstall)}
	}
	if _, err := i.Recover(); err != nil {
		return agent.Result{}, err
	}
	j, err := i.begin(u, uninstall)
	if err != nil {
		return agent.Result{}, err
	}
	restart, err := i.do(ctx, j, parts)
	if j.unsafe != nil { // nobody knows what stands in the journal: the next start finds out
		return agent.Result{}, errors.Join(err, j.unsafe)
	}
	if err == nil {
		return agent.Result{RestartNeeded: restart}, i.finish(j)
	}
	f := failure(u, err)
	return agent.Result{}, errors.Join(f, i.giveUp(j, f.Code))
}

func (i *Installer) do(ctx context.Context, j *journal, parts []Order) (restart bool, err error) {
	if !j.Uninstall {
		if err := i.Trace.Tell(trace.Event{Kind: trace.InstallStarted, At: j.Began, Update: j.Update}); err != nil {
			return false, err
		}
	}
	var packs []*pack
	for n := range parts {
		p, err := i.check(ctx, &parts[n], j.Uninstall)
		if err != nil {
			return false, err
		}
		packs = append(packs, p)
	}
	if i.Target == Lab {
		return i.apply(ctx, j, parts, packs)
	}
	for n := range parts {
		one, err := i.run(ctx, &parts[n], j.Uninstall)
		if err != nil {
			return false, err
		}
		restart = restart || one
	}
	return restart, i.commit(j, restart)
}

func (i *Installer) commands(parts []Order, uninstall bool) string {
	var all []string
	for n := range parts {
		all = append(all, parts[n].Command(i.Top, uninstall))
	}
	return strings.Join(all, "; ")
}

// fault is an error that has a code of its own.
type fault struct {
	code hresult.Code
	path string
	err  error
}

func (f *fault) Error() string {
	if f.path == "" {
		return f.err.Error()
	}
	return fmt.Sprintf("%s: %v", f.path, f.err)
}

func (f *fault) Unwrap() error { return f.err }

func wrong(code hresult.Code, path string, format string, args ...any) error {
	return &fault{code, path, fmt.Errorf(format, args...)}
}

// failure makes a Failure of any error.
func failure(u update.Ref, err error) *agent.Failure {
	f := &agent.Failure{Stage: agent.Installing, Update: u, Code: codeFailed, Err: err}
	var own *fault
	var damaged *trace.Damaged
	switch {
	case errors.As(err, &own):
		f.Code, f.Path, f.Err = own.code, own.path, own.err
	case errors.As(err, &damaged):
		f.Code, f.Path = damaged.Code, damaged.Path
	case errors.Is(err, context.Canceled):
		f.Code = codeCancelled
	case errors.Is(err, context.DeadlineExceeded):
		f.Code = codeHung
	case disk.Full(err):
		f.Code = codeDiskFull
	}
	return f
}
