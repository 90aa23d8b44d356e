package server

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"github.com/redx-update/redx/internal/wsus/clientws"
	"github.com/redx-update/redx/internal/wsus/reporting"
	"github.com/redx-update/redx/internal/wsus/soap"
)

// reportEventBatch keeps what a computer tells of itself (MS-WUSP 3.1.5.11). What it tells of others is dropped.
func (s *Server) reportEventBatch(c *call, r *reporting.ReportEventBatch) (soap.Body, error) {
	if err := s.session(c, r.Cookie); err != nil {
		return nil, err
	}
	own := make([]reporting.Event, 0, len(r.EventBatch))
	for i := range r.EventBatch {
		if sid := r.EventBatch[i].BasicData.TargetID.SID; !strings.EqualFold(sid, c.session.Computer) {
			c.log.LogAttrs(c.ctx, slog.LevelWarn, "event of another computer dropped", slog.String("claimed", clip(sid)))
			continue
		}
		own = append(own, r.EventBatch[i])
	}
	if len(own) > 0 {
		if err := s.deps.Reports.Report(c.ctx, c.session.Computer, own); err != nil {
			return nil, err
		}
	}
	return &reporting.ReportEventBatchResponse{Result: true}, nil
}

// clip keeps what a client sent from filling the log.
func clip(s string) string { return s[:min(len(s), maxName)] }

// maxFindings bounds the findings of a computer.
const maxFindings = 1 << 20

// cookieScheme is how a computer shows its cookie outside of SOAP: "Authorization: Redx-Cookie", and EncryptedData in base64.
const cookieScheme = "Redx-Cookie "

// findings takes what "redx diagnose --json" says on a computer.
func (s *Server) findings(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "POST findings", http.StatusMethodNotAllowed)
		return
	}
	c := &call{ctx: r.Context(), r: r, log: s.deps.Log.With(slog.String("remote", remote(r))), set: s.deps.Settings.Settings()}
	verdict, err := s.takeFindings(w, c)
	if err != nil {
		status := findingsStatus(err)
		c.log.LogAttrs(c.ctx, slog.LevelWarn, "findings refused", slog.Int("status", status), slog.Any("error", err))
		http.Error(w, http.StatusText(status), status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(verdict); err != nil {
		c.log.LogAttrs(c.ctx, slog.LevelDebug, "a verdict was not heard", slog.Any("error", err))
	}
}

var errNotJSON = errors.New("findings are no JSON object")

func (s *Server) takeFindings(w http.ResponseWriter, c *call) (v Verdict, err error) {
	cookie, err := headerCookie(c.r)
	if err != nil {
		return v, err
	}
	if err := s.session(c, cookie); err != nil {
		return v, err
	}
	body, done, err := s.body(w, c.r, maxFindings)
	defer done()
	if err != nil {
		return v, err
	}
	give, err := s.take(c.ctx, s.inside)
	if err != nil {
		return v, err
	}
	defer give()
	if body = bytes.TrimSpace(body); !json.Valid(body) || body[0] != '{' {
		return v, errNotJSON
	}
	return s.deps.Reports.Findings(c.ctx, c.session.Computer, body)
}

func headerCookie(r *http.Request) (*clientws.Cookie, error) {
	text, ok := strings.CutPrefix(r.Header.Get("Authorization"), cookieScheme)
	data, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if !ok || err != nil {
		return nil, fault(soap.InvalidCookie)
	}
	return &clientws.Cookie{EncryptedData: data}, nil
}

func findingsStatus(err error) int {
	var f *soap.Fault
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &f):
		return http.StatusUnauthorized
	case errors.As(err, &large):
		return http.StatusRequestEntityTooLarge
	case errors.Is(err, errNotJSON):
		return http.StatusBadRequest
	case errors.Is(err, errBusy):
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}
