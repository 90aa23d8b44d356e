package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/redx-update/redx/internal/store/sqlite"
)

func newServerBackupCommand(std stdio) *cobra.Command {
	var d dataFlags
	cmd := &cobra.Command{
		Use:   "backup --data FOLDER FILE",
		Short: "Copy what the server knows to a file, also while it runs",
		Long: `Backup writes computers, groups, updates, approvals and reports as they are at one moment to a new file. The folder
Content is not in it: its files never change, so any copy of it will do.

EXIT STATUS
  0  written    1  failed, or FILE is there already    2  wrong usage`,
		Example: "  redx server backup /backup/redx.db --data /srv/redx",
		Args:    one("the FILE to write"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := os.Lstat(args[0]); !errors.Is(err, fs.ErrNotExist) {
				return &problem{exit: exitFailed, err: fmt.Errorf("%s is there already", args[0])}
			}
			return d.with(cmd.Context(), false, func(opened *data) error {
				if err := opened.Backup(cmd.Context(), args[0]); err != nil {
					return err
				}
				return d.answer(std, struct {
					File string `json:"file"`
				}{args[0]}, func(io.Writer) error { return say(std, "written to %s", args[0]) })
			})
		},
	}
	d.add(cmd)
	return cmd
}

func newServerRestoreCommand(std stdio) *cobra.Command {
	var d dataFlags
	cmd := &cobra.Command{
		Use:   "restore --data FOLDER FILE",
		Short: "Begin again from a backup",
		Long: `Restore makes a server's data in FOLDER out of a backup. The server must not run, and FOLDER must have no data; a
folder Content may be there. It begins a new epoch: no number that the lost server may have given since the backup is
given again, and clients are told that the server has changed, so that they ask for their numbers anew.

EXIT STATUS
  0  restored    1  failed, or FOLDER has data already    2  wrong usage`,
		Example: "  redx server restore /backup/redx.db --data /srv/new",
		Args:    one("the FILE of the backup"),
		RunE: func(cmd *cobra.Command, args []string) error {
			path := filepath.Join(d.data, databaseName)
			for _, file := range databaseFiles(path) {
				if _, err := os.Lstat(file); !errors.Is(err, fs.ErrNotExist) {
					return &problem{exit: exitFailed, err: fmt.Errorf("%s is there already", file), hint: "stop the server and move its redx.db* files away"}
				}
			}
			if err := present(args, "name the file that redx server backup wrote"); err != nil {
				return err
			}
			if err := os.MkdirAll(d.data, 0o750); err != nil {
				return err
			}
			epoch, err := restore(cmd.Context(), args[0], path)
			if err != nil {
				return err
			}
			return d.answer(std, struct {
				Epoch int64 `json:"epoch"`
			}{epoch}, func(io.Writer) error { return say(std, "restored as epoch %d", epoch) })
		},
	}
	d.add(cmd)
	return cmd
}

// databaseFiles are a database with the files that SQLite keeps beside it. What stands in one of these counts, whichever
// database it came from.
func databaseFiles(path string) []string { return []string{path, path + "-wal", path + "-shm"} }

// say tells people something beside the answer.
func say(std stdio, format string, args ...any) error {
	_, err := fmt.Fprintf(printable{std.err}, "redx: "+format+"\n", args...)
	return err
}

// restore gives the file its place only when it is whole and of a new epoch, which it names.
func restore(ctx context.Context, backup, path string) (int64, error) {
	from, err := sqlite.Open(ctx, backup)
	if err != nil {
		return 0, err
	}
	half := path + ".restoring"
	for _, file := range databaseFiles(half) {
		err = errors.Join(err, os.RemoveAll(file))
	}
	err = errors.Join(err, from.Backup(ctx, half), from.Close())
	if err != nil {
		return 0, err
	}
	s, err := sqlite.Open(ctx, half)
	if err != nil {
		return 0, err
	}
	id, err := s.NewEpoch(ctx)
	if err := errors.Join(err, s.Close()); err != nil {
		return 0, err
	}
	if err := os.Rename(half, path); err != nil {
		return 0, err
	}
	return id.Epoch, sqlite.Settle(path)
}
