package main

import (
	"errors"
	"fmt"
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
				fmt.Fprintf(std.err, "redx: written to %s\n", args[0])
				return nil
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
			if err := os.MkdirAll(d.data, 0o750); err != nil {
				return err
			}
			return restore(cmd, std, args[0], path)
		},
	}
	d.add(cmd)
	return cmd
}

// databaseFiles are a database with the files that SQLite keeps beside it. What stands in one of these counts, whichever
// database it came from.
func databaseFiles(path string) []string { return []string{path, path + "-wal", path + "-shm"} }

// restore gives the file its place only when it is whole and of a new epoch.
func restore(cmd *cobra.Command, std stdio, backup, path string) error {
	if _, err := os.Stat(backup); err != nil {
		return err
	}
	from, err := sqlite.Open(cmd.Context(), backup)
	if err != nil {
		return err
	}
	half := path + ".restoring"
	for _, file := range databaseFiles(half) {
		err = errors.Join(err, os.RemoveAll(file))
	}
	err = errors.Join(err, from.Backup(cmd.Context(), half), from.Close())
	if err != nil {
		return err
	}
	s, err := sqlite.Open(cmd.Context(), half)
	if err != nil {
		return err
	}
	id, err := s.NewEpoch(cmd.Context())
	if err := errors.Join(err, s.Close()); err != nil {
		return err
	}
	if err := os.Rename(half, path); err != nil {
		return err
	}
	if err := sqlite.Settle(path); err != nil {
		return err
	}
	fmt.Fprintf(std.err, "redx: restored as epoch %d\n", id.Epoch)
	return nil
}
