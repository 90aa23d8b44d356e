package server

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"time"
)

const (
	// firstBody is what every client may send at any time.
	firstBody = 4 << 10
	// smallBody is what nearly every request stays below. Of larger ones, largeBodies are held at a time.
	smallBody   = 128 << 10
	largeBodies = 16
	// maxHeld bounds the bytes of small bodies, beyond the first ones, that are still coming in. Each was sent, or is one of
	// the next three after one that was.
	maxHeld = 96 << 20
	// smallAnswer is what nearly every answer stays below. Of larger ones, largeAnswers are sent at a time: a page of new
	// updates to a client that does not take Xpress.
	smallAnswer  = 128 << 10
	largeAnswers = 64
)

// errBusy says that a request's turn did not come in time.
var errBusy = errors.New("too many requests at a time")

// take waits for a place; give it back by calling what is returned.
func (s *Server) take(ctx context.Context, places chan struct{}) (func(), error) {
	give := func() { <-places }
	select {
	case places <- struct{}{}:
		return give, nil
	default:
	}
	wait := time.NewTimer(s.limits.Wait)
	defer wait.Stop()
	select {
	case places <- struct{}{}:
		return give, nil
	case <-wait.C:
		return nil, errBusy
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// body reads a request's body of up to limit bytes. A client that sends too slowly loses its connection; until then it holds
// what it has sent and no place of others. What is returned must be called when the body is no longer used.
func (s *Server) body(w http.ResponseWriter, r *http.Request, limit int64) (body []byte, done func(), err error) {
	b := &incoming{server: s, size: r.ContentLength}
	if r.ContentLength > limit {
		w.Header().Set("Connection", "close")
		return nil, b.release, &http.MaxBytesError{Limit: limit}
	}
	control := http.NewResponseController(w)
	// Not every ResponseWriter of a test can do this; the server's own can. After a body that was not read to its end the
	// deadline stays, or what is left of it would be waited for.
	if control.SetReadDeadline(time.Now().Add(s.limits.Body)) == nil {
		defer func() {
			if err == nil {
				err = control.SetReadDeadline(time.Time{})
			}
		}()
	}
	err = b.fill(r.Context(), http.MaxBytesReader(w, r.Body, limit))
	return b.bytes, b.release, err
}

// incoming is a body on its way in.
type incoming struct {
	server *Server
	size   int64 // as the client told; -1: it did not
	bytes  []byte
	held   int64  // of the server's
	give   func() // the place among the large ones
}

func (b *incoming) fill(ctx context.Context, from io.Reader) error {
	b.bytes = make([]byte, 0, firstBody)
	for int64(len(b.bytes)) != b.size {
		if len(b.bytes) == cap(b.bytes) {
			if err := b.grow(ctx); err != nil {
				return err
			}
		}
		n, err := from.Read(b.bytes[len(b.bytes):cap(b.bytes)])
		b.bytes = b.bytes[:len(b.bytes)+n]
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// grow makes room for what comes next.
func (b *incoming) grow(ctx context.Context) error {
	have := cap(b.bytes)
	if have >= smallBody {
		if b.give == nil {
			give, err := b.server.take(ctx, b.server.large)
			if err != nil {
				return err
			}
			b.give = give
		}
		b.bytes = slices.Grow(b.bytes, have)
		return nil
	}
	want := min(4*have, smallBody)
	if more := int64(want - have); b.server.held.Add(more) > maxHeld {
		b.server.held.Add(-more)
		return errBusy
	}
	b.held += int64(want - have)
	b.bytes = append(make([]byte, 0, want), b.bytes...)
	return nil
}

func (b *incoming) release() {
	b.server.held.Add(-b.held)
	if b.give != nil {
		b.give()
	}
	b.held, b.give = 0, nil
}
