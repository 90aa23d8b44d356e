// Package content keeps the files of updates, each under its SHA-1, and gives out only what is sound. A Store keeps
// bytes; a Keeper knows which files there should be and how each was found last. It knows nothing of updates. Its
// invariant: a file whose size, SHA-1 and SHA-256 were not verified, or whose size, time or inode changed since, is not
// given out.
package content

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"path"
	"strings"
	"time"
)

// Want says what a file must be.
type Want struct {
	SHA1   [20]byte
	SHA256 [32]byte // zero: not known
	Size   int64
	Name   string // as the update has it; its extension is kept
}

// maxExtension bounds the part of a name that a client's URL repeats.
const maxExtension = 16

// Path is where a file is below Content: "XX/SHA1.ext", XX being the last two digits (MS-WUSP notes 56 and 57).
func (w Want) Path() string {
	digits := strings.ToUpper(hex.EncodeToString(w.SHA1[:]))
	return digits[len(digits)-2:] + "/" + digits + extension(w.Name)
}

// extension gives the extension of a name, if it is a plain one.
func extension(name string) string {
	ext := path.Ext(name)
	plain := func(r rune) bool { return r < '0' || r > '9' && r < 'A' || r > 'Z' && r < 'a' || r > 'z' }
	if len(ext) < 2 || len(ext) > maxExtension || strings.ContainsFunc(ext[1:], plain) {
		return ""
	}
	return ext
}

// ParsePath reads the digest out of "XX/SHA1.ext", in any case; false when it is not of this form.
func ParsePath(p string) ([20]byte, bool) {
	var sum [20]byte
	folder, name, ok := strings.Cut(strings.TrimPrefix(p, "/"), "/")
	digits, _, _ := strings.Cut(name, ".")
	if !ok || len(digits) != 2*len(sum) || len(folder) != 2 || !strings.EqualFold(folder, digits[len(digits)-2:]) {
		return sum, false
	}
	_, err := hex.Decode(sum[:], []byte(digits))
	return sum, err == nil
}

// Stamp tells whether a file may have changed: its size, its time and its inode. Empty means not known.
type Stamp string

// NewStamp makes a Stamp; inode is 0 where there are none.
func NewStamp(size int64, modified time.Time, inode uint64) Stamp {
	return Stamp(fmt.Sprintf("%d %d %d", size, modified.UnixNano(), inode))
}

// Opened is an open file. One from a file system is an *os.File underneath: Reader gives it as it is, so that a server
// can hand it to the kernel.
type Opened interface {
	io.Closer
	Reader() io.ReadSeeker
	Stamp() Stamp
	Modified() time.Time
}

// Store keeps files. It is safe for concurrent use.
type Store interface {
	// Put takes a file in; it is there whole and sound, or not at all. What was there is replaced. The error is a
	// *Damage when r does not give what is wanted.
	Put(ctx context.Context, w Want, r io.Reader) error
	// Open opens a file without looking at its content; fs.ErrNotExist.
	Open(w Want) (Opened, error)
}

// Damage says what is wrong with a file.
type Damage struct{ Path, Problem string }

func (d *Damage) Error() string { return d.Path + ": " + d.Problem }

// Verify reads a file to its end, or until it is too long, and compares it with what is wanted.
func Verify(ctx context.Context, w Want, r io.Reader) error { return Copy(ctx, io.Discard, w, r) }

// Copy is Verify that keeps what it reads.
func Copy(ctx context.Context, dst io.Writer, w Want, r io.Reader) error {
	one, two := sha1.New(), sha256.New()
	n, err := io.Copy(io.MultiWriter(one, two, dst), io.LimitReader(patient{ctx, r}, w.Size+1))
	if err != nil {
		return fmt.Errorf("read %s: %w", w.Path(), err)
	}
	if problem := compare(w, n, one, two); problem != "" {
		return &Damage{w.Path(), problem}
	}
	return nil
}

func compare(w Want, n int64, one, two hash.Hash) string {
	switch {
	case n > w.Size:
		return fmt.Sprintf("is longer than %d bytes", w.Size)
	case n < w.Size:
		return fmt.Sprintf("has %d of %d bytes", n, w.Size)
	case [20]byte(one.Sum(nil)) != w.SHA1:
		return fmt.Sprintf("SHA-1 is %X", one.Sum(nil))
	case w.SHA256 != [32]byte{} && [32]byte(two.Sum(nil)) != w.SHA256:
		return fmt.Sprintf("SHA-256 is %X", two.Sum(nil))
	}
	return ""
}

// patient reads until its context ends.
type patient struct {
	ctx context.Context
	r   io.Reader
}

func (p patient) Read(b []byte) (int, error) {
	if err := p.ctx.Err(); err != nil {
		return 0, err
	}
	return p.r.Read(b)
}
