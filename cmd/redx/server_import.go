package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"github.com/redx-update/redx/internal/intake"
	"github.com/redx-update/redx/internal/server/backend"
)

func newServerImportCommand(std stdio) *cobra.Command {
	var d dataFlags
	cmd := &cobra.Command{
		Use:   "import --data FOLDER PATH...",
		Short: "Take updates and their files into the server",
		Long: `Import takes in, from files and folders: whole update documents (.xml) with the files that they name; exports of
Windows Server Update Services (export.cab or export.xml.gz) with a WsusContent folder; and the catalogue for scans
without a server (wsusscn2.cab), whose updates can be scanned for and not installed. Files are known by their digests,
whatever they are called. A running server sees the new updates within seconds.

EXIT STATUS
  0  taken in    1  failed, or something was refused    2  wrong usage    130  cancelled`,
		Example: "  redx server import --data /srv/redx export.cab WsusContent/",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage("server import wants at least one PATH")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := present(args, "name the files or folders with updates; redx server import --help says which forms there are"); err != nil {
				return err
			}
			return d.with(cmd.Context(), true, func(opened *data) error {
				return runImport(cmd.Context(), std, &d, opened, args)
			})
		},
	}
	d.add(cmd)
	return cmd
}

// present makes sure that paths are there, before anything is made for what is in them.
func present(paths []string, hint string) error {
	for _, path := range paths {
		if _, err := os.Stat(path); err != nil {
			return &problem{exit: exitFailed, err: notThere(err), hint: hint}
		}
	}
	return nil
}

// quiet is a log for commands whose answer says it all.
func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func runImport(ctx context.Context, std stdio, d *dataFlags, opened *data, paths []string) error {
	k, err := backend.NewKeeper(ctx, opened.Store, opened.files, quiet())
	if err != nil {
		return err
	}
	in := &intake.Intake{Store: opened.Store, Put: k.Put, Log: quiet()}
	result, err := in.Paths(ctx, paths)
	if err != nil {
		return err
	}
	err = d.answer(std, result, func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "%d new revisions, %d known, %d files\n", result.New, result.Known, result.Files)
		return err
	})
	if err != nil {
		return err
	}
	for _, r := range result.Refused {
		fmt.Fprintln(printable{std.err}, "redx: not taken: "+r) //nolint:errcheck // nobody is left to tell
	}
	sayMissing(std, result.Missing)
	if len(result.Refused) > 0 {
		return silent(exitFailed)
	}
	return nil
}

// maxNamed is how many files are named before the rest is counted.
const maxNamed = 20

func sayMissing(std stdio, missing []intake.Wanted) {
	if len(missing) == 0 {
		return
	}
	w := printable{std.err}
	say := func(format string, args ...any) {
		fmt.Fprintf(w, format, args...) //nolint:errcheck // nobody is left to tell
	}
	say("redx: %d files are wanted; until they come, their updates are not offered for installation:\n", len(missing))
	for _, m := range missing[:min(len(missing), maxNamed)] {
		say("  %s  %s (%d bytes): %s\n", m.SHA1, m.Name, m.Size, m.Problem)
	}
	if len(missing) > maxNamed {
		say("  and %d more; --json names them all\n", len(missing)-maxNamed)
	}
}

func newServerScrubCommand(std stdio) *cobra.Command {
	var d dataFlags
	cmd := &cobra.Command{
		Use:   "scrub --data FOLDER",
		Short: "Read all files of updates and verify them",
		Long: `Scrub reads every file that an update has and compares its size, SHA-1 and SHA-256. What is missing or damaged is
named, and its updates are not offered until it is imported again.

EXIT STATUS
  0  all files are sound    1  failed    2  wrong usage    3  files are missing or damaged    130  cancelled`,
		Example: "  redx server scrub --data /srv/redx",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return d.with(cmd.Context(), false, func(opened *data) error { return runScrub(cmd.Context(), std, &d, opened) })
		},
	}
	d.add(cmd)
	return cmd
}

type scrubbed struct {
	Verified int             `json:"verified"`
	Wanted   []intake.Wanted `json:"wanted"`
}

func runScrub(ctx context.Context, std stdio, d *dataFlags, opened *data) error {
	k, err := backend.NewKeeper(ctx, opened.Store, opened.files, quiet())
	if err != nil {
		return err
	}
	if _, err := k.Check(ctx, true); err != nil {
		return err
	}
	states, err := opened.FileStates(ctx)
	if err != nil {
		return err
	}
	wanted, err := intake.Missing(ctx, opened.Store)
	if err != nil {
		return err
	}
	result := scrubbed{Verified: len(states) - len(wanted), Wanted: wanted}
	if result.Wanted == nil {
		result.Wanted = []intake.Wanted{}
	}
	err = d.answer(std, result, func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "%d files are sound, %d are not\n", result.Verified, len(wanted))
		return err
	})
	if err != nil {
		return err
	}
	if len(wanted) > 0 {
		sayMissing(std, wanted)
		return silent(exitProblems)
	}
	return nil
}
