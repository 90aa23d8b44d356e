package gather

import (
	"bytes"

	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/format/cbslog"
)

// heldLine is a line that may mean something, kept until it is known whether the next ones go on with it: servicing
// breaks its longest messages, and what was pasted out of a window is wrapped anywhere.
type heldLine struct {
	ev   cbslog.Event
	on   bool
	left int // how many lines may still go on with it
}

// Bounds of a line that goes on.
const (
	maxGoesOn   = 8 // the compiler of MOF files says six lines before the one that counts
	maxHeldText = 8 << 10
)

// hold keeps a line. One without time and level is an excerpt without heads, in which each line stands for itself.
func (s *servicingReader) hold(ev *cbslog.Event) {
	s.release()
	s.held = heldLine{*ev, true, maxGoesOn}
	if !ev.HasTime && ev.Component == "" {
		s.release()
	}
}

// goesOn adds an entry to the held line if it goes on with it.
func (s *servicingReader) goesOn(e *cbslog.Entry) bool {
	h := &s.held
	if !h.on || !e.Continuation || h.left == 0 || len(e.Text) == 0 || len(h.ev.Text)+len(e.Text) > maxHeldText {
		return false
	}
	h.left--
	h.ev.Text += " " + string(e.Text)
	if !h.ev.HasCode {
		h.ev.Code, h.ev.Symbol, h.ev.HasCode = cbslog.HResult(h.ev.Text)
	}
	return true
}

// release says what the held line means, now that it is whole.
func (s *servicingReader) release() {
	ev := &s.held.ev
	if !s.held.on {
		return
	}
	s.held.on = false
	if kind, fields, ok := faultOf(ev.Text, ev.Code); ok {
		s.add(kind, ev, fields)
	}
}

// tellsPlainly knows the lines that mean something without a code or a mark of failure, by their first words. It looks
// at every line of a log, so it does not allocate.
func tellsPlainly(b []byte) bool {
	if len(b) < 20 {
		return false
	}
	if said, ok := bytes.CutPrefix(b, []byte("(F) ")); ok {
		b = said
	}
	starts := func(prefix string) bool { return len(b) >= len(prefix) && string(b[:len(prefix)]) == prefix }
	switch b[0] {
	case '(':
		return bytes.Contains(b, []byte("): error SYNTAX"))
	case 'A':
		return starts("A pending repair transaction") || starts("A possible hang was") ||
			starts("Appl: ") && bytes.Contains(b, []byte("Installed Invalid"))
	case 'B':
		return starts("BFSVC")
	case 'E':
		return starts("Exec: Some sessions are pended")
	case 'e', 'm':
		return starts("error SYNTAX") || starts("mof: error")
	case 'F':
		return starts("Failed to find a matching version") || starts("Failed reading Identity for driver") ||
			starts("Failed in StartService for") || starts("Failed to collect payload")
	case 'I':
		return starts("InstallTaskOnline: ")
	case 'M':
		return starts("Matching binary:") || starts("Manifest hash")
	case 'P':
		return bytes.Contains(b, []byte(": Installed Invalid")) || starts("Pending transaction content") || starts("Package \"") && bytes.Contains(b, []byte("requires Servicing Stack"))
	case 'R':
		return starts("RegisterTask failed")
	case 'S':
		return starts("Startup: A possible hang") || starts("Store corruption detected in function")
	case '[':
		return starts("[Error] Matching binary:")
	}
	return false
}

// faultKinds are the kinds whose session's end matters, and which belong to the update that Windows was started again
// for when they stand in no session.
var faultKinds = map[evidence.Kind]bool{
	evidence.StackMissing: true, evidence.StackRequired: true, evidence.PackageManifestMissing: true,
	evidence.ComponentManifestMissing: true, evidence.ManifestDamaged: true, evidence.SourceMissing: true,
	evidence.DeltaBaseMissing: true, evidence.DriverFailed: true, evidence.DriverQueueDamaged: true,
	evidence.ServiceStartFailed: true, evidence.ShellFolderMissing: true, evidence.TaskFailed: true,
	evidence.PendingUnresolved: true, evidence.PackageInvalid: true, evidence.FeatureRefused: true,
	evidence.Trouble: true, evidence.TempFailed: true, evidence.ProfileFailed: true, evidence.PartitionFull: true,
}

func isFault(k evidence.Kind) bool { return faultKinds[k] }
