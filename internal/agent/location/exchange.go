package location

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redx-update/redx/internal/agent"
	"github.com/redx-update/redx/internal/wsus/soap"
	"github.com/redx-update/redx/internal/wsus/xpress"
)

// StatusError is an HTTP answer that is no answer of the protocol.
type StatusError struct {
	URL    string
	Status int
	after  time.Duration // Retry-After; 0: not said
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("%s answered %d %s", e.URL, e.Status, http.StatusText(e.Status))
}

// Later reports that the server asked to come later, itself or whoever stands before it.
func (e *StatusError) Later() bool {
	switch e.Status {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway,
		http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// AnswerError is an answer that could not be read.
type AnswerError struct {
	Operation string
	Err       error
}

func (e *AnswerError) Error() string {
	return fmt.Sprintf("the answer to %s cannot be read: %v", e.Operation, e.Err)
}

func (e *AnswerError) Unwrap() error { return e.Err }

// exchange sends a request and reads its answer; it waits and asks again when the server is busy, or nobody answers. The
// error is a *soap.Fault when the server said so.
func (v *visit) exchange(ctx context.Context, url string, request, answer soap.Body) error {
	_, name := request.Element()
	for pause := time.Second; ; pause *= 2 {
		err := v.c.post(ctx, url, request, answer)
		again, after := busy(err)
		if !again && permanent(err) {
			return fmt.Errorf("%w: %s: %w", agent.ErrRefused, name, err)
		}
		if !again {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		most := maxBusy
		if silent(err) {
			most = maxSilent
		}
		if v.busy++; v.busy > most {
			return fmt.Errorf("%w: %s: %w", agent.ErrUnreachable, name, err)
		}
		pause = max(pause, min(after, time.Minute))
		v.c.o.Log.InfoContext(ctx, "update location not ready", slog.String("operation", name), slog.Any("error", err), slog.Duration("pause", pause))
		if err := v.c.o.Wait(ctx, jitter(pause)); err != nil {
			return err
		}
	}
}

// permanent tells that the same request will be answered like this until somebody changes something. What a network says that
// a computer passes through, such as a redirect or a page to sign in at, is not: the computer may be elsewhere soon.
func permanent(err error) bool {
	var f *soap.Fault
	var status *StatusError
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.As(err, &certificate):
		return true
	case errors.As(err, &f):
		return !f.Known() && (f.Code != "" || f.Sender)
	case errors.As(err, &status):
		return slices.Contains(refusals, status.Status)
	}
	return false
}

// refusals are the statuses by which a server says no, and not "later".
var refusals = []int{
	http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed,
	http.StatusGone, http.StatusRequestEntityTooLarge,
}

// silent reports that no connection came about: nobody was there who could have asked to come later.
func silent(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// busy tells whether the same request may go well later, and how long the server asks to wait.
func busy(err error) (again bool, after time.Duration) {
	var f *soap.Fault
	var status *StatusError
	var answer *AnswerError
	var certificate *tls.CertificateVerificationError
	switch {
	case err == nil, errors.Is(err, ErrRedirect):
		return false, 0
	case errors.As(err, &certificate): // it takes somebody to mend that, or the clock
		return false, 0
	case errors.As(err, &f):
		return f.Code == soap.ServerBusy || f.Code == soap.InternalServerError, 0
	case errors.As(err, &status):
		return status.Later(), status.after
	case errors.As(err, &answer):
		// A connection that broke within an answer; anything else would come again.
		return errors.Is(err, io.ErrUnexpectedEOF), 0
	}
	return true, 0
}

// post sends one message.
func (c *Client) post(ctx context.Context, url string, request, answer soap.Body) error {
	ctx, cancel := context.WithTimeout(ctx, c.o.Timeout)
	defer cancel()
	space, name := request.Element()
	message, err := soap.Agent.Append(nil, request)
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(message))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "text/xml; charset=utf-8")
	r.Header.Set("SOAPAction", `"`+space+"/"+name+`"`)
	r.Header.Set("Accept-Encoding", "xpress")
	r.Header.Set("User-Agent", UserAgent)
	res, err := c.http.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := unpacked(res)
	if err != nil {
		return &AnswerError{name, err}
	}
	return understand(res, name, body, answer)
}

// UserAgent is how the client names itself. A redx server tells by it who understands its own property in GetConfig.
const UserAgent = "redx-agent/1 Client-Protocol/" + protocolVersion

var errLarge = fmt.Errorf("more than %d bytes", maxAnswer)

func unpacked(res *http.Response) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, err
	case len(body) > maxAnswer:
		return nil, errLarge
	}
	switch coding := strings.ToLower(strings.TrimSpace(res.Header.Get("Content-Encoding"))); coding {
	case "", "identity":
	case "xpress":
		body, err = xpress.Decode(body, maxAnswer)
	case "gzip", "x-gzip": // what stands before a server may pack without being asked
		body, err = inflate(body)
	default:
		return nil, fmt.Errorf("content encoding %q, which was not asked for", coding)
	}
	return body, err
}

func inflate(body []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	out, err := io.ReadAll(io.LimitReader(z, maxAnswer+1))
	if err == nil && len(out) > maxAnswer {
		err = errLarge
	}
	return out, err
}

// understand reads a message, which may be a fault.
func understand(res *http.Response, name string, body []byte, answer soap.Body) error {
	m, err := soap.Open(body)
	if err != nil {
		if res.StatusCode != http.StatusOK {
			return &StatusError{res.Request.URL.Redacted(), res.StatusCode, retryAfter(res)}
		}
		return &AnswerError{name, err}
	}
	if m.Name == "Fault" {
		f, err := m.Fault()
		if err != nil {
			return &AnswerError{name, err}
		}
		return f
	}
	if _, want := answer.Element(); m.Name != want {
		return &AnswerError{name, fmt.Errorf("%.80q instead of %s", m.Name, want)}
	}
	if err := m.Decode(answer); err != nil {
		return &AnswerError{name, err}
	}
	return nil
}

func retryAfter(res *http.Response) time.Duration {
	s, err := strconv.Atoi(res.Header.Get("Retry-After"))
	if err != nil || s < 0 {
		return 0
	}
	return time.Duration(min(s, 3600)) * time.Second
}
