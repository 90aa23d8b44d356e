package backend

import (
	"context"
	"crypto/sha256"
	"strconv"
	"strings"
	"time"

	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/server"
	"github.com/redx-update/redx/internal/store"
	"github.com/redx-update/redx/internal/update"
	"github.com/redx-update/redx/internal/wsus/reporting"
)

// Bounds on what one event can say; all of it is the client's word. The console reads many events at a time, so only
// those that report on all updates, which it does not read, may be large.
const (
	maxStrings = 32
	maxText    = 512
	maxMisc    = 1 << 20 // a list of all updates that a computer has
)

func decimal(n int32) string { return strconv.Itoa(int(n)) }

// Report implements server.Reports.
func (b *Backend) Report(ctx context.Context, computer string, events []reporting.Event) error {
	all := make([]store.Event, len(events))
	for i := range events {
		all[i] = event(&events[i])
	}
	return b.store.AddEvents(ctx, computer, all)
}

// Findings implements server.Reports.
func (b *Backend) Findings(ctx context.Context, computer string, findings []byte) (server.Verdict, error) {
	f := store.Finding{Computer: computer, Time: time.Now(), JSON: findings, Causes: b.causes(ctx, computer, findings)}
	if err := b.store.AddFinding(ctx, f); err != nil {
		return server.Verdict{}, err
	}
	return b.verdict(ctx, computer, findings)
}

func event(e *reporting.Event) store.Event {
	d := &e.BasicData
	out := store.Event{
		Time: d.TimeAtTarget.UTC(), EventID: int(d.EventID), SourceID: int(d.SourceID), Code: hresult.Code(uint32(d.Win32HResult)),
		App: short(d.AppName, maxText), Received: time.Now().UTC(),
	}
	if id := d.UpdateID; id != nil {
		if g, err := guid.Parse(id.UpdateID); err == nil {
			out.Update = update.ID{GUID: g, Revision: uint32(id.RevisionNumber)}
		}
	}
	if x := e.ExtendedData; x != nil {
		limit := maxText
		if out.IsStatus() {
			limit = maxMisc
		}
		out.Strings, out.Misc = some(x.ReplacementStrings, maxText), some(x.MiscData, limit)
	}
	out.Instance = instance(d)
	return out
}

// instance is the event's own GUID; one that has none gets the same for the same content.
func instance(d *reporting.BasicData) guid.GUID {
	if g, err := guid.Parse(d.EventInstanceID); err == nil && !g.IsZero() {
		return g
	}
	text := d.EventInstanceID + d.TimeAtTarget.String() + decimal(d.EventID) + decimal(d.Win32HResult)
	if d.UpdateID != nil {
		text += d.UpdateID.UpdateID
	}
	sum := sha256.Sum256([]byte(text))
	return guid.GUID(sum[:16])
}

// short cuts a text to n bytes, between characters.
func short(s string, n int) string {
	if len(s) > n {
		return strings.ToValidUTF8(s[:n], "")
	}
	return s
}

func some(words []string, n int) []string {
	var all []string
	for _, w := range words[:min(len(words), maxStrings)] {
		all = append(all, short(w, n))
	}
	return all
}
