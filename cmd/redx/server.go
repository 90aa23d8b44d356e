package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/redx-update/redx/internal/content/file"
	"github.com/redx-update/redx/internal/server/backend"
	"github.com/redx-update/redx/internal/store"
	"github.com/redx-update/redx/internal/store/sqlite"
	"github.com/redx-update/redx/internal/term"
)

// Where things are in the folder that --data names.
const (
	databaseName = "redx.db"
	contentName  = "Content"
	configName   = "redx.toml"
)

func newServerCommand(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "server",
		Short: "Be an update server for Windows computers",
		Long: `Server is an update location: Windows computers whose policy names it scan, download, install and report as they do
with Windows Server Update Services. Everything it knows is in the folder that --data names.`,
		Example: "  redx server import --data /srv/redx updates/\n  redx server run --data /srv/redx",
	}
	cmd.AddCommand(newServerRunCommand(std), newServerImportCommand(std), newServerPublishCommand(std), newServerScrubCommand(std),
		newServerBackupCommand(std), newServerRestoreCommand(std), newClientPolicyCommand(std),
		newServerUserCommand(std), newLoginLinkCommand(std), newServerHealingCommand(std))
	return cmd
}

// dataFlags are those that every command about a server's data has.
type dataFlags struct {
	data string
	json bool
}

func (d *dataFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&d.data, "data", "", "the server's `FOLDER`")
	cmd.Flags().BoolVar(&d.json, "json", false, "print JSON (docs/json.md)")
	if err := cmd.MarkFlagRequired("data"); err != nil {
		panic(err) // the flag is defined one line above
	}
}

// data is an opened folder.
type data struct {
	folder string
	*sqlite.Store
	files *file.Store
}

// open opens the folder; only a server that runs or takes updates in makes a new one.
func (d *dataFlags) open(ctx context.Context, create bool) (*data, error) {
	path := filepath.Join(d.data, databaseName)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) && !create {
		return nil, &problem{exit: exitFailed, err: fmt.Errorf("%s has no server's data", d.data), hint: "redx server import --data " + d.data + " PATH makes it"}
	}
	if err := os.MkdirAll(d.data, 0o750); err != nil {
		return nil, err
	}
	s, err := sqlite.Open(ctx, path)
	if err != nil {
		return nil, err
	}
	if _, err := s.Secret(ctx, backend.CookieSecret); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	files, err := file.Open(filepath.Join(d.data, contentName))
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return &data{d.data, s, files}, nil
}

// Close closes both.
func (d *data) Close() error { return errors.Join(d.files.Close(), d.Store.Close()) }

// with runs a command on the data, and closes it.
func (d *dataFlags) with(ctx context.Context, create bool, do func(*data) error) error {
	opened, err := d.open(ctx, create)
	if err != nil {
		return err
	}
	if err := do(opened); err != nil {
		return errors.Join(readable(err), opened.Close())
	}
	return opened.Close()
}

// readable says what to do about an error that a user can make.
func readable(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return &problem{exit: exitFailed, err: err, hint: "the list commands show what there is"}
	}
	return err
}

// answer prints a value as JSON, or through text.
func (d *dataFlags) answer(std stdio, v any, text func(w io.Writer) error) error {
	if !d.json {
		return text(printable{std.out})
	}
	e := json.NewEncoder(std.out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// printable keeps what clients made up from steering the terminal.
type printable struct{ w io.Writer }

func (p printable) Write(b []byte) (int, error) {
	clean := make([]byte, 0, len(b))
	start := 0
	for i, c := range b {
		if c == '\n' {
			clean = append(append(clean, term.Printable(string(b[start:i]))...), '\n')
			start = i + 1
		}
	}
	clean = append(clean, term.Printable(string(b[start:]))...)
	if _, err := p.w.Write(clean); err != nil {
		return 0, err
	}
	return len(b), nil
}

// one wants one argument and says which.
func one(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 {
			return usage("%s wants %s", cmd.CommandPath(), what)
		}
		return nil
	}
}
