package gather

import (
	"bytes"
	"cmp"
	"io"
	"strconv"
	"strings"

	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/format/cbslog"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/servicing"
	"github.com/redx-update/redx/internal/update"
)

// servicingReader follows one servicing log: which session works on which update.
type servicingReader struct {
	in      *input
	tracker cbslog.Tracker
	updates map[string]sessionUpdate // by session
	faulty  map[string]bool          // sessions in which something failed, and whose end therefore counts
	// restarting is the update whose session ended with the wish for a restart: what servicing does while Windows starts
	// belongs to no session, but to it.
	restarting update.Ref
	// driverNamed says that servicing has named a driver at which it failed.
	driverNamed bool
	// corruptNamed says that a check of the store has named something that is damaged.
	corruptNamed bool
	held         heldLine
	profile      profileAtWork
	wrapped      wrappedEntry
}

// sessionUpdate is the update that a session works on. Sessions open packages of other updates too, only to see
// whether they apply (observed: two in every session of Windows Update), so an opened package counts only while it is
// the only one; the line that names the update being installed is certain.
type sessionUpdate struct {
	ref       update.Ref
	installed bool // ref is what the session says that it installs
	several   bool // packages of several updates were opened
}

// of gives the update of a session, as far as it is known.
func (s *servicingReader) of(session string) update.Ref {
	u := s.updates[session]
	if u.several && !u.installed {
		return update.Ref{}
	}
	return u.ref
}

// maxSessions bounds what is remembered of the sessions of one log.
const maxSessions = 10000

func readServicing(in *input) error { return readServicingFrom(in, in.lines()) }

func readServicingFrom(in *input, r io.Reader) error {
	s := cbslog.NewScanner(r)
	reader := &servicingReader{in: in, updates: map[string]sessionUpdate{}, faulty: map[string]bool{}}
	for s.Scan() {
		reader.line(s.Entry())
	}
	reader.unwrap()
	reader.release()
	for _, ev := range reader.tracker.Flush() {
		reader.event(&ev)
	}
	return s.Err()
}

func (s *servicingReader) entry(e *cbslog.Entry) {
	if !s.goesOn(e) {
		s.release()
	}
	told := s.tracker.Add(e)
	s.loads(e)
	for i := range told {
		s.event(&told[i])
	}
	if bytes.HasPrefix(e.Text, []byte("Exec: Processing")) {
		s.processing(e)
	}
	if len(told) == 0 && tellsPlainly(e.Text) {
		ev := s.tracker.Event(e)
		s.bootFiles(&ev)
		s.hold(&ev)
	}
}

// processing takes the lines in which a session begins and ends its work on a package.
func (s *servicingReader) processing(e *cbslog.Entry) {
	text := string(e.Text)
	s.works(s.tracker.Session().ID, text)
	if !strings.HasPrefix(text, "Exec: Processing complete") {
		return
	}
	ev := s.tracker.Event(e)
	s.add(evidence.ServicingEnd, &ev, packageInText(text))
}

// works remembers the update that a session installs: "Exec: Processing started. ... Identifier: KB5034122".
func (s *servicingReader) works(session, text string) {
	kb := update.FindKB(text)
	if kb == "" || session == "" || len(s.updates) >= maxSessions {
		return
	}
	u := s.updates[session]
	named := update.Ref{KB: kb}
	if u.ref.KB == "" && !u.several || u.ref.KB == kb {
		named = u.ref.Merge(named)
	}
	s.updates[session] = sessionUpdate{ref: named, installed: true}
}

// opened remembers which update a session has opened a package of.
func (s *servicingReader) opened(session string, ref update.Ref) {
	u := s.updates[session]
	switch {
	case session == "" || len(s.updates) >= maxSessions || u.installed:
		return
	case u.ref.IsZero():
		u.ref = ref
	case u.ref.Same(ref):
		u.ref = u.ref.Merge(ref)
	default:
		u.several = true
	}
	s.updates[session] = u
}

func (s *servicingReader) event(ev *cbslog.Event) {
	if ev.HasCode && ev.Code.Failed() {
		s.in.out.Code(ev.Code, s.in.line(ev.Line), []byte(ev.Text))
	}
	s.system(ev)
	switch ev.Kind {
	case cbslog.UpdateOpened:
		s.opened(ev.Session.ID, update.Ref{ID: ev.Update, KB: ev.Package.KB()})
	case cbslog.UniversalTime:
		s.in.zone.sample(ev.Time, ev.UTC)
	case cbslog.MissingFile:
		if isMissing(ev.Code) {
			s.add(evidence.PayloadMissing, ev, payloadFields(ev.File.Component.String(), ev.File.Name, ""))
		}
	case cbslog.Corrupt:
		s.corruptNamed = true
		s.corruption(ev)
	case cbslog.DamagedMember:
		s.member(ev)
	case cbslog.Summed:
		s.add(evidence.StoreScan, ev, scanFields(ev.Summary))
		s.counted(ev)
	case cbslog.MissingManifest:
		s.add(evidence.PackageManifestMissing, ev, fieldOf(evidence.Name, ev.Package.String()))
	case cbslog.Driver:
		s.driverNamed = true
		s.add(evidence.DriverFailed, ev, fieldOf(evidence.Name, ev.Driver.INF))
	case cbslog.Stack:
		version, core, _ := cbslog.ParseStack(ev.Text)
		s.add(evidence.StackLoaded, ev, map[string]string{evidence.Name: version, evidence.Path: core})
	case cbslog.SessionEnd:
		s.ended(ev)
	case cbslog.Failure, cbslog.RepairFailed:
		if !s.driversFailed(ev) {
			s.hold(ev)
		}
	}
}

// ended takes the end of a session. Sessions end by the dozen on every machine; only the end of one in which something
// failed says anything.
func (s *servicingReader) ended(ev *cbslog.Event) {
	if ev.Reboot {
		s.restarting = s.of(ev.Session.ID)
	}
	if !s.faulty[ev.Session.ID] {
		return
	}
	fields := map[string]string{}
	if ev.Reboot {
		fields[evidence.Restart] = "yes"
	}
	s.add(evidence.ServicingEnd, ev, fields)
}

// isMissing reports the codes that say that a thing is not there.
func isMissing(c hresult.Code) bool { return c == hresult.FileNotFound || c == hresult.PathNotFound }

func (s *servicingReader) corruption(ev *cbslog.Event) {
	if kind, fields, ok := corruptionFault(&ev.Corruption); ok {
		s.add(kind, ev, fields)
	}
}

// driversFailed takes the end of the work on drivers, which names none; where a line before it does, that one has told all.
func (s *servicingReader) driversFailed(ev *cbslog.Event) bool {
	if !strings.Contains(ev.Text, "Failed installing driver updates") && !strings.Contains(ev.Text, "DriverUpdateInstallUpdates failed") {
		return false
	}
	if isMissing(ev.Code) && !s.driverNamed {
		s.add(evidence.DriverFailed, ev, nil)
	}
	return true
}

// member takes a file that sfc does not find in the store. One whose digest is another is nothing: people and programs
// change some of them (settings.ini of the sidebar, opencl.dll), and updates do not mind.
func (s *servicingReader) member(ev *cbslog.Event) {
	m := ev.Member
	if m.Missing && !m.Repaired && strings.Contains(ev.Text, "in the store") {
		s.add(evidence.PayloadMissing, ev, payloadFields(folderOf(&m.Component), m.File, ""))
	}
}

// folderOf is the folder of a component in the store, as far as a line of sfc tells it: the hash at its end stands in none.
func folderOf(c *servicing.Component) string {
	name := cmp.Or(c.Arch, "*") + "_" + c.Name + "_" + cmp.Or(c.Token, "*") + "_" + cmp.Or(c.Version, "*")
	return strings.ToLower(name) + "_*"
}

func payloadFields(component, name, flag string) map[string]string {
	f := map[string]string{evidence.Component: component, evidence.Name: name}
	if flag != "" {
		f[evidence.Flag] = flag
	}
	return f
}

func scanFields(sum *cbslog.Summary) map[string]string {
	f := map[string]string{evidence.Operation: sum.Operation}
	if sum.HasResult {
		f[evidence.Result] = sum.Result.Hex()
	}
	if sum.Detected >= 0 {
		f[evidence.Detected] = strconv.Itoa(sum.Detected)
	}
	if sum.Repaired >= 0 {
		f[evidence.Repaired] = strconv.Itoa(sum.Repaired)
	}
	return f
}

func (s *servicingReader) add(kind evidence.Kind, ev *cbslog.Event, fields map[string]string) {
	e := evidence.Event{
		Kind: kind, Source: s.in.line(ev.Line), Session: ev.Session.ID, Update: s.of(ev.Session.ID),
		Fields: fields, Text: ev.Text,
	}
	if e.Session == "" && isFault(kind) {
		e.Update = s.restarting
	}
	if e.Session != "" && isFault(kind) && len(s.faulty) < maxSessions {
		s.faulty[e.Session] = true
	}
	if ev.HasTime {
		e.Time, e.Local = ev.Time, true
	}
	if ev.HasCode {
		e.Code = ev.Code
	}
	if kind == evidence.StoreScan {
		e.Code = ev.Summary.Result
	}
	s.in.out.Add(e)
}
