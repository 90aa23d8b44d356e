package main

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/gather"
	"github.com/redx-update/redx/internal/image"
	"github.com/redx-update/redx/internal/image/offline"
	"github.com/redx-update/redx/internal/image/online"
	"github.com/redx-update/redx/internal/report"
	"github.com/redx-update/redx/internal/term"
)

// where names the installation or the logs that a command looks at; neither is this computer.
type where struct {
	image string
	logs  string
}

func (w *where) addFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&w.image, "image", "", "a mounted Windows disk, a copied tree or a raw NTFS image `PATH`")
	cmd.Flags().StringVar(&w.logs, "logs", "", "a folder, a file or a zip of collected logs `PATH`")
	cmd.MarkFlagsMutuallyExclusive("image", "logs")
}

// open opens what the flags name: neither names this computer, if it runs Windows.
func (w *where) open() (image.Image, error) {
	var img image.Image
	var err error
	switch {
	case w.image != "":
		img, err = offline.Open(w.image)
	case w.logs != "":
		img, err = offline.OpenLogs(w.logs)
	default:
		img, err = online.Open()
	}
	if err == nil {
		return img, nil
	}
	if errors.Is(err, online.ErrNotWindows) {
		return nil, &problem{
			exit: exitUsage, err: errors.New("this computer does not run Windows; say what to look at: --image PATH or --logs PATH"),
			hint: "for a mounted Windows disk: --image /mnt/c; for a folder of collected logs: --logs DIR",
		}
	}
	if hint := pathHint(w.image + w.logs); hint != "" {
		return nil, &problem{exit: exitNoWindows, err: err, hint: hint}
	}
	if up := above(w.image); up != "" && errors.Is(err, image.ErrNoWindows) {
		err = fmt.Errorf("%s is a part of a Windows, and none itself", w.image)
		return nil, &problem{exit: exitNoWindows, err: err, hint: "name the folder above Windows: --image " + quoted(up)}
	}
	return nil, openProblem(err, w.logs != "")
}

// above is the folder that has the folder Windows in it which a path leads through, "" when it leads through none.
func above(path string) string {
	for dir := filepath.Clean(path); path != "" && filepath.Dir(dir) != dir; dir = filepath.Dir(dir) {
		if strings.EqualFold(filepath.Base(dir), "Windows") {
			return filepath.Dir(dir)
		}
	}
	return ""
}

// pathHint knows two paths that only Windows makes of what was meant.
func pathHint(path string) string {
	switch {
	case strings.Contains(path, `"`):
		return `after a backslash a quote does not end the path: write "C:\My Disk", not "C:\My Disk\"`
	case strings.HasPrefix(path, `\\.\`):
		return `redx does not read devices here: give the drive, such as D:\, or a file with an image of the disk`
	}
	return ""
}

// openProblem says what to do about an installation, or logs, that could not be opened or read.
func openProblem(err error, logs bool) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &problem{exit: exitNoWindows, err: notThere(err), hint: "look whether the path is spelled right, and the disk mounted"}
	case errors.Is(err, image.ErrNoLogs), errors.Is(err, image.ErrNoWindows) && logs:
		return &problem{exit: exitNoWindows, err: err, hint: logsHint}
	case errors.Is(err, zip.ErrFormat):
		return &problem{exit: exitFailed, err: err, hint: "the zip was cut off, or is none: copy it again"}
	case errors.Is(err, image.ErrNoWindows):
		return &problem{exit: exitNoWindows, err: err, hint: "--image wants the folder that has Windows in it; logs go to --logs"}
	case errors.Is(err, image.ErrBitLocker):
		return &problem{exit: exitFailed, err: err, hint: "unlock it, for instance with dislocker or manage-bde, then try again"}
	case errors.Is(err, fs.ErrPermission):
		return &problem{exit: exitFailed, err: err, hint: "read rights are enough; on Linux mount the disk with: mount -o ro"}
	default:
		return err
	}
}

const logsHint = "--logs takes a zip of redx collect, and a folder, zip or file of logs under the names that Windows gives them: " +
	"CBS.log, dism.log, WindowsUpdate.log, *.etl, *.evtx, DataStore.edb, setupact.log, setupapi.dev.log ...; a Windows disk goes to --image"

// notWritten says of a file that could not be made which folder is missing, if that is why.
func notWritten(path string, err error) error {
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	err = fmt.Errorf("%s cannot be written: there is no folder %s", path, filepath.Dir(path))
	return &problem{exit: exitFailed, err: err, hint: "make the folder first, or name another"}
}

// notThere names the path alone: which call has found out is of no use to anybody.
func notThere(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) && errors.Is(path.Err, fs.ErrNotExist) {
		return fmt.Errorf("%s does not exist", path.Path)
	}
	return err
}

// looked is what was found at a place.
type looked struct {
	image report.Image
	set   *evidence.Set
}

// gather opens and reads what the flags name.
func (w *where) gather(ctx context.Context, std stdio) (looked, error) {
	img, err := w.open()
	if err != nil {
		return looked{}, err
	}
	defer img.Close()
	return gatherImage(ctx, std, img)
}

// extraOf gives what else can be asked of an installation beside its files: that which runs here has an update agent.
func extraOf(img image.Image) []gather.Source {
	if img.Kind() == image.Online {
		return []gather.Source{agentHistory()}
	}
	return nil
}

func gatherImage(ctx context.Context, std stdio, img image.Image) (looked, error) {
	progress := newProgress(std)
	set, err := gather.Gather(ctx, img, gather.Options{Progress: progress.file, Extra: extraOf(img)})
	progress.done()
	if err != nil {
		return looked{}, openProblem(err, img.Kind() == image.Logs)
	}
	return looked{image: imageOf(img.Kind(), img.Path(), set), set: set}, nil
}

// imageOf says what was looked at. What the computer at hand is called goes without saying.
func imageOf(kind image.Kind, path string, set *evidence.Set) report.Image {
	img := report.Image{Kind: kind, Path: path, Build: set.Machine.Build, Product: set.Machine.Product}
	if kind == image.Offline {
		img.Computer = set.Machine.Computer
	}
	return img
}

// progress shows on a terminal which file is being read.
type progress struct {
	std  stdio
	last tick
}

func newProgress(std stdio) *progress { return &progress{std: std} }

func (p *progress) file(path string) {
	if p.std.style.Progress && p.last.due() {
		fmt.Fprintf(p.std.err, "\r\x1b[Kreading %s", term.Printable(tail(path, 70)))
	}
}

func (p *progress) done() {
	if p.std.style.Progress {
		fmt.Fprint(p.std.err, "\r\x1b[K")
	}
}

func tail(s string, n int) string {
	if len(s) > n {
		return "..." + s[len(s)-n:]
	}
	return s
}
