package download

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"hash"
	"io"
)

// sums are the digests of what has come so far. SHA-1 is the protocol's name for a file, SHA-256 what is relied on.
type sums struct{ sha1, sha256 hash.Hash }

func newSums() *sums { return &sums{sha1.New(), sha256.New()} }

func (s *sums) Write(b []byte) (int, error) {
	s.sha1.Write(b) // a hash.Hash never fails
	return s.sha256.Write(b)
}

// file adds all that is in a file.
func (s *sums) file(d Disk, path string) error {
	f, err := d.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(s, f)
	return err
}

func (s *sums) match(f *File) bool {
	return bytes.Equal(s.sha1.Sum(nil), f.SHA1) && (f.SHA256 == nil || bytes.Equal(s.sha256.Sum(nil), f.SHA256))
}
