package server

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"
)

const (
	// smallBody is what nearly every request stays below. Of larger ones, largeBodies are held at a time.
	smallBody   = 128 << 10
	largeBodies = 16
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

// body reads a request's body of up to limit bytes. A client that sends too slowly loses its connection. What is returned
// must be called when the body is no longer used.
func (s *Server) body(w http.ResponseWriter, r *http.Request, limit int64) (body []byte, done func(), err error) {
	done = func() {}
	if r.ContentLength > limit {
		w.Header().Set("Connection", "close")
		return nil, done, &http.MaxBytesError{Limit: limit}
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
	from := http.MaxBytesReader(w, r.Body, limit)
	if r.ContentLength >= 0 && r.ContentLength <= smallBody {
		body = make([]byte, r.ContentLength)
		_, err = io.ReadFull(from, body)
		return body, done, err
	}
	body = make([]byte, smallBody)
	n, err := io.ReadFull(from, body)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return body[:n], done, nil
	}
	if err != nil {
		return nil, done, err
	}
	if done, err = s.take(r.Context(), s.large); err != nil {
		return nil, func() {}, err
	}
	rest, err := io.ReadAll(from)
	return append(body, rest...), done, err
}
