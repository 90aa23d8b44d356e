// Package collect puts what the checks read of an installation into a zip, and no more: text logs as they are, and of
// hives, databases, traces and event logs the events that were found in them, as saved evidence. The zip is a bundle of
// logs that leads to the same findings as the installation.
//
// Names of people, computers and domains are replaced unless that is not wanted. It is no tool for backing up, and it
// decides nothing. The same installation gives the same bytes.
package collect

import (
	"archive/zip"
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/format/textline"
	"github.com/redx-update/redx/internal/gather"
	"github.com/redx-update/redx/internal/image"
)

// Options of a collection.
type Options struct {
	Names    bool // keep the names
	Progress func(path string)
	Extra    []gather.Source // as of gather.Options
}

// Summary says what the zip holds.
type Summary struct {
	Logs   []string // as they stood in the installation
	Events int      // of other sources
	Masked bool
	Unread []evidence.Unread
}

// Write gathers and writes the zip. The error is that of gathering or of writing; what could not be read stands in the
// summary, and in the zip.
func Write(ctx context.Context, w io.Writer, img image.Image, o Options) (Summary, error) {
	var logs []string
	set, err := gather.Gather(ctx, img, gather.Options{
		Progress: o.Progress, Extra: o.Extra, Text: func(path string) { logs = append(logs, path) },
	})
	if err != nil {
		return Summary{}, err
	}
	c := &collection{ctx: ctx, img: img, zip: zip.NewWriter(w), about: gather.NewCollected(img, !o.Names)}
	if !o.Names {
		c.mask = newMask(img, set)
	}
	slices.Sort(logs)
	c.logs = slices.DeleteFunc(logs, func(path string) bool { return c.about.Path(path) == "" })
	events, err := c.write(set)
	if err != nil {
		return Summary{}, fmt.Errorf("write the collection: %w", err)
	}
	return Summary{Logs: c.logs, Events: events, Masked: !o.Names, Unread: set.Unread()}, nil
}

type collection struct {
	ctx   context.Context
	img   image.Image
	zip   *zip.Writer
	about gather.Collected
	mask  *mask // nil: names are kept
	logs  []string
}

func (c *collection) write(set *evidence.Set) (int, error) {
	if err := c.entry(gather.Manifest, func(w io.Writer) error {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(c.about)
	}); err != nil {
		return 0, err
	}
	// What a log says is read from the log again; that a file is there or not can only be said here.
	events := set.Part(func(path string, kind evidence.Kind) bool {
		_, isLog := slices.BinarySearch(c.logs, path)
		return !isLog || kind == evidence.FileState
	}, c.text)
	if err := c.entry("evidence.jsonl", func(w io.Writer) error { return evidence.Save(w, events) }); err != nil {
		return 0, err
	}
	for _, log := range c.logs {
		if err := c.log(log); err != nil {
			return 0, err
		}
	}
	return events.Len(), c.zip.Close()
}

func (c *collection) text(s string) string {
	if c.mask == nil {
		return s
	}
	return c.mask.text(s)
}

// log writes a text log, masked line by line: as UTF-8 then, whatever it was.
func (c *collection) log(file string) error {
	f, err := c.img.FS().Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	in := &stoppable{ctx: c.ctx, r: f}
	return c.entry(c.about.Path(c.text(file)), func(w io.Writer) error {
		if c.mask == nil {
			_, err := io.Copy(w, in)
			return err
		}
		out := bufio.NewWriter(w)
		lines := textline.NewReader(in)
		for lines.Next() {
			_, _ = out.Write(c.mask.line(lines.Bytes())) // Flush tells
			_, _ = out.WriteString("\r\n")
		}
		if err := lines.Err(); err != nil {
			return err
		}
		return out.Flush()
	})
}

// entry writes one file of the zip. All bear one time, so that the same evidence gives the same bytes.
func (c *collection) entry(name string, write func(io.Writer) error) error {
	h := &zip.FileHeader{
		Name: path.Clean(strings.ReplaceAll(name, `\`, "/")), Method: zip.Deflate,
		Modified: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	w, err := c.zip.CreateHeader(h)
	if err != nil {
		return err
	}
	return write(w)
}

// stoppable ends with its context.
type stoppable struct {
	ctx context.Context
	r   io.Reader
}

func (s *stoppable) Read(b []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.r.Read(b)
}
