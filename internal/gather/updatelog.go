package gather

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/format/etl"
	"github.com/redx-update/redx/internal/format/wulog"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/update"
)

// agentLine is one line of the update agent, from a WindowsUpdate.log or a trace: both say the same.
type agentLine struct {
	source   evidence.Source
	time     time.Time
	local    bool
	tid      uint32
	text     string
	contents string // component and text, as the log shows them
}

// agentReader follows the update agent: which thread works on which update, which job failed.
type agentReader struct {
	in      *input
	updates map[uint32]named[update.ID] // the last that a thread named
	jobs    map[uint32]named[wulog.Job] // failed and not yet told at which file, by thread
	failing map[update.ID]bool          // updates whose attempts failed, by the agent's list
	network map[string]string           // what the next events say of the network, nil while there is one
}

// named is what a thread named, and when. Threads come from a pool: what one named an hour ago is not its work now.
type named[T any] struct {
	what T
	at   time.Time
}

// How long what a thread named is taken for its work.
const (
	updateStays = 10 * time.Minute
	jobStays    = time.Minute
)

// within gives what was named, or nothing when that is too long before now. Without times, lines are taken as near.
func (n named[T]) within(d time.Duration, now time.Time) T {
	if !n.at.IsZero() && !now.IsZero() && now.Sub(n.at).Abs() > d {
		var none T
		return none
	}
	return n.what
}

const maxThreads = 10000

func newAgentReader(in *input) *agentReader {
	return &agentReader{in: in, updates: map[uint32]named[update.ID]{}, jobs: map[uint32]named[wulog.Job]{}, failing: map[update.ID]bool{}}
}

// readTrace reads the traces from which Windows makes the decoded WindowsUpdate.log.
func readTrace(in *input) error {
	f, err := etl.Open(in.file, in.file.Size())
	if err != nil {
		return err
	}
	agent := newAgentReader(in)
	damaged, symbols := 0, 0
	for e, err := range f.Events() {
		switch {
		case in.ctx.Err() != nil:
			return in.ctx.Err()
		case errors.Is(err, etl.ErrSymbols) || e.Symbols:
			symbols++
		case err != nil:
			in.damage(&damaged, err)
		default:
			agent.line(&agentLine{
				source: in.record(uint64(e.Record)), time: e.Time, tid: e.TID, text: e.Text,
				contents: e.Component + ": " + e.Text,
			})
		}
	}
	if symbols > 0 && traceOfUpdates(f.Info().Session+" "+f.Info().LogFile+" "+in.path) {
		in.out.Unread(in.path, fmt.Errorf("%d of its events cannot be read: %w", symbols, etl.ErrSymbols))
	}
	return nil
}

// traceOfUpdates reports a trace of those who look after updates, by the names of its session and its file. All other
// traces, such as those of the network's setup, have nothing that redx would miss.
func traceOfUpdates(names string) bool {
	names = strings.ToLower(names)
	return slices.ContainsFunc([]string{"windowsupdate", "sih", "waasmedic", "updatesession", "dosvc"}, func(n string) bool {
		return strings.Contains(names, n)
	})
}

// sniffTrace knows a trace by its head, which has no signature: the reader must find its log file header there.
func sniffTrace(head []byte) bool {
	_, err := etl.Open(bytes.NewReader(head), int64(len(head)))
	return err == nil
}

// listed takes an attempt out of the agent's list. One that went well is told in other words too, and counts here only where it
// takes back a failure.
func (a *agentReader) listed(l *agentLine, id update.ID, code hresult.Code) {
	out := update.Failed
	switch {
	case code.Failed() && len(a.failing) < maxThreads:
		a.failing[id] = true
	case code.Failed():
	case !a.failing[id]:
		return
	default:
		out = update.Succeeded
		delete(a.failing, id)
	}
	fields := attemptFields{update.Install, evidence.PhaseInstall, out}.fields()
	a.add(l, evidence.Event{Kind: evidence.Attempt, Code: code, Update: update.Ref{ID: id}, Fields: fields})
}

func (a *agentReader) line(l *agentLine) {
	if len(a.updates) > maxThreads {
		clear(a.updates)
		clear(a.jobs)
	}
	if ids := wulog.UpdateIDs(l.text); len(ids) > 0 {
		a.updates[l.tid] = named[update.ID]{ids[len(ids)-1], l.time}
	}
	code, coded := wulog.Code(l.text)
	if coded && code.Failed() {
		a.in.out.Code(code, l.source, []byte(l.contents))
	}
	a.surroundings(l, code, coded)
	if s, ok := wulog.ParseServer(l.text); ok && s.Role == "WSUS server" && s.URL != "" {
		a.add(l, evidence.Event{Kind: evidence.UpdateServer, Fields: map[string]string{evidence.URL: s.URL}})
	}
	if m := reportStamp.FindStringSubmatch(l.text); m != nil {
		if at, err := time.Parse("2006-01-02 15:04:05-0700", m[1]+m[2]); err == nil {
			a.in.zone.sampleOf(at)
		}
	}
	if ev, ok := wulog.ParseReportEvent(l.text); ok {
		a.report(l, &ev)
		return
	}
	if id, result, ok := wulog.ParseHistory(l.text); ok {
		a.listed(l, id, result)
	}
	a.download(l)
	a.came(l)
	if path, ok := wulog.DownloadPath(l.text); ok && coded && isMissing(code) && !cleaning.MatchString(l.text) {
		a.add(l, evidence.Event{
			Kind: evidence.UpdateFileMissing, Code: code, Update: update.Ref{ID: a.updates[l.tid].within(updateStays, l.time)},
			Fields: map[string]string{evidence.Path: path},
		})
	}
}

// reportStamp is the time of a reported event, which has an offset as in ReportingEvents.log; those of the lines have none.
var reportStamp = regexp.MustCompile(`REPORT EVENT: \S+\t(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d):\d{3}([+-]\d{4})\t`)

// cleaning tells the lines in which the agent tidies up; what is gone already is no loss there.
var cleaning = regexp.MustCompile(`(?i)\b(?:ResetPendingBlocks|expir\w*|delet\w*|remov\w*|purg\w*|clean\w*)|DeleteFile|RemoveDirectory`)

// download follows failed download jobs. BITS jobs name their file in a line behind, on the same thread.
func (a *agentReader) download(l *agentLine) {
	if j, ok := wulog.ParseJob(l.text); ok {
		a.jobs[l.tid] = named[wulog.Job]{j, l.time}
		a.updates[l.tid] = named[update.ID]{j.Update, l.time}
		if j.URL != "" {
			a.failed(l, j, wulog.JobFile{URL: j.URL})
		}
		return
	}
	if f, ok := wulog.ParseJobFile(l.text); ok {
		a.failed(l, a.jobs[l.tid].within(jobStays, l.time), f)
	}
}

// jobDone is the good end of a transfer.
var jobDone = regexp.MustCompile(`(?i)\b(?:BITS|DO) job \{[0-9a-f-]{36}\}.* (?:completed successfully|hr = 0x0+\b)`)

// came takes the lines by which a download has come.
func (a *agentReader) came(l *agentLine) {
	if !strings.Contains(l.text, " job {") && !strings.Contains(l.text, "ownload") {
		return // which most are
	}
	call, ended := wulog.ParseCall(l.text)
	done := ended && call.Operation == "download" && call.Succeeded > 0 && call.Failed == 0
	if o, ok := wulog.ParseOutcome(l.text); ok && o.Operation == "download" {
		done = o.Succeeded()
	}
	if done || jobDone.MatchString(l.text) {
		a.add(l, evidence.Event{Kind: evidence.DownloadDone, Update: update.Ref{ID: a.updates[l.tid].within(updateStays, l.time)}})
	}
}

func (a *agentReader) failed(l *agentLine, j wulog.Job, f wulog.JobFile) {
	fields := map[string]string{evidence.URL: f.URL}
	if f.Path != "" {
		fields[evidence.Path] = f.Path
	}
	if !j.ID.IsZero() {
		fields[evidence.Job] = j.ID.String()
	}
	a.add(l, evidence.Event{
		Kind: evidence.DownloadFailed, Code: j.Code, Update: update.Ref{ID: j.Update}, Fields: fields,
	})
}

// report takes an event that the agent reports to its server, which a legacy log writes out.
func (a *agentReader) report(l *agentLine, ev *wulog.ReportEvent) {
	fields, ok := reportedAttempt(ev.ID, ev.Result)
	if !ok {
		return
	}
	a.add(l, evidence.Event{
		Kind: evidence.Attempt, Code: ev.Code, Fields: fields,
		Update: update.Ref{ID: ev.Update, KB: update.FindKB(ev.Text), Title: reportedTitle(ev.Text)},
	})
}

func (a *agentReader) add(l *agentLine, e evidence.Event) {
	e.Source, e.Time, e.Local, e.Text = l.source, l.time, l.local && !l.time.IsZero(), l.contents
	a.in.out.Add(e)
}
