package evidence

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/redx-update/redx/internal/format"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/update"
)

// savedVersion is the version of the saved form: JSON Lines, a header and then one event a line. Fields are only
// added; a reader ignores what it does not know.
const savedVersion = 1

// maxAlike bounds a count, so that counts can be added.
const maxAlike = 1 << 30

// maxSavedLine bounds one line of the saved form; the longest line that Save writes is far shorter.
const maxSavedLine = 64 << 20

// codeSeen is the kind of the lines that keep a Set's failure codes; such a line is no event.
const codeSeen Kind = "code-seen"

type savedHeader struct {
	Version int          `json:"redx_evidence"`
	Machine savedMachine `json:"machine"`
	Unread  []Unread     `json:"unread,omitempty"`
	Notes   []string     `json:"notes,omitempty"`
	Sources []string     `json:"sources,omitempty"`
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
	// The place of the last; its source is that of the first.
	LastLine   int    `json:"last_line,omitempty"`
	LastRecord uint64 `json:"last_record,omitempty"`
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

// ParseTime reads what FormatTime gives; a time without a zone is local.
func ParseTime(s string) (t time.Time, local bool, err error) {
	if s == "" {
		return t, false, nil
	}
	if t, err = time.Parse(time.RFC3339Nano, s); err != nil {
		local = true
		t, err = time.Parse("2006-01-02T15:04:05.999999999", s)
	}
	if t = t.UTC(); err == nil && (t.Year() < 1 || t.Year() > 9999) {
		err = fmt.Errorf("%s is out of bounds", s)
	}
	return t, local, err
}

// Save writes a Set in the form that Load reads.
func Save(w io.Writer, s *Set) error {
	out := bufio.NewWriter(w)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	err := enc.Encode(savedHeader{
		Version: savedVersion, Unread: s.unread, Notes: s.notes, Sources: s.sources,
		Machine: savedMachine{Build: s.Machine.Build, Product: s.Machine.Product, SystemRoot: s.Machine.SystemRoot},
	})
	for i := 0; err == nil && i < len(s.events); i++ {
		err = enc.Encode(toSaved(&s.events[i]))
	}
	for i := 0; err == nil && i < len(s.codes); i++ {
		c := &s.codes[i]
		err = enc.Encode(toSaved(&Event{Kind: codeSeen, Source: c.Source, Code: c.Code, Alike: c.Count, Text: c.Text}))
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
		Text: e.Text, Last: FormatTime(e.Last, e.Local), LastLine: e.LastSource.Line, LastRecord: e.LastSource.Record,
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
	return bytes.HasPrefix(trimLine(head), []byte(`{"redx_evidence":`))
}

func trimLine(b []byte) []byte { return bytes.TrimSpace(bytes.TrimPrefix(b, []byte("\ufeff"))) }

// Load adds a saved Set to a collection. A damaged line is reported as *format.Error and ends the reading; what
// stood before it is kept. Reading errors are given as they are.
func Load(r io.Reader, b *Builder) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 64<<10), maxSavedLine)
	n, load := 1, loadHeader
	var damage error
	for ; damage == nil && lines.Scan(); n++ {
		if text := trimLine(lines.Bytes()); len(text) > 0 {
			damage = load(text, b)
			load = loadLine
		}
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return &format.Error{Line: n, What: "saved evidence", Err: err}
	case err != nil: // the last line was cut by it, and is no damage
		return fmt.Errorf("saved evidence: %w", err)
	case damage != nil:
		return &format.Error{Line: n - 1, What: "saved evidence", Err: damage}
	}
	return nil
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
	for _, path := range h.Sources {
		b.Source(path)
	}
	b.SetMachine(Machine{Build: h.Machine.Build, Product: h.Machine.Product, SystemRoot: h.Machine.SystemRoot})
	return nil
}

func loadLine(text []byte, b *Builder) error {
	var in savedEvent
	if err := json.Unmarshal(text, &in); err != nil {
		return err
	}
	if in.Kind == "" || in.Line < 0 || in.LastLine < 0 || in.Alike < 0 || in.Alike > maxAlike {
		return errors.New("no kind, or a number out of bounds")
	}
	source := Source{Path: in.Source, Line: in.Line, Record: in.Record}
	if in.Kind == codeSeen {
		b.count(CodeCount{Code: in.Code, Count: max(in.Alike, 1), Source: source, Text: in.Text})
		return nil
	}
	e := Event{
		Kind: in.Kind, Source: source, Local: in.Local, Code: in.Code, Session: in.Session, Fields: in.Fields,
		Text: in.Text, Alike: in.Alike,
	}
	if in.LastLine > 0 || in.LastRecord > 0 {
		e.LastSource = Source{Path: in.Source, Line: in.LastLine, Record: in.LastRecord}
	}
	var local, lastLocal bool
	var err, lastErr error
	e.Time, local, err = ParseTime(in.Time)
	e.Last, lastLocal, lastErr = ParseTime(in.Last)
	if err := errors.Join(err, lastErr); err != nil {
		return err
	}
	e.Local = e.Local || local || lastLocal
	if u := in.Update; u != nil {
		e.Update = update.Ref{ID: update.ID{Revision: u.Revision}, KB: u.KB, Title: u.Title}
		if u.ID != nil {
			e.Update.ID.GUID = *u.ID
		}
	}
	// What was one event stays one: titles that other sources knew may have made it look like its neighbour.
	b.add(e, false)
	return nil
}
