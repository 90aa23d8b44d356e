package lab

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	_ "modernc.org/sqlite" // the driver

	"github.com/redx-update/redx/internal/write/cab"
)

// cabinetFile packs a text as the one log in a cabinet, as Windows rolls CBS.log: CbsPersist_X.cab holds CbsPersist_X.log.
func cabinetFile(name string, data []byte) ([]byte, error) {
	log := strings.TrimSuffix(path.Base(name), ".cab") + ".log"
	return cab.Encode([]cab.File{cab.Bytes(log, storyTime, data)}, cab.Options{Method: cab.LZX})
}

// sqliteFile makes a SQLite database of the statements that fill it.
func sqliteFile(_ string, data []byte) (out []byte, err error) {
	dir, err := os.MkdirTemp("", "redx-lab-sql-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "store.db")
	db, err := sql.Open("sqlite", file)
	if err != nil {
		return nil, err
	}
	if _, err := db.Exec(string(data)); err != nil {
		return nil, errors.Join(fmt.Errorf("statements: %w", err), db.Close())
	}
	if err := db.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(file)
}
