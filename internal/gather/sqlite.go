package gather

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/redx-update/redx/internal/vault"
)

// maxStore bounds a SQLite database, which is copied out of the image: SQLite reads files by path, and an image may be
// a raw disk or an archive.
const maxStore = 256 << 20

// readSQLite reads a SQLite database that redx has a view on: its own vault or the update orchestrator's store. They
// are told by their tables; any other database is passed over.
func readSQLite(in *input) error {
	dir, err := os.MkdirTemp("", "redx-store-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	copied := filepath.Join(dir, "store.db")
	// Rows that were not yet moved into the database itself stand in its write-ahead log; a rollback journal is left
	// where a writer was killed.
	for _, suffix := range []string{"", "-wal", "-journal"} {
		if err := copyOut(in, in.path+suffix, copied+suffix); err != nil && (suffix == "" || !errors.Is(err, fs.ErrNotExist)) {
			return err
		}
	}
	for _, read := range []func(*input, string) error{readVault, readOrchestrator} {
		if err = read(in, copied); !notThis(err) {
			return err
		}
	}
	if mustBeKnown(in.path) {
		return err
	}
	return nil
}

// readVault reads the accounts that redx has kept of the history. Their codes are not counted again: they stand in the
// places that the accounts were kept from.
func readVault(in *input, copied string) error {
	for e, err := range vault.Events(in.ctx, copied) {
		if err != nil {
			return err
		}
		e.Source.Path = in.path
		in.out.Add(e)
	}
	return nil
}

func copyOut(in *input, from, to string) (err error) {
	f, err := in.img.FS().Open(from)
	if err != nil {
		return err
	}
	defer f.Close()
	if f.Size() > maxStore {
		return errTooLarge
	}
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, &cancelReader{ctx: in.ctx, r: f})
	if cerr := out.Close(); err == nil {
		err = cerr
	}
	return err
}
