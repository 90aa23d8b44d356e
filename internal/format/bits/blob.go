package bits

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/redx-update/redx/internal/format/ese"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/winbin"
)

// separator stands before and behind the list of a job's files.
var separator = guid.MustParse("7756da36-516f-435a-acac-44a248fff34d").LE()

// cursor reads a blob front to back. After the first thing that does not fit, it gives zeros and keeps the error.
type cursor struct {
	b    []byte
	size int
	err  error
}

func open(row ese.Row) *cursor {
	values, err := row.Values("Blob")
	c := &cursor{err: err}
	switch {
	case len(values) == 1:
		c.b, c.size = values[0], len(values[0])
		c.take(16, "type") // differs between versions of Windows
	case err == nil:
		c.err = fmt.Errorf("record %d in page %d has no blob", row.Number, row.Page)
	}
	return c
}

func (c *cursor) take(n int, what string) []byte {
	if c.err != nil {
		return make([]byte, min(n, 16))
	}
	if n > len(c.b) {
		c.err = fmt.Errorf("blob: %s needs %d bytes at %d of %d", what, n, c.size-len(c.b), c.size)
		return make([]byte, min(n, 16))
	}
	b := c.b[:n]
	c.b = c.b[n:]
	return b
}

func (c *cursor) u32(what string) uint32 { return binary.LittleEndian.Uint32(c.take(4, what)) }

func (c *cursor) u64(what string) uint64 { return binary.LittleEndian.Uint64(c.take(8, what)) }

func (c *cursor) guid(what string) guid.GUID { return guid.FromLE(c.take(16, what)) }

func (c *cursor) time(what string) time.Time { return winbin.Filetime(c.u64(what)) }

// text reads a length in UTF-16 units, NUL included, and the text.
func (c *cursor) text(what string) string {
	n := c.u32(what)
	if c.err == nil && uint64(n)*2 > uint64(len(c.b)) {
		c.take(len(c.b)+1, what)
		return ""
	}
	if c.err != nil {
		return ""
	}
	return winbin.UTF16Z(c.take(int(n)*2, what))
}

// list reads a count of things of a size, which must fit.
func (c *cursor) list(size int, what string) int {
	n := c.u32(what)
	if c.err == nil && uint64(n)*uint64(size) > uint64(len(c.b)) {
		c.err = fmt.Errorf("blob: %d of %s do not fit", n, what)
	}
	if c.err != nil {
		return 0
	}
	return int(n)
}

// skipTo goes behind the next separator.
func (c *cursor) skipTo(sep []byte, what string) {
	if c.err != nil {
		return
	}
	i := bytes.Index(c.b, sep)
	if i < 0 {
		c.err = fmt.Errorf("blob: no %s", what)
		return
	}
	c.b = c.b[i+len(sep):]
}

func readJob(row ese.Row) (Job, error) {
	c := open(row)
	j := Job{Place: Place{row.Page, row.Number}}
	j.Type, j.Priority, j.State = c.u32("type"), c.u32("priority"), State(c.u32("state"))
	c.u32("a word of unknown meaning")
	j.ID = c.guid("id")
	j.Name, j.Description = c.text("name"), c.text("description")
	j.Command, j.Arguments = c.text("command"), c.text("arguments")
	j.SID, j.Flags = c.text("owner"), c.u32("flags")
	c.skipTo(separator, "list of files")
	for range c.list(16, "files") {
		j.Files = append(j.Files, c.guid("file"))
	}
	c.skipTo(separator, "end of the list of files")
	c.errors(&j)
	j.Transients = c.u32("transient errors")
	j.RetryDelay = time.Duration(c.u32("retry delay")) * time.Second
	j.Timeout = time.Duration(c.u32("timeout")) * time.Second
	j.Created, j.Modified = c.time("creation time"), c.time("modification time")
	if id, ok := row.GUID("Id"); ok {
		j.ID = id
	}
	return j, c.err
}

func (c *cursor) errors(j *Job) {
	for range c.list(24, "errors") {
		e := Error{Code: hresult.Code(c.u64("error code"))}
		for i := range e.More {
			e.More[i] = c.u32("error")
		}
		j.Errors = append(j.Errors, e)
	}
}

func readFile(row ese.Row) (File, error) {
	c := open(row)
	f := File{Place: Place{row.Page, row.Number}}
	f.Destination, f.URL, f.Temporary = c.text("destination"), c.text("URL"), c.text("temporary name")
	f.Downloaded, f.Total = c.u64("size"), c.u64("size")
	c.take(1, "a byte of unknown meaning")
	f.Drive, f.Volume = c.text("drive"), c.text("volume")
	if id, ok := row.GUID("Id"); ok {
		f.ID = id
	}
	return f, c.err
}
