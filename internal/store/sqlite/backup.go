package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Backup writes a copy of the whole store to a new file, while the store is in use. It is on the disk when Backup is back.
func (s *Store) Backup(ctx context.Context, path string) error {
	_, err := s.read.ExecContext(ctx, "VACUUM INTO ?", path)
	if err == nil {
		err = Settle(path)
	}
	if err != nil {
		return fmt.Errorf("back up to %s: %w", path, err)
	}
	return nil
}

// Settle makes a store's file that nobody has open last, and the name that it has.
func Settle(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	err = dir.Sync()
	if filepath.Separator != '/' {
		err = nil // Windows has no such thing for folders, and needs none
	}
	return errors.Join(err, dir.Close())
}
