package gather

import (
	"context"
	"crypto/sha1" // Windows Update names its files by SHA-1
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"strconv"
	"strings"

	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/image"
)

// probe looks at the files that the evidence names: is each there, and is it what the datastore says. In a bundle of
// logs nothing can be looked at.
func (g *gatherer) probe(ctx context.Context) error {
	if g.img.Kind() == image.Logs {
		return nil
	}
	g.taken()
	g.putAside()
	g.systemPaths()
	seen := map[string]bool{}
	for _, e := range g.out.Events(evidence.DatastoreFile, evidence.UpdateFileMissing, evidence.PayloadMissing, evidence.PayloadCorrupt) {
		if err := ctx.Err(); err != nil {
			return err
		}
		path := e.Field(evidence.Path)
		if e.Field(evidence.Component) != "" {
			path = image.Join(g.img.SystemRoot(), "WinSxS", e.Field(evidence.Component), e.Field(evidence.Name))
		}
		if key := strings.ToLower(path); path != "" && !seen[key] && !strings.Contains(path, "*") {
			seen[key] = true
			g.out.Add(g.fileState(ctx, path, &e))
		}
	}
	return ctx.Err()
}

// fileState looks at one file and compares it with what the event knows of it.
func (g *gatherer) fileState(ctx context.Context, path string, want *evidence.Event) evidence.Event {
	fields := map[string]string{evidence.Path: path}
	e := evidence.Event{Kind: evidence.FileState, Source: evidence.Source{Path: path}, Fields: fields}
	info, err := g.img.FS().Stat(path)
	switch {
	case err == nil && info.Dir:
		fields[evidence.State] = evidence.Absent
		e.Text = "not there: a folder stands in its place"
	case err == nil:
		g.compare(ctx, &e, path, info, want)
	case errors.Is(err, fs.ErrNotExist):
		g.absent(&e, path)
	default:
		fields[evidence.State] = evidence.Unknown
		e.Text = "could not be looked at: " + plain(err).Error()
		g.out.Unread(path, plain(err))
	}
	return e
}

// taken notes which names for a folder that is put aside are there already, up to the first free one, so that no
// advice leads to a name that is taken.
func (g *gatherer) taken() {
	for n := 1; n < 100; n++ {
		path := image.Join(g.img.SystemRoot(), evidence.AsideName(n))
		state := evidence.Present
		if _, err := g.img.FS().Stat(path); errors.Is(err, fs.ErrNotExist) {
			state = evidence.Absent
		}
		g.out.Add(evidence.Event{
			Kind: evidence.FileState, Source: evidence.Source{Path: path}, Text: "a name to put SoftwareDistribution aside under",
			Fields: map[string]string{evidence.Path: path, evidence.State: state},
		})
		if state == evidence.Absent {
			return
		}
	}
}

// absent tells a missing file from a missing folder, and names the first folder that is not there.
func (g *gatherer) absent(e *evidence.Event, path string) {
	e.Fields[evidence.State] = evidence.Absent
	e.Text = "not there"
	missing := ""
	for dir, _ := image.Split(path); len(dir) > 2; dir, _ = image.Split(dir) {
		if _, err := g.img.FS().Stat(dir); !errors.Is(err, fs.ErrNotExist) {
			break
		}
		missing = dir
	}
	if missing != "" {
		e.Fields[evidence.State] = evidence.NoFolder
		e.Fields[evidence.Name] = missing
		e.Text = "its folder " + missing + " is not there"
	}
}

// compare checks size and digest of a file that is there, as far as they are known.
func (g *gatherer) compare(
	ctx context.Context, e *evidence.Event, path string, info image.Info, want *evidence.Event,
) {
	e.Fields[evidence.State] = evidence.Present
	e.Fields[evidence.Size] = strconv.FormatInt(info.Size, 10)
	e.Text = "there"
	if info.Reparse {
		return
	}
	if s := want.Field(evidence.Size); s != "" && s != "0" && s != e.Fields[evidence.Size] {
		e.Fields[evidence.State] = evidence.Different
		e.Text = "there, with " + e.Fields[evidence.Size] + " bytes instead of " + s
		return
	}
	if want.Field(evidence.SHA1) == "" && want.Field(evidence.SHA256) == "" {
		return
	}
	sum1, sum256, err := g.digests(ctx, path)
	if err != nil {
		e.Text = "there, but could not be read: " + plain(err).Error()
		g.unread(path, err)
		return
	}
	e.Fields[evidence.SHA1], e.Fields[evidence.SHA256] = sum1, sum256
	if differs(want.Field(evidence.SHA1), sum1) || differs(want.Field(evidence.SHA256), sum256) {
		e.Fields[evidence.State] = evidence.Different
		e.Text = "there, but damaged: its digest is not the one in the datastore"
	}
}

func differs(want, got string) bool { return want != "" && !strings.EqualFold(want, got) }

func (g *gatherer) digests(ctx context.Context, path string) (sum1, sum256 string, err error) {
	f, err := g.img.FS().Open(path)
	if err != nil {
		return "", "", err
	}
	defer f.Close()
	h1, h256 := sha1.New(), sha256.New()
	if _, err := io.Copy(io.MultiWriter(h1, h256), &cancelReader{ctx: ctx, r: f}); err != nil {
		return "", "", err
	}
	return hex.EncodeToString(h1.Sum(nil)), hex.EncodeToString(h256.Sum(nil)), nil
}
