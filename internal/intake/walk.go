package intake

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/redx-update/redx/internal/format/cab"
	"github.com/redx-update/redx/internal/wsus/xmltext"
)

// maxDocument bounds one document.
const maxDocument = 64 << 20

// walk takes in what describes updates and gives the other files.
func (in *Intake) walk(ctx context.Context, path string) ([]string, error) {
	var payload []string
	err := filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if !d.Type().IsRegular() {
			return nil
		}
		taken, err := in.describes(ctx, p)
		if err == nil && !taken {
			payload = append(payload, p)
		}
		return err
	})
	return payload, err
}

// describes takes in a file that describes updates; false for any other.
func (in *Intake) describes(ctx context.Context, path string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	i, err := f.Stat()
	if err != nil {
		return false, err
	}
	name := strings.ToLower(filepath.Base(path))
	switch {
	case strings.HasSuffix(name, ".xml.gz"):
		z, err := gzip.NewReader(f)
		if err != nil {
			in.refuse(path, err)
			return true, nil
		}
		return true, in.export(ctx, path, z)
	case strings.HasSuffix(name, ".xml"):
		return in.xmlFile(ctx, path, f, i.Size())
	case name == "metadata.txt":
		return true, in.export(ctx, path, f)
	case strings.HasSuffix(name, ".cab"):
		return in.cabinet(ctx, path, f, i.Size())
	}
	return false, nil
}

// xmlFile takes one document, or a file with several.
func (in *Intake) xmlFile(ctx context.Context, path string, f io.Reader, size int64) (bool, error) {
	if size > maxDocument {
		return true, in.export(ctx, path, f)
	}
	b, err := io.ReadAll(io.LimitReader(f, maxDocument+1))
	if err != nil {
		return false, err
	}
	b = plain(b)
	switch root(b) {
	case "Update":
		return true, in.whole(ctx, path, b)
	case "ExportPackage":
		return true, in.export(ctx, path, bytes.NewReader(b))
	}
	return false, nil
}

// plain makes UTF-8 of a document and takes the XML declaration away: it says of what the document was once.
func plain(b []byte) []byte {
	b = bytes.TrimSpace(xmltext.UTF8(b))
	if bytes.HasPrefix(b, []byte("<?xml")) {
		if _, rest, ok := bytes.Cut(b, []byte("?>")); ok {
			b = bytes.TrimSpace(rest)
		}
	}
	return b
}

// cabinet takes in a cabinet that describes updates; others are files of updates.
func (in *Intake) cabinet(ctx context.Context, path string, f *os.File, size int64) (bool, error) {
	c, err := cab.Open(f, size)
	if err != nil {
		return false, nil //nolint:nilerr // a file that only is called a cabinet is a file like any other
	}
	names := map[string]cab.File{}
	for _, file := range c.Files() {
		names[strings.ToLower(file.Name)] = file
	}
	if metadata, ok := names["metadata.txt"]; ok {
		r, err := c.Open(metadata)
		if err != nil {
			in.refuse(path, err)
			return true, nil
		}
		return true, in.export(ctx, path+": metadata.txt", r)
	}
	_, index := names["index.xml"]
	_, packages := names["package.cab"]
	if index && packages {
		return true, in.scanCabinet(ctx, path, c)
	}
	return false, nil
}

// export reads the stream of an export: lines of "id,revision,length,document", or XML that holds documents.
func (in *Intake) export(ctx context.Context, what string, r io.Reader) error {
	b := streamUTF8(bufio.NewReaderSize(r, 1<<16))
	if mark, err := b.Peek(3); err == nil && string(mark) == "\ufeff" {
		if _, err := b.Discard(3); err != nil {
			return err
		}
	}
	first, err := b.Peek(1)
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err != nil {
		in.refuse(what, err)
		return nil
	}
	if first[0] == '<' {
		return in.xmlStream(ctx, what, b)
	}
	for n := 1; ctx.Err() == nil; n++ {
		document, err := line(b)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			in.refuse(fmt.Sprintf("%s: update %d", what, n), err)
			return nil
		}
		if err := in.whole(ctx, fmt.Sprintf("%s: update %d", what, n), document); err != nil {
			return err
		}
	}
	return ctx.Err()
}
