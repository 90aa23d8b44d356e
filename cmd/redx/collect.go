package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/redx-update/redx/internal/collect"
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/image"
	"github.com/redx-update/redx/internal/report"
	"github.com/redx-update/redx/internal/term"
)

type collectOptions struct {
	where
	out    string
	noMask bool
	json   bool
}

func newCollectCommand(std stdio) *cobra.Command {
	var o collectOptions
	cmd := &cobra.Command{
		Use:   "collect [--image PATH] -o FILE.zip",
		Short: "Put what a diagnosis reads into a zip, for somebody else to look at",
		Long: `Collect puts what redx diagnose reads of a Windows installation into a zip, and no more: text logs, and of the
registry, databases, traces and event logs only what was found in them. Anybody can look at it with redx diagnose
--logs FILE.zip, on any system, and gets the same findings. It never writes into the installation.

Names of people, computers and domains are replaced by words such as user1, always the same for the same name. Look
through the zip before you give it away: names that nothing in the registry tells are not known to be names.

EXIT STATUS
  0  written    1  failed, also when FILE.zip is there already    2  wrong usage
 10  no Windows there    130  cancelled`,
		Example: "  redx collect -o evidence.zip\n  redx collect --image /mnt/c -o evidence.zip",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runCollect(cmd.Context(), std, &o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.image, "image", "", "a mounted Windows disk, a copied tree or a raw NTFS image `PATH`")
	f.StringVarP(&o.out, "output", "o", "", "the zip `FILE` to write")
	f.BoolVar(&o.noMask, "no-mask", false, "keep the names of people, computers and domains")
	f.BoolVar(&o.json, "json", false, "print JSON (docs/json.md)")
	return cmd
}

// collectJSON is `redx collect --json`.
type collectJSON struct {
	Image  report.Image      `json:"image"`
	File   string            `json:"file"`
	Bytes  int64             `json:"bytes"`
	Logs   []string          `json:"logs"`
	Events int               `json:"events"`
	Masked bool              `json:"masked"`
	Unread []evidence.Unread `json:"unread"`
}

func runCollect(ctx context.Context, std stdio, o *collectOptions) error {
	if o.out == "" {
		return usage("say where to write the zip: -o FILE.zip")
	}
	if err := o.outside(o.out); err != nil {
		return err
	}
	img, err := o.open()
	if err != nil {
		return err
	}
	defer img.Close()
	summary, size, err := writeCollection(ctx, std, img, o)
	if err != nil {
		return err
	}
	if o.json {
		out := collectJSON{
			Image: report.Image{Kind: img.Kind(), Path: img.Path()}, File: o.out, Bytes: size, Logs: summary.Logs,
			Events: summary.Events, Masked: summary.Masked, Unread: summary.Unread,
		}
		if out.Unread == nil {
			out.Unread = []evidence.Unread{}
		}
		return report.WriteJSON(std.out, out)
	}
	return showCollection(std, o, &summary, size)
}

// writeCollection writes a new file. What could not be written whole is taken away again.
func writeCollection(ctx context.Context, std stdio, img image.Image, o *collectOptions) (s collect.Summary, size int64, err error) {
	f, err := os.OpenFile(o.out, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return s, 0, &problem{exit: exitFailed, err: err, hint: "redx overwrites nothing; name another file"}
	}
	if err != nil {
		return s, 0, notWritten(o.out, err)
	}
	defer func() {
		if cerr := f.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			err = errors.Join(err, os.Remove(o.out))
		}
	}()
	progress := newProgress(std)
	w := bufio.NewWriter(f)
	s, err = collect.Write(ctx, w, img, collect.Options{Names: o.noMask, Progress: progress.file, Extra: extraOf(img)})
	progress.done()
	if err == nil {
		err = w.Flush()
	}
	if err != nil {
		return s, 0, openProblem(err, false)
	}
	info, err := f.Stat()
	if err != nil {
		return s, 0, err
	}
	return s, info.Size(), nil
}

func showCollection(std stdio, o *collectOptions, s *collect.Summary, size int64) error {
	names := "Names of people, computers and domains were replaced."
	if !s.Masked {
		names = "It has the names of people, computers and domains in it."
	}
	w := bufio.NewWriter(std.out)
	fmt.Fprintf(w, "%s: %d text logs, %d events of other sources, %d bytes.\n%s\n", //nolint:errcheck // Flush tells
		term.Printable(o.out), len(s.Logs), s.Events, size, names)
	for _, u := range s.Unread {
		fmt.Fprintf(w, "not read: %s: %s\n", term.Printable(u.Path), term.Printable(u.Reason)) //nolint:errcheck // Flush tells
	}
	fmt.Fprintf(w, "Look at it with: redx diagnose --logs %s\n", term.Printable(o.out)) //nolint:errcheck // Flush tells
	return w.Flush()
}
