package download

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"strconv"
	"time"

	"github.com/redx-update/redx/internal/agent/disk"
)

const (
	// span is what is asked for at a time, as Windows' own transfers do.
	span = 1 << 20
	// chunk is what is written at a time.
	chunk = 64 << 10
	// stalls is how often a source may give nothing new in a row.
	stalls = 3
	// idle is how long a source may be silent.
	idle = time.Minute
)

// transfer is one file that is on its way.
type transfer struct {
	*Getter
	disk     Disk
	path     string
	file     *File
	progress func(int64)

	part  disk.NewFile // open from the first byte on
	sums  *sums
	have  int64
	alive *time.Timer
	old   bool      // a part of it was there before this process: after a power cut it may be anything
	pace  pace      // of the source that is asked
	since time.Time // that it has been waited for
}

func (t *transfer) partial() string { return t.path + Partial }

// from gets what is missing from one source. Its error is an *Error when the source is at fault.
func (t *transfer) from(ctx context.Context, url string) error {
	if t.part == nil {
		if err := t.open(); err != nil {
			return err
		}
	}
	t.pace = pace{while: cmp.Or(t.Slow, slow), most: cmp.Or(t.Idle, idle)}
	for still := 0; t.have < t.file.Size; {
		before := t.have
		err := t.fetch(ctx, url)
		late := t.late(url, 0) // a wait that brought nothing
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && !again(err):
			return err
		case late != nil && t.have < t.file.Size:
			return late
		case t.have > before:
			still = 0
		default:
			still++
		}
		if still == stalls {
			return cmp.Or(err, error(&Error{Source: url, Code: NotAvailable, Err: errors.New("it gives nothing")}))
		}
	}
	return t.finish(ctx, url)
}

// again tells an error that the same source may not make twice: a connection that broke.
func again(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Status == 0 && !errors.Is(err, errSlow)
}

// open goes on with what is there, or begins.
func (t *transfer) open() error {
	t.sums, t.have, t.old = newSums(), 0, false
	info, err := t.disk.Stat(t.partial())
	switch {
	case errors.Is(err, fs.ErrNotExist):
		t.part, err = t.disk.Create(t.partial())
		return err
	case err != nil:
		return err
	case info.Size > t.file.Size:
		return t.anew()
	}
	if err := t.sums.file(t.disk, t.partial()); err != nil {
		return err
	}
	t.have, t.old = info.Size, info.Size > 0
	t.part, err = t.disk.Append(t.partial())
	return err
}

// anew throws away what has come.
func (t *transfer) anew() error {
	if err := t.close(); err != nil {
		return err
	}
	if err := t.disk.Remove(t.partial()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	t.sums, t.have, t.old = newSums(), 0, false
	var err error
	t.part, err = t.disk.Create(t.partial())
	return err
}

func (t *transfer) close() error {
	if t.part == nil {
		return nil
	}
	err := t.part.Close()
	t.part = nil
	return err
}

// finish verifies, and gives the file its name. What is wrong is thrown away.
func (t *transfer) finish(ctx context.Context, url string) error {
	if !t.sums.match(t.file) {
		was := t.old
		if err := t.anew(); err != nil {
			return err
		}
		if was { // perhaps not this source's fault
			return t.from(ctx, url)
		}
		return &Error{Source: url, Status: http.StatusOK, Code: WrongHash, Err: errors.New("what came has another digest than the update's metadata say")}
	}
	if err := errors.Join(t.part.Sync(), t.close()); err != nil {
		return err
	}
	dir, _ := disk.Split(t.path)
	return errors.Join(t.disk.Rename(t.partial(), t.path), t.disk.Sync(dir))
}

// fetch asks for the next part and takes what comes.
func (t *transfer) fetch(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return &Error{Source: url, Status: -1, Code: NoSource, Err: err}
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	t.alive = time.AfterFunc(cmp.Or(t.Idle, idle), func() { stop(errIdle) })
	defer t.alive.Stop()
	req = req.WithContext(ctx)
	end := min(t.have+span, t.file.Size)
	req.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", t.have, end-1))
	req.Header.Set("Accept-Encoding", "identity")
	t.since = t.now()
	res, err := t.HTTP.Do(req)
	if err != nil {
		return &Error{Source: url, Code: NotAvailable, Err: because(ctx, err)}
	}
	defer res.Body.Close()
	length, err := t.accept(res, url, end)
	if err != nil {
		return err
	}
	return t.take(ctx, url, io.LimitReader(res.Body, length))
}

// accept looks whether an answer is the part that was asked for, and tells how long it is.
func (t *transfer) accept(res *http.Response, url string, end int64) (int64, error) {
	wrong := func(format string, args ...any) error {
		return &Error{Source: url, Status: res.StatusCode, Code: t.StatusCode(res.StatusCode), Err: fmt.Errorf(format, args...)}
	}
	switch res.StatusCode {
	case http.StatusPartialContent:
		last, ok := t.ranged(res.Header.Get("Content-Range"), end)
		if !ok {
			return 0, wrong("asked for bytes %d-%d/%d, it answers %.80q", t.have, end-1, t.file.Size, res.Header.Get("Content-Range"))
		}
		return last + 1 - t.have, nil
	case http.StatusOK: // it knows no ranges
		if page(res) {
			return 0, wrong("it answers with a web page, as a proxy or a sign-in page does")
		}
		if n := res.ContentLength; n >= 0 && n != t.file.Size {
			return 0, wrong("the file has %d bytes there, and %d by the update's metadata", n, t.file.Size)
		}
		if t.have > 0 {
			if err := t.anew(); err != nil {
				return 0, err
			}
		}
		return t.file.Size, nil
	case http.StatusRequestedRangeNotSatisfiable:
		return 0, wrong("the file is shorter there than the %d bytes of the update's metadata (%.40q)", t.file.Size, res.Header.Get("Content-Range"))
	}
	return 0, wrong("it answers %s", strconv.Itoa(res.StatusCode)+" "+http.StatusText(res.StatusCode))
}

// ranged reads a Content-Range that begins where the file goes on. A server may give less than was asked for.
func (t *transfer) ranged(text string, end int64) (last int64, ok bool) {
	var first int64
	var total string
	if n, err := fmt.Sscanf(text, "bytes %d-%d/%s", &first, &last, &total); n != 3 || err != nil {
		return 0, false
	}
	known := total == "*" || total == strconv.FormatInt(t.file.Size, 10)
	return last, known && first == t.have && last >= first && last < end
}

func page(res *http.Response) bool {
	kind, _, err := mime.ParseMediaType(res.Header.Get("Content-Type"))
	return err == nil && kind == "text/html"
}

// take writes what comes.
func (t *transfer) take(ctx context.Context, url string, body io.Reader) error {
	buf := make([]byte, chunk)
	for {
		n, err := body.Read(buf)
		if n > 0 {
			t.alive.Stop() // what is waited for below is not the source's silence
			late := t.late(url, n)
			if err := t.keep(ctx, buf[:n]); err != nil {
				return err
			}
			if late != nil && t.have < t.file.Size {
				return late
			}
			t.alive.Reset(cmp.Or(t.Idle, idle))
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return &Error{Source: url, Code: NotAvailable, Err: because(ctx, err)}
		}
	}
}

// keep writes what has come, as fast as is allowed.
func (t *transfer) keep(ctx context.Context, b []byte) error {
	if t.Limit != nil {
		if err := t.Limit.WaitN(ctx, len(b)); err != nil {
			return errors.Join(ctx.Err(), err)
		}
	}
	if _, err := t.part.Write(b); err != nil {
		return err
	}
	_, _ = t.sums.Write(b) // digests take everything
	t.have += int64(len(b))
	t.progress(t.have)
	t.since = t.now()
	return nil
}

var errIdle = errors.New("it is silent")

// because prefers the reason why a request was given up.
func because(ctx context.Context, err error) error {
	if errors.Is(context.Cause(ctx), errIdle) {
		return errIdle
	}
	return err
}
