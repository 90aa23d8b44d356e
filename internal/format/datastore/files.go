package datastore

import (
	"crypto/sha1" // only for its size
	"crypto/sha256"
	"encoding/hex"
	"iter"
	"strings"
	"time"

	"github.com/redx-update/redx/internal/format/ese"
	"github.com/redx-update/redx/internal/winbin"
)

// File is one row of tbFiles: a file of some update, in SoftwareDistribution\Download or still to be fetched.
type File struct {
	Place
	ID             int64 // IdFileLocal, within this datastore
	Name           string
	Path           string // LocalTargetPath
	URLs           []string
	Size           int64  // bytes
	SHA1           string // hex; empty when not known
	SHA256         string // hex; empty when not known
	Algorithm      string // DigestAlgorithm as text or decimal number, raw
	Digest         []byte // raw
	DownloadStatus int64  // raw: its values are not verified
	References     int64  // RefCount
	Modified       time.Time
	Expires        time.Time
}

// Files gives all known files.
func (s *Store) Files() iter.Seq2[File, error] { return rows(s.live(tableFiles), readFile) }

func readFile(r ese.Row) (File, error) {
	f := File{
		Place: Place{r.Page, r.Number}, ID: num(r, "IdFileLocal"), Name: text(r, "Name"),
		Path: text(r, "LocalTargetPath"), Size: num(r, "Size"), DownloadStatus: num(r, "DownloadStatus"),
		References: num(r, "RefCount"), Algorithm: algorithm(r),
	}
	f.Modified, _ = r.Time("Modified")
	f.Expires, _ = r.Time("ExpireDate")
	var err error
	f.URLs, err = urls(r)
	f.Digest, _ = r.Bytes("Digest")
	f.SHA1, f.SHA256 = digests(f.Digest, f.Algorithm)
	return f, err
}

func algorithm(r ese.Row) string {
	if s := text(r, "DigestAlgorithm"); s != "" {
		return s
	}
	if b, ok := r.Bytes("DigestAlgorithm"); ok {
		return strings.TrimRight(winbin.UTF16Z(b), "\x00")
	}
	return ""
}

// digests names a digest by its length; an algorithm that says otherwise leaves both empty.
func digests(b []byte, algorithm string) (hexSHA1, hexSHA256 string) {
	name := strings.ToUpper(strings.ReplaceAll(algorithm, "-", ""))
	switch len(b) {
	case sha1.Size:
		if !strings.Contains(name, "256") {
			return hex.EncodeToString(b), ""
		}
	case sha256.Size:
		if !strings.HasSuffix(name, "SHA1") {
			return "", hex.EncodeToString(b)
		}
	}
	return "", ""
}

// urls gives every value of Urls, each split at NULs and line ends: how several are kept is not published.
func urls(r ese.Row) ([]string, error) {
	c := r.Table().Column("Urls")
	if c == nil {
		return nil, nil
	}
	values, err := r.Values("Urls")
	var out []string
	for _, v := range values {
		s := winbin.UTF16(v)
		if c.Codepage != 1200 && c.Type != ese.LongBinary {
			s = c.Decode(v)
		}
		out = append(out, strings.FieldsFunc(s, func(r rune) bool { return r == 0 || r == '\n' || r == '\r' })...)
	}
	return out, err
}
