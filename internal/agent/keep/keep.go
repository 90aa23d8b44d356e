// Package keep holds the small files in which the agent remembers something between two starts: each is written beside,
// synced and renamed, and carries a digest, so that it is read whole or not at all.
//
// It is no database and no journal: whoever loses a file of it begins anew. Its invariant: Read never gives what Write did
// not write.
package keep

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// ErrTorn says that a file is not what was written, or was not written for this: it is to be begun anew.
var ErrTorn = errors.New("torn or foreign file")

// MaxFile bounds what Read takes in.
const MaxFile = 1 << 30

// Write replaces a file with v as JSON. The kind says what it is and in which version, such as "location 1"; it has no
// line end. After a crash at any point the old file or the new one is there.
func Write(path, kind string, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(body)
	head := fmt.Sprintf("redx %s %s\n", kind, hex.EncodeToString(sum[:]))
	return Replace(path, append([]byte(head), body...))
}

// Read reads what Write wrote. Errors: fs.ErrNotExist, ErrTorn, or the system's.
func Read(path, kind string, v any) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	whole, err := io.ReadAll(io.LimitReader(f, MaxFile+1))
	if err != nil {
		return err
	}
	if err := Decode(whole, kind, v); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// Decode is Read for a file that was read already.
func Decode(whole []byte, kind string, v any) error {
	head, body, ok := bytes.Cut(whole, []byte("\n"))
	digest, isOurs := strings.CutPrefix(string(head), "redx "+kind+" ")
	sum := sha256.Sum256(body)
	if !ok || !isOurs || len(whole) > MaxFile || digest != hex.EncodeToString(sum[:]) {
		return ErrTorn
	}
	if err := json.Unmarshal(body, v); err != nil {
		return fmt.Errorf("%w: %w", ErrTorn, err)
	}
	return nil
}

// Replace replaces a file with these bytes: beside, synced, renamed, and the folder synced. There is one who writes a file
// at a time; what a crash has left beside it is written over.
func Replace(path string, b []byte) error {
	in, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer in.Close()
	return ReplaceIn(in, filepath.Base(path), b)
}

// ReplaceIn is Replace for a file in a folder that is open.
func ReplaceIn(in *os.Root, name string, b []byte) error {
	part := name + ".new"
	f, err := in.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = in.Rename(part, name)
	}
	if err != nil {
		return errors.Join(err, in.Remove(part))
	}
	return SyncFolder(in)
}
