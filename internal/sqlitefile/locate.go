package sqlitefile

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
	var logs []string
	for _, suffix := range []string{"-wal", "-journal"} {
		info, err := os.Stat(path + suffix)
		switch {
		case err == nil && info.Size() > 0:
			logs = append(logs, suffix)
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return source{}, err
		}
	}
	if logs == nil {
		return source{dsn: DSN(path, "mode=ro&immutable=1")}, nil
	}
	dir, err := os.MkdirTemp("", "redx-sqlite-")
	if err != nil {
		return source{}, err
	}
	s := source{dir: dir, dsn: DSN(filepath.Join(dir, "copy.db"), "mode=rw")}
	for _, suffix := range append(logs, "") {
		if err := copyFile(filepath.Join(dir, "copy.db"+suffix), path+suffix); err != nil {
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

// A rollback journal may end in the name of a file that SQLite looks at, and deletes once it has taken the change back:
// a name, its length, its checksum and this mark.
const (
	tailMark = "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"
	tailSize = 16
)

// NamesOthers reports that the rollback journal of a database, if there is one, names another file, as SQLite does for
// a change to several databases at once. Today's SQLite deletes that file only if it names the journal in turn; who
// has no such changes need not rely on it, and should not open such a journal for writing.
func NamesOthers(database string) (bool, error) {
	f, err := os.Open(database + "-journal")
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || info.Size() < tailSize {
		return false, err
	}
	tail := make([]byte, len(tailMark))
	if _, err := f.ReadAt(tail, info.Size()-int64(len(tail))); err != nil {
		return false, err
	}
	return string(tail) == tailMark, nil
}

// DSN writes a path as the file URI that SQLite wants, with SQLite's options: /C:/x for C:\x, and //server/share/x as it is.
func DSN(path, options string) string {
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
