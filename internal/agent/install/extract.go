package install

import (
	"bytes"
	"context"
	"crypto/sha1" // what servers give for old updates
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/redx-update/redx/internal/agent"
	"github.com/redx-update/redx/internal/agent/disk"
	"github.com/redx-update/redx/internal/agent/trace"
	"github.com/redx-update/redx/internal/format"
	"github.com/redx-update/redx/internal/format/cab"
	"github.com/redx-update/redx/internal/update"
)

// Bounds of what one update unpacks to.
const (
	maxUnpacked = 32 << 30 // bytes
	maxDepth    = 2        // a package (.msu) with cabinets in it
)

// Extract unpacks the payloads of an update that are cabinets, beside them, and of a standalone package (.msu) the
// cabinets in it. What a cabinet names that would lead out of the folder, or twice to one place, is refused as a whole.
// Each file is whole or not there, and safe when Extract returns; what was there already is replaced. It gives the files
// in the order of the cabinets, each with its digest and the sources of the payload that it was in. An error is an
// *agent.Failure whose Update is for the caller to fill.
func Extract(ctx context.Context, d disk.Disk, folder string, payloads []trace.File) ([]trace.File, error) {
	x := &extraction{ctx: ctx, disk: d, folder: folder, taken: map[string]bool{}, folders: map[string]bool{}}
	for _, p := range payloads {
		x.taken[strings.ToLower(p.Path)] = true
	}
	for _, p := range payloads {
		if err := x.payload(p, 1); err != nil {
			f := failure(update.Ref{}, err)
			f.Stage = agent.Extracting
			return nil, f
		}
	}
	for dir := range x.folders {
		if err := d.Sync(dir); err != nil {
			return nil, &agent.Failure{Stage: agent.Extracting, Code: codeFailed, Path: dir, Err: err}
		}
	}
	return x.files, nil
}

type extraction struct {
	ctx     context.Context
	disk    disk.Disk
	folder  string
	taken   map[string]bool // paths in lower case that are written or must not be
	folders map[string]bool
	files   []trace.File
	bytes   int64
}

// payload unpacks one payload; what is no cabinet is left as it is.
func (x *extraction) payload(p trace.File, depth int) error {
	f, err := x.disk.Open(p.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return wrong(codeFileNotFound, p.Path, "the payload is not there: %w", err)
	}
	if err != nil {
		return err
	}
	defer f.Close()
	c, err := cab.Open(f, f.Size())
	switch {
	case errors.Is(err, format.ErrNotThis) && !strings.EqualFold(path.Ext(p.Name), ".cab"):
		return nil
	case err != nil:
		return wrong(codeCorrupt, p.Path, "cannot be unpacked: %w", err)
	}
	if err := x.plan(c, p.Path); err != nil {
		return err
	}
	var inner []trace.File
	err = c.Each(func(e cab.File, r io.Reader) error {
		out, err := x.file(e, r, p)
		if err == nil && depth < maxDepth && isInner(p.Name, e.Name) {
			inner = append(inner, out)
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, i := range inner {
		if err := x.payload(i, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// isInner tells the cabinets of a standalone package that belong to the update: not the one for scans alone.
func isInner(payload, name string) bool {
	return strings.EqualFold(path.Ext(payload), ".msu") && strings.EqualFold(path.Ext(name), ".cab") && !strings.EqualFold(name, scanCabinet)
}

// scanCabinet is in a standalone package for those who search, not for those who install.
const scanCabinet = "WSUSSCAN.cab"

// plan looks at a cabinet's directory before anything is written.
func (x *extraction) plan(c *cab.Cabinet, payload string) error {
	if c.Next != "" || c.Previous != "" {
		return wrong(codeInvalid, payload, "it is one cabinet of a set")
	}
	for _, e := range c.Files() {
		name := strings.ReplaceAll(e.Name, "/", `\`)
		key := strings.ToLower(disk.Join(x.folder, name))
		switch {
		case plainPath(name) != nil, strings.HasSuffix(key, unfinished):
			return wrong(codeInvalid, payload, "it names a file %q, which leads nowhere", e.Name)
		case x.taken[key]:
			return wrong(codeInvalid, payload, "it names %q, which is there already", e.Name)
		case len(x.taken) > maxFiles:
			return wrong(codeInvalid, payload, "more than %d files", maxFiles)
		}
		x.taken[key] = true
		if x.bytes += e.Size; x.bytes > maxUnpacked {
			return wrong(codeInvalid, payload, "more than %d bytes", int64(maxUnpacked))
		}
	}
	return nil
}

// unfinished is the ending of a file that is being written.
const unfinished = ".redx-part"

func (x *extraction) file(e cab.File, r io.Reader, p trace.File) (trace.File, error) {
	if err := x.ctx.Err(); err != nil {
		return trace.File{}, err
	}
	name := strings.ReplaceAll(e.Name, "/", `\`)
	out := trace.File{Name: name, Path: disk.Join(x.folder, name), Size: e.Size, URLs: p.URLs, Done: true, Modified: e.Time}
	dir, _ := disk.Split(out.Path)
	if !x.folders[dir] {
		if _, err := disk.MakeAll(x.disk, dir); err != nil {
			return out, err
		}
		x.folders[dir] = true
	}
	part := out.Path + unfinished
	if err := x.disk.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return out, err
	}
	sum := sha256.New()
	var unpacking error
	err := disk.WriteNew(x.disk, part, func(w io.Writer) error {
		n, err := io.Copy(io.MultiWriter(w, sum), &source{x.ctx, r, &unpacking})
		if err == nil && n != e.Size {
			unpacking = fmt.Errorf("%d of %d bytes", n, e.Size)
			err = unpacking
		}
		return err
	})
	switch {
	case unpacking != nil:
		return out, wrong(codeCorrupt, p.Path, "%s cannot be unpacked: %w", e.Name, unpacking)
	case err != nil:
		return out, err
	}
	out.SHA256 = sum.Sum(nil)
	x.files = append(x.files, out)
	return out, x.disk.Rename(part, out.Path)
}

// source tells what went wrong with a cabinet from what went wrong with the disk.
type source struct {
	ctx context.Context
	r   io.Reader
	bad *error
}

func (s *source) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := s.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		*s.bad = err
	}
	return n, err
}

// digests are what a file must be. None of them is compared when it is not known: a size below 0, a nil digest. SHA-1
// counts where there is no SHA-256, as in old updates.
type digests struct {
	size         int64
	sha1, sha256 []byte
}

// same reads a file and compares it.
func (w digests) same(ctx context.Context, d disk.Disk, path string) error {
	f, err := d.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if w.size >= 0 && f.Size() != w.size {
		return wrong(codeCorrupt, path, "it has %d bytes instead of %d", f.Size(), w.size)
	}
	sum, want := sha256.New(), w.sha256
	if want == nil {
		sum, want = sha1.New(), w.sha1
	}
	if want == nil {
		return nil
	}
	none := error(nil)
	if _, err := io.Copy(sum, &source{ctx, f, &none}); err != nil {
		return err
	}
	if got := sum.Sum(nil); !bytes.Equal(got, want) {
		return wrong(codeBadDigest, path, "its digest is %x instead of %x", got, want)
	}
	return nil
}
