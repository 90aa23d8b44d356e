package gather

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/format/cbslog"
	"github.com/redx-update/redx/internal/format/checksur"
	"github.com/redx-update/redx/internal/hresult"
)

// A check of the store counts what it found by class at its end. Where only that end is at hand, the class is all that is known.

// countedKind says what damage of a class is.
func countedKind(class string) (evidence.Kind, bool) {
	for _, k := range []struct {
		begins string
		kind   evidence.Kind
	}{
		{"CSI Payload", evidence.PayloadCorrupt},
		{"CBS MUM", evidence.PackageManifestMissing},
		{"CBS Catalog", evidence.PackageManifestMissing},
		{"CBS Manifest", evidence.PackageManifestMissing},
		{"CSI Manifest Missing", evidence.ComponentManifestMissing},
		{"CSI Manifest", evidence.ManifestDamaged},
	} {
		if strings.HasPrefix(class, k.begins) {
			return k.kind, true
		}
	}
	return "", false
}

// counted takes the numbers of a summary in whose log nothing is named, and of which something is left that was not repaired.
// One that failed for want of a source tells of that.
func (s *servicingReader) counted(ev *cbslog.Event) {
	sum := ev.Summary
	if s.corruptNamed || sum.Result != hresult.OK || sum.Detected <= max(sum.Repaired, 0) {
		return
	}
	for _, c := range sum.Counts {
		class, isCorruption := strings.CutSuffix(c.Name, " Corruption")
		if kind, ok := countedKind(class); ok && isCorruption && c.N > 0 {
			told := *ev
			told.Text = c.Name + ": " + strings.TrimSpace(ev.Text)
			s.add(kind, &told, map[string]string{})
		}
	}
}

// surCounts are the numbers of the readiness tool, by class.
type surCounts struct {
	found, fixed map[string]*checksur.Record
	named        bool // a line names what was found
}

func newSURCounts() *surCounts {
	return &surCounts{found: map[string]*checksur.Record{}, fixed: map[string]*checksur.Record{}}
}

func (c *surCounts) add(rec *checksur.Record) {
	const most = 64 // there are some twenty classes
	switch {
	case rec.Kind == checksur.Found:
		c.named = true
	case rec.Kind != checksur.Count || len(c.found)+len(c.fixed) >= most:
	case rec.Fixed:
		c.fixed[rec.Name] = rec
	default:
		c.found[rec.Name] = rec
	}
}

// tell gives the classes of which something is left.
func (c *surCounts) tell(in *input) {
	if c.named {
		return
	}
	byLine := func(a, b string) int { return cmp.Compare(c.found[a].Line, c.found[b].Line) }
	for _, name := range slices.SortedFunc(maps.Keys(c.found), byLine) {
		rec, fixed := c.found[name], 0
		if f := c.fixed[name]; f != nil {
			fixed = f.N
		}
		if kind, ok := countedKind(name); ok && rec.N > fixed {
			in.out.Add(evidence.Event{Kind: kind, Source: in.line(rec.Line), Text: rec.Text, Fields: map[string]string{}})
		}
	}
}
