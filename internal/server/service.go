package server

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/redx-update/redx/internal/wsus/soap"
)

// service is a web service: a path with operations.
type service struct {
	server     *Server
	namespace  string
	style      soap.Style
	cache      string // for Cache-Control
	limit      int64  // of a request's body
	operations map[string]operation
}

// operation reads its request and gives the answer.
type operation func(c *call, m *soap.Message) (soap.Body, error)

// call is one request on its way.
type call struct {
	ctx     context.Context
	r       *http.Request
	log     *slog.Logger
	set     Settings
	session *session // after Server.session
	name    string   // of the operation
}

// handle makes an operation of a function that takes the request as its struct.
func handle[T any, P interface {
	*T
	soap.Body
}](f func(*call, P) (soap.Body, error),
) operation {
	return func(c *call, m *soap.Message) (soap.Body, error) {
		request := P(new(T))
		if err := m.Decode(request); err != nil {
			return nil, err
		}
		return f(c, request)
	}
}

func (v *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		v.look(w, r)
		return
	}
	s := v.server
	start := time.Now()
	c := &call{ctx: r.Context(), r: r, log: s.deps.Log.With(slog.String("remote", remote(r))), set: s.deps.Settings.Settings()}
	body, done, err := s.body(w, r, v.limit)
	defer done()
	if err != nil {
		v.unread(w, c, err)
		return
	}
	body, unhold, err := s.unpack(c.ctx, r.Header.Get("Content-Encoding"), body, v.limit)
	defer unhold()
	if err != nil {
		v.unread(w, c, err)
		return
	}
	give, err := s.take(c.ctx, s.inside)
	if err != nil {
		v.fail(w, c, soap.V11, err)
		return
	}
	defer give()
	code := v.answer(w, c, body)
	if s.deps.Observe != nil {
		s.deps.Observe(c.name, code, time.Since(start))
	}
}

// answer works on a message and writes what comes of it; it gives the code of the fault, if it is one.
func (v *service) answer(w http.ResponseWriter, c *call, body []byte) string {
	m, err := soap.Open(body)
	if err != nil {
		c.log.WarnContext(c.ctx, "not a SOAP message", slog.Any("error", err))
		http.Error(w, "not a SOAP message", http.StatusBadRequest)
		return "not SOAP"
	}
	out, err := v.work(c, m)
	if err != nil {
		return v.fail(w, c, m.Version, err)
	}
	if len(out) > smallAnswer {
		give, err := v.server.take(c.ctx, v.server.sending)
		if err != nil {
			return v.fail(w, c, m.Version, err)
		}
		defer give()
	}
	v.send(w, c, http.StatusOK, m.Version, out)
	return ""
}

// work does the operation when its turn comes, and gives the answer as it is sent. To make one takes several times the memory
// that it takes when it waits for its client to read it.
func (v *service) work(c *call, m *soap.Message) ([]byte, error) {
	do, ok := v.operations[m.Name]
	if !ok {
		return nil, invalid(m.Name)
	}
	c.name = m.Name
	give, err := v.server.take(c.ctx, v.server.working)
	if err != nil {
		return nil, err
	}
	defer give()
	answer, err := do(c, m)
	if err != nil {
		return nil, err
	}
	style := v.style
	if m.Version == soap.V12 {
		style = soap.Twelve
	}
	return v.pack(c, func(b []byte) ([]byte, error) { return style.Append(b, answer) })
}

// pack gives a message as it is sent: compressed, if the client wants it.
func (v *service) pack(c *call, message func([]byte) ([]byte, error)) ([]byte, error) {
	p := <-v.server.packers
	defer func() { v.server.packers <- p.emptied() }()
	var err error
	if p.message, err = message(p.message[:0]); err != nil {
		return nil, err
	}
	if !wantsXpress(c.r) {
		return bytes.Clone(p.message), nil
	}
	p.packed = p.xpress.Encode(p.packed[:0], p.message)
	return bytes.Clone(p.packed), nil
}

// emptied lets go of what an uncommonly large answer took.
func (p *packer) emptied() *packer {
	if cap(p.message)+cap(p.packed) > maxKept {
		p.message, p.packed = nil, nil
	}
	return p
}

// fail answers with a fault. What is no fault by itself is the server's own trouble, and only the log says what it is.
func (v *service) fail(w http.ResponseWriter, c *call, version soap.Version, err error) string {
	f := asFault(err)
	f.ID, f.Method = newID().String(), v.namespace+"/"+c.name
	level := slog.LevelInfo
	if f.Code == soap.InternalServerError || f.Code == soap.ServerBusy {
		level = slog.LevelError
	}
	c.log.LogAttrs(c.ctx, level, "fault", slog.String("operation", c.name), slog.String("code", string(f.Code)),
		slog.String("message", f.Message), slog.String("fault_id", f.ID), slog.Any("error", err))
	out, _ := v.pack(c, func(b []byte) ([]byte, error) { return soap.AppendFault(b, version, f), nil })
	v.send(w, c, http.StatusInternalServerError, version, out)
	return string(f.Code)
}

func asFault(err error) *soap.Fault {
	var f *soap.Fault
	var value *soap.ValueError
	var syntax *soap.SyntaxError
	switch {
	case errors.As(err, &f):
		return &soap.Fault{Code: f.Code, Message: f.Message}
	case errors.As(err, &value):
		return &soap.Fault{Code: soap.InvalidParameters, Message: value.Path}
	case errors.As(err, &syntax):
		return &soap.Fault{Code: soap.InvalidParameters}
	case errors.Is(err, errBusy), errors.Is(err, context.Canceled):
		return &soap.Fault{Code: soap.ServerBusy}
	}
	return &soap.Fault{Code: soap.InternalServerError}
}

// unread answers a request whose body could not be read.
func (v *service) unread(w http.ResponseWriter, c *call, err error) {
	c.log.WarnContext(c.ctx, "request not read", slog.Any("error", err))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		http.Error(w, "too large", http.StatusRequestEntityTooLarge)
	case errors.Is(err, errBusy):
		v.fail(w, c, soap.V11, err)
	case errors.Is(err, errCoding):
		w.Header().Set("Accept-Encoding", "gzip")
		http.Error(w, "not unpacked", http.StatusUnsupportedMediaType)
	case errors.Is(err, os.ErrDeadlineExceeded): // redx's agent tells "later" from "never" by the status
		w.Header().Set("Connection", "close")
		http.Error(w, "too slow", http.StatusRequestTimeout)
	default:
		w.Header().Set("Connection", "close")
		http.Error(w, "not read", http.StatusBadRequest)
	}
}

// send writes what was packed.
func (v *service) send(w http.ResponseWriter, c *call, status int, version soap.Version, out []byte) {
	h := w.Header()
	h.Set("Cache-Control", v.cache)
	h.Set("Content-Type", "text/xml; charset=utf-8")
	if version == soap.V12 {
		h.Set("Content-Type", "application/soap+xml; charset=utf-8")
	}
	h.Set("Vary", "Accept-Encoding")
	if wantsXpress(c.r) {
		h.Set("Content-Encoding", "xpress")
	}
	h.Set("Content-Length", strconv.Itoa(len(out)))
	w.WriteHeader(status)
	if err := write(w, out); err != nil {
		c.log.DebugContext(c.ctx, "answer not sent", slog.Any("error", err))
	}
}

// write sends all of out. Who does not read it does not keep a place for ever; the next request of the connection, which may
// be a long download, has its own time.
func write(w http.ResponseWriter, out []byte) error {
	control := http.NewResponseController(w)
	if control.SetWriteDeadline(time.Now().Add(writeTimeout)) == nil {
		defer control.SetWriteDeadline(time.Time{}) //nolint:errcheck // it could be set before
	}
	if _, err := w.Write(out); err != nil {
		return err
	}
	return control.Flush()
}

const writeTimeout = time.Minute

func wantsXpress(r *http.Request) bool {
	for _, line := range r.Header.Values("Accept-Encoding") {
		for coding := range strings.SplitSeq(line, ",") {
			name, q, _ := strings.Cut(coding, ";")
			if strings.EqualFold(strings.TrimSpace(name), "xpress") && strings.TrimSpace(q) != "q=0" {
				return true
			}
		}
	}
	return false
}

func remote(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
