// Package gather reads a Windows installation, or a bundle of logs, into evidence: it finds the files that a failed
// update leaves traces in, knows each by its content, has it read by its format's reader, and says what the records
// mean. It judges nothing and never writes.
package gather

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"strings"
	"sync"

	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/format"
	"github.com/redx-update/redx/internal/image"
	"github.com/redx-update/redx/internal/winsys"
)

// Options of a gathering.
type Options struct {
	// Progress is told of each file that is begun, from several goroutines one at a time; nil for none.
	Progress func(path string)
	// Text is told of each text log that was recognised, as Progress is; nil for none.
	Text func(path string)
	// Extra is what else the installation says, beside its files and its registry.
	Extra []Source
}

// Source is a place of evidence that is no file, such as the running Windows' own agent.
type Source struct {
	Name string // under which it stands in Unread
	// Read gives its events. With an error they are kept, and the error stands in Unread.
	Read func(context.Context) ([]evidence.Event, error)
}

// Gather reads all there is. What cannot be read stands in the Set's Unread; the only errors are a cancelled context
// and a bundle in which nothing was recognised (image.ErrNoLogs).
func Gather(ctx context.Context, img image.Image, opts Options) (*evidence.Set, error) {
	g := &gatherer{img: img, out: evidence.NewBuilder(), opts: opts}
	g.notes()
	if img.Kind() == image.Logs { // what is in it may say more of the machine, and has the last word
		g.machine()
		g.manifest()
	}
	if err := g.readAll(ctx); err != nil {
		return nil, err
	}
	if err := g.extra(ctx); err != nil {
		return nil, err
	}
	if g.img.Kind() == image.Logs && g.recognised == 1 && g.few && g.collected.Version == 0 {
		g.out.SetExcerpt()
	}
	g.out.Localise(g.zone.toUTC)
	if err := g.probe(ctx); err != nil {
		return nil, err
	}
	if err := g.look(ctx); err != nil {
		return nil, err
	}
	g.notes() // some things an image can only say of what was read
	return g.out.Set(), nil
}

// notes takes what the image says of itself; what was said before is not said again.
func (g *gatherer) notes() {
	for _, n := range g.img.Notes() {
		g.out.Note(n)
	}
}

type gatherer struct {
	img  image.Image
	out  *evidence.Builder
	opts Options
	zone zone
	soft *winsys.Software // nil when the hive could not be had
	sys  *winsys.System
	// restarts are the signs that a restart is pending.
	restarts []winsys.Flag
	// collected says where the files of a bundle that redx has made come from.
	collected Collected

	mu         sync.Mutex
	recognised int
	// few says of the file that was recognised last that it is text, and some kilobytes at most.
	few bool
}

// maxExcerpt is the most, in bytes, that is taken for a few lines out of a log.
const maxExcerpt = 8 << 10

// extra asks the sources that are no files, and counts the codes that stand there.
func (g *gatherer) extra(ctx context.Context) error {
	for _, s := range g.opts.Extra {
		events, err := s.Read(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			g.out.Unread(s.Name, err)
		}
		for _, e := range events {
			if e.Code.Failed() {
				g.out.Code(e.Code, e.Source, []byte(e.Text))
			}
			g.out.Add(e)
		}
	}
	return nil
}

// readFile knows a file by its content and has it read. Damage inside is noted; the events before it stay.
func (g *gatherer) readFile(ctx context.Context, path string) {
	f, err := g.img.FS().Open(path)
	if err != nil {
		g.unread(g.collected.shown(path), err)
		return
	}
	defer f.Close()
	path = g.collected.shown(path)
	head, err := readHead(f)
	if err != nil {
		g.unread(path, err)
		return
	}
	head, quoted := unquoteHead(head)
	r, ok := recognise(head)
	if !ok || !g.takes(path, r.name) {
		if len(head) > 0 && mustBeKnown(path) {
			g.unread(path, errUnrecognised)
			g.damagedDatabase(path, errUnrecognised)
		}
		return
	}
	g.mu.Lock()
	g.recognised++
	g.few = r.text() && f.Size() <= maxExcerpt
	g.out.Source(path)
	if g.opts.Progress != nil {
		g.opts.Progress(path)
	}
	if g.opts.Text != nil && r.text() {
		g.opts.Text(path)
	}
	g.mu.Unlock()
	in := &input{ctx: ctx, file: f, path: path, out: g.out, img: g.img, root: cmp.Or(g.img.SystemRoot(), g.collected.Root), zone: &g.zone, quoted: quoted}
	if err := r.read(in); err != nil && ctx.Err() == nil {
		g.unread(path, err)
	}
	if r.text() && r.name != shownText && f.Size() <= maxExcerpt { // people paste the lines of a log below what they saw
		if err := in.shown(bytes.NewReader(head)); err != nil {
			g.unread(path, err)
		}
	}
}

// unread notes what could not be read, but for what is simply not there.
func (g *gatherer) unread(path string, err error) {
	if !errors.Is(err, fs.ErrNotExist) {
		g.out.Unread(path, plain(err))
	}
}

// plain takes the path out of an error that carries it, since it stands beside the reason already.
func plain(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// input is one file on its way to its reader.
type input struct {
	ctx  context.Context
	file image.File
	path string
	out  *evidence.Builder
	img  image.Image
	root string // the Windows folder, as the installation sees it; "" when not known
	zone *zone
	// quoted says that every line begins with "> ", as in a mail.
	quoted bool
}

// damage notes a damaged place; the reader goes on behind it. Only the first places of a file are kept, since a file
// that is damaged throughout would fill the report.
func (in *input) damage(n *int, err error) {
	const most = 5
	*n++
	if *n <= most {
		in.out.Unread(in.path, err)
	}
}

// line is the source of a text line.
func (in *input) line(n int) evidence.Source { return evidence.Source{Path: in.path, Line: n} }

// record is the source of a numbered record.
func (in *input) record(n uint64) evidence.Source { return evidence.Source{Path: in.path, Record: n} }

// lines gives the file as a stream that ends when the context does.
func (in *input) lines() io.Reader {
	r := &cancelReader{ctx: in.ctx, r: in.file}
	if in.quoted {
		return newUnquoter(r)
	}
	return r
}

type cancelReader struct {
	ctx context.Context
	r   io.Reader
}

func (c *cancelReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

// headSize is how much of a file is looked at to know it.
const headSize = 64 << 10

func readHead(f image.File) ([]byte, error) {
	b := make([]byte, min(f.Size(), headSize))
	n, err := f.ReadAt(b, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return b[:n], nil
}

// base is the last element of a path in lower case.
func base(path string) string {
	_, name := image.Split(path)
	return strings.ToLower(name)
}

// notThis reports that a reader found the file to be of another format after all.
func notThis(err error) bool { return errors.Is(err, format.ErrNotThis) }
