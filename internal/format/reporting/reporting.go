// Package reporting reads ReportingEvents.log, in which Windows Update keeps what it reports to its server: scans,
// downloads and installations with their results, one a line. It splits lines; it judges nothing.
//
// Layout as observed on a real file of Windows 10: 13 fields with tabs between them, UTF-16LE with CRLF, blank lines
// among them. Files without the last field (before Windows 10) are taken as well; none was at hand.
package reporting

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/redx-update/redx/internal/format"
	"github.com/redx-update/redx/internal/format/textline"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/update"
)

// Events as they are numbered in the log.
const (
	DetectionFinished = 147
	DetectionFailed   = 148
	DownloadFailed    = 161
	DownloadSucceeded = 162
	DownloadCanceled  = 163
	DownloadStarted   = 167
	DownloadQueued    = 168
	InstallStarted    = 181
	InstallFailed     = 182
	InstallSucceeded  = 183
)

// Row is one event.
type Row struct {
	Line  int       // 1-based
	Event guid.GUID // of this event alone
	// Time has the offset that the machine's clock had then, as a zone without name.
	Time time.Time
	ID   int    // such as InstallFailed
	Name string // such as "AGENT_INSTALLING_FAILED"; empty where Windows writes (null)
	// Update is what was downloaded or installed; zero in events of detection, which tell of no single update.
	Update update.ID
	// Service is the update service that was asked, in events of detection.
	Service guid.GUID
	// Code is 0 when all went well, and can be another in events of success: 0x00240006 in a real one.
	Code     hresult.Code
	Client   string // the program that asked, such as "MoUpdateOrchestrator"
	Success  bool   // what the log says, whatever the code
	Category string // "Software Synchronization", "Content Download", "Content Install"
	Text     string // the sentence, with the update's title at its end
	Vector   string // correlation vector; empty in old files
}

// Scanner reads one row after another.
type Scanner struct {
	lines *textline.Reader
	row   Row
	err   error
	rows  int
}

// NewScanner reads from r; it does not close it.
func NewScanner(r io.Reader) *Scanner { return &Scanner{lines: textline.NewReader(r)} }

// Scan advances to the next line that is not blank and reports whether there is one. Of a line that is no event, or
// a damaged one, Row has what could be read, and Damage what is wrong.
func (s *Scanner) Scan() bool {
	for s.lines.Next() {
		if line := bytes.TrimSpace(s.lines.Bytes()); len(line) > 0 {
			s.row, s.err = parse(string(s.lines.Bytes()), s.lines.No())
			if s.err == nil {
				s.rows++
			}
			return true
		}
	}
	return false
}

// Row is the current row.
func (s *Scanner) Row() Row { return s.row }

// Damage is what is wrong with the current line, a *format.Error; nil when it is sound.
func (s *Scanner) Damage() error { return s.err }

// Err is the error of the source, or format.ErrNotThis when it had no sound row at all.
func (s *Scanner) Err() error {
	if err := s.lines.Err(); err != nil {
		return err
	}
	if s.rows == 0 {
		return format.ErrNotThis
	}
	return nil
}

const fields = 13

func parse(line string, no int) (Row, error) {
	row := Row{Line: no}
	f := strings.Split(line, "\t")
	if len(f) < fields-1 {
		return row, format.AtLine(no, "%d fields of %d", len(f), fields)
	}
	if len(f) > fields { // tabs in the title of an update
		f = append(f[:11:11], strings.Join(f[11:len(f)-1], "\t"), f[len(f)-1])
	}
	row.Client, row.Success, row.Category, row.Text = f[8], f[9] == "Success", f[10], f[11]
	if len(f) == fields {
		row.Vector = strings.TrimSpace(f[12])
	}
	var err error
	if row.Event, err = guid.Parse(f[0]); err != nil {
		return row, damage(no, "GUID", err)
	}
	if row.Time, err = parseTime(f[1]); err != nil {
		return row, damage(no, "time", err)
	}
	row.ID, row.Name, err = event(f[3])
	if err != nil {
		return row, damage(no, "number", err)
	}
	return row, row.subject(f[5], f[6], f[7])
}

// parseTime reads "2024-02-29 23:59:58:914-0730".
func parseTime(s string) (time.Time, error) {
	const seconds = len("2006-01-02 15:04:05")
	if len(s) > seconds && s[seconds] == ':' {
		s = s[:seconds] + "." + s[seconds+1:] // the only fraction that time.Parse knows
	}
	// In UTC, or the offset would get the name of this machine's zone where it happens to be the same.
	return time.ParseInLocation("2006-01-02 15:04:05.000-0700", s, time.UTC)
}

// subject reads the fields on the update and the result.
func (row *Row) subject(id, revision, code string) error {
	g, err := guid.Parse(id)
	if err != nil {
		return damage(row.Line, "update", err)
	}
	rev, err := strconv.ParseUint(revision, 10, 32)
	if err != nil {
		return damage(row.Line, "revision", err)
	}
	result, err := strconv.ParseUint(code, 16, 32)
	if err != nil {
		return damage(row.Line, "result", err)
	}
	row.Code = hresult.Code(result)
	if row.ID == DetectionFinished || row.ID == DetectionFailed {
		row.Service = g
		return nil
	}
	row.Update = update.ID{GUID: g, Revision: uint32(rev)}
	return nil
}

// event splits "182 [AGENT_INSTALLING_FAILED]".
func event(field string) (id int, name string, err error) {
	number, name, _ := strings.Cut(field, " ")
	id, err = strconv.Atoi(number)
	name = strings.Trim(name, "[]")
	if name == "(null)" {
		name = ""
	}
	return id, name, err
}

func damage(line int, what string, err error) error {
	return &format.Error{Line: line, What: fmt.Sprintf("%s of the event", what), Err: err}
}
