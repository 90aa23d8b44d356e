package uso

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/redx-update/redx/internal/format"
)

const (
	magic   = "SQLite format 3\x00"
	maxFile = 1 << 30 // what is copied when there is a log
)

// source is a database that may be opened, and the temporary folder it lies in, if any.
type source struct {
	dsn string
	dir string
}

func (s source) remove() {
	if s.dir != "" {
		_ = os.RemoveAll(s.dir) // a leftover in the temporary folder is no reason to fail
	}
}

// locate checks the signature and copies the database when it has a log that is not empty.
func locate(path string) (source, error) {
	if err := sniff(path); err != nil {
		return source{}, err
	}
	wal, err := os.Stat(path + "-wal")
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && wal.Size() == 0:
		return source{dsn: dsn(path, "mode=ro&immutable=1")}, nil
	case err != nil:
		return source{}, err
	}
	dir, err := os.MkdirTemp("", "redx-uso-")
	if err != nil {
		return source{}, err
	}
	s := source{dir: dir, dsn: dsn(filepath.Join(dir, "store.db"), "mode=rw")}
	for _, suffix := range []string{"", "-wal"} {
		if err := copyFile(filepath.Join(dir, "store.db"+suffix), path+suffix); err != nil {
			s.remove()
			return source{}, err
		}
	}
	return s, nil
}

func sniff(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	head := make([]byte, len(magic))
	if _, err := io.ReadFull(f, head); err != nil || !bytes.Equal(head, []byte(magic)) {
		return fmt.Errorf("no SQLite database: %w", format.ErrNotThis)
	}
	return nil
}

func copyFile(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	n, err := io.Copy(out, io.LimitReader(in, maxFile+1))
	if err == nil && n > maxFile {
		err = fmt.Errorf("%s is larger than %d MB", from, maxFile>>20)
	}
	return errors.Join(err, out.Close())
}

// dsn writes a path as the file URI that SQLite wants: /C:/x for C:\x, and //server/share/x as it is.
func dsn(path, options string) string {
	abs, err := filepath.Abs(path)
	if err != nil {
		abs = path
	}
	slashed := filepath.ToSlash(abs)
	if !strings.HasPrefix(slashed, "/") {
		slashed = "/" + slashed
	}
	return (&url.URL{Scheme: "file", Path: slashed, RawQuery: options}).String()
}
