package evidence

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/redx-update/redx/internal/format"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/update"
)

// savedVersion is the version of the saved form: JSON Lines, a header and then one event a line. Fields are only
// added; a reader ignores what it does not know.
const savedVersion = 1

// maxSavedLine bounds one line of the saved form.
const maxSavedLine = 1 << 20

type savedHeader struct {
	Version int          `json:"redx_evidence"`
	Machine savedMachine `json:"machine"`
	Unread  []Unread     `json:"unread,omitempty"`
	Notes   []string     `json:"notes,omitempty"`
}

type savedMachine struct {
	Build      string `json:"build,omitempty"`
	Product    string `json:"product,omitempty"`
	SystemRoot string `json:"system_root,omitempty"`
}

type savedEvent struct {
	Kind    Kind              `json:"kind"`
	Source  string            `json:"source"`
	Line    int               `json:"line,omitempty"`
	Record  uint64            `json:"record,omitempty"`
	Time    string            `json:"time,omitempty"`
	Local   bool              `json:"local,omitempty"`
	Code    hresult.Code      `json:"code,omitempty"`
	Update  *savedUpdate      `json:"update,omitempty"`
	Session string            `json:"session,omitempty"`
	Fields  map[string]string `json:"fields,omitempty"`
	Text    string            `json:"text,omitempty"`
	Alike   int               `json:"alike,omitempty"`
	Last    string            `json:"last,omitempty"`
}

type savedUpdate struct {
	ID       *guid.GUID `json:"id,omitempty"`
	Revision uint32     `json:"revision,omitempty"`
	KB       update.KB  `json:"kb,omitempty"`
	Title    string     `json:"title,omitempty"`
}

// FormatTime gives a time as it stands in all of redx's JSON: RFC 3339 in UTC, or without a zone when it is local.
func FormatTime(t time.Time, local bool) string {
	switch {
	case t.IsZero():
		return ""
	case local:
		return t.Format("2006-01-02T15:04:05.999999999")
	default:
		return t.UTC().Format(time.RFC3339Nano)
	}
}

func parseTime(s string) (t time.Time, err error) {
	if s == "" {
		return t, nil
	}
	if t, err = time.Parse(time.RFC3339Nano, s); err == nil {
		return t.UTC(), nil
	}
	return time.Parse("2006-01-02T15:04:05.999999999", s)
}

// Save writes a Set in the form that Load reads.
func Save(w io.Writer, s *Set) error {
	out := bufio.NewWriter(w)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	err := enc.Encode(savedHeader{
		Version: savedVersion, Unread: s.unread, Notes: s.notes,
		Machine: savedMachine{Build: s.Machine.Build, Product: s.Machine.Product, SystemRoot: s.Machine.SystemRoot},
	})
	for i := 0; err == nil && i < len(s.events); i++ {
		err = enc.Encode(toSaved(&s.events[i]))
	}
	if err != nil {
		return fmt.Errorf("save evidence: %w", err)
	}
	return out.Flush()
}

func toSaved(e *Event) savedEvent {
	out := savedEvent{
		Kind: e.Kind, Source: e.Source.Path, Line: e.Source.Line, Record: e.Source.Record,
		Time: FormatTime(e.Time, e.Local), Local: e.Local, Code: e.Code, Session: e.Session, Fields: e.Fields,
		Text: e.Text, Last: FormatTime(e.Last, e.Local),
	}
	if e.Alike > 1 {
		out.Alike = e.Alike
	}
	if !e.Update.IsZero() {
		out.Update = &savedUpdate{Revision: e.Update.ID.Revision, KB: e.Update.KB, Title: e.Update.Title}
		if !e.Update.ID.GUID.IsZero() {
			out.Update.ID = &e.Update.ID.GUID
		}
	}
	return out
}

// SniffSaved recognises the saved form by its first bytes.
func SniffSaved(head []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(head, "\ufeff \t\r\n"), []byte(`{"redx_evidence":`))
}

// Load adds a saved Set to a collection. A damaged line is reported as *format.Error and ends the reading; what
// stood before it is kept.
func Load(r io.Reader, b *Builder) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 64<<10), maxSavedLine)
	for n := 1; lines.Scan(); n++ {
		text := bytes.TrimSpace(lines.Bytes())
		if len(text) == 0 {
			continue
		}
		var err error
		if n == 1 {
			err = loadHeader(text, b)
		} else {
			err = loadEvent(text, b)
		}
		if err != nil {
			return &format.Error{Line: n, What: "saved evidence", Err: err}
		}
	}
	return lines.Err()
}

func loadHeader(text []byte, b *Builder) error {
	var h savedHeader
	if err := json.Unmarshal(text, &h); err != nil {
		return err
	}
	if h.Version != savedVersion {
		return fmt.Errorf("version %d, this redx reads %d", h.Version, savedVersion)
	}
	for _, u := range h.Unread {
		b.Unread(u.Path, fmt.Errorf("%s", u.Reason))
	}
	for _, n := range h.Notes {
		b.Note(n)
	}
	b.SetMachine(Machine{Build: h.Machine.Build, Product: h.Machine.Product, SystemRoot: h.Machine.SystemRoot})
	return nil
}

func loadEvent(text []byte, b *Builder) error {
	var in savedEvent
	if err := json.Unmarshal(text, &in); err != nil {
		return err
	}
	if in.Kind == "" || in.Line < 0 || strings.ContainsRune(string(in.Kind), 0) {
		return fmt.Errorf("an event without a kind or with a wrong place")
	}
	e := Event{
		Kind: in.Kind, Source: Source{Path: in.Source, Line: in.Line, Record: in.Record}, Local: in.Local,
		Code: in.Code, Session: in.Session, Fields: in.Fields, Text: in.Text, Alike: in.Alike,
	}
	var err error
	if e.Time, err = parseTime(in.Time); err != nil {
		return err
	}
	if e.Last, err = parseTime(in.Last); err != nil {
		return err
	}
	if u := in.Update; u != nil {
		e.Update = update.Ref{ID: update.ID{Revision: u.Revision}, KB: u.KB, Title: u.Title}
		if u.ID != nil {
			e.Update.ID.GUID = *u.ID
		}
	}
	b.Add(e)
	return nil
}
