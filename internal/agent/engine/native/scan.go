package native

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/redx-update/redx/internal/agent"
	"github.com/redx-update/redx/internal/agent/facts"
	"github.com/redx-update/redx/internal/agent/location"
	"github.com/redx-update/redx/internal/agent/metadata"
	"github.com/redx-update/redx/internal/agent/scan"
	"github.com/redx-update/redx/internal/agent/trace"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/maintenance"
	"github.com/redx-update/redx/internal/update"
)

// maxNamed is how many undecided updates are asked the title of.
const maxNamed = 200

// Scan implements agent.Engine.
func (e *Engine) Scan(ctx context.Context) (*agent.Scan, error) {
	if err := e.sound(); err != nil {
		return nil, err
	}
	result, err := e.visit(ctx)
	err = errors.Join(err, e.client.State().Save(e.folder))
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, e.scanFailed(&agent.Failure{Stage: agent.Scanning, Code: location.Code(err), Err: err})
	}
	out := e.answer(result)
	err = e.trace.Tell(trace.Event{Kind: trace.ScanDone, At: out.At, Found: len(out.Updates)})
	e.queue(scanned(len(out.Updates)))
	e.status(result)
	return out, errors.Join(err, e.remember())
}

// sound fails when the datastore is damaged: an agent that cannot keep what it does does nothing.
func (e *Engine) sound() error {
	err := e.trace.Check()
	var damaged *trace.Damaged
	if !errors.As(err, &damaged) {
		return err
	}
	f := &agent.Failure{Stage: agent.Scanning, Code: damaged.Code, Path: damaged.Path, Err: damaged.Err}
	told := e.trace.Tell(trace.Event{Kind: trace.DatastoreDamaged, At: e.o.Now(), Code: damaged.Code})
	if told != nil && !errors.As(told, &damaged) {
		return errors.Join(f, told)
	}
	return e.scanFailed(f)
}

// scanFailed tells of a failed visit wherever it belongs, and gives the failure back.
func (e *Engine) scanFailed(f *agent.Failure) error {
	told := e.trace.Tell(trace.Event{Kind: trace.ScanFailed, At: e.o.Now(), Code: f.Code})
	if damaged := (*trace.Damaged)(nil); errors.As(told, &damaged) {
		told = nil // it is what the failure says, or will be in the next visit
	}
	e.queue(scanFailed(f.Code))
	if err := errors.Join(told, e.remember()); err != nil {
		return errors.Join(f, err)
	}
	return f
}

// visit synchronises, evaluates and asks for the details of what is needed.
func (e *Engine) visit(ctx context.Context) (_ *scan.Result, err error) {
	img, err := e.o.Image()
	if err != nil {
		return nil, fmt.Errorf("look at the computer: %w", err)
	}
	defer func() { err = errors.Join(err, img.Close()) }()
	e.now = facts.Computer{Image: img, Ever: e.ever(ctx, img)}
	for try := 0; ; try++ {
		if err := e.client.Sync(ctx, e.set.Judge(e.now)); err != nil {
			return nil, err
		}
		e.set.Update(e.client.State().Revisions)
		result := e.set.Evaluate(e.now)
		e.set.Within(result, e.categories())
		err := e.client.Extend(ctx, wanted(result))
		if errors.Is(err, location.ErrRenumbered) && try < 2 {
			continue
		}
		return result, err
	}
}

// wanted are the revisions of which more is to be known.
func wanted(r *scan.Result) []int32 {
	var ids []int32
	for _, list := range [][]scan.Item{r.Uninstall, r.Install} {
		for _, i := range list {
			ids = append(ids, i.ID)
			for _, p := range i.Parts {
				ids = append(ids, p.ID)
			}
		}
	}
	for _, u := range r.Undecided[:min(len(r.Undecided), maxNamed)] {
		ids = append(ids, u.ID)
	}
	return ids
}

// offer is an update of the last scan, with all that its attempt needs.
type offer struct {
	item  scan.Item
	parts []part
}

// part is a revision that has files, or is installed without any.
type part struct {
	ref      update.Ref
	extended metadata.Extended
}

// answer is what the agent is told of a result.
func (e *Engine) answer(r *scan.Result) *agent.Scan {
	out := &agent.Scan{At: e.o.Now().UTC(), Location: e.client.URL(), Installed: r.Installed, NotApplicable: r.NotApplicable}
	clear(e.offers)
	for _, list := range []struct {
		action agent.Action
		items  []scan.Item
	}{{agent.Uninstall, r.Uninstall}, {agent.Install, r.Install}} {
		for _, i := range list.items {
			if list.action == agent.Install && e.given(i) {
				out.Installed++
				continue
			}
			u, why := e.offer(i, list.action)
			if why != "" {
				out.Undecided = append(out.Undecided, agent.Undecided{Ref: u.Ref, Rule: "ExtendedProperties", Why: why})
				continue
			}
			out.Updates = append(out.Updates, u)
		}
	}
	for _, u := range r.Undecided {
		ref, _, _ := e.describe(u.Revision)
		out.Undecided = append(out.Undecided, agent.Undecided{Ref: ref, Rule: u.Rule, Why: u.Why})
	}
	return out
}

// offer describes an update that something is to be done with; why says what of its metadata cannot be understood.
func (e *Engine) offer(i scan.Item, action agent.Action) (u agent.Update, why string) {
	o := &offer{item: i}
	var err error
	if u.Ref, _, err = e.describe(i.Revision); err != nil {
		return u, err.Error()
	}
	u.Action, u.Deadline = action, i.Deployment.Deadline
	if u.Window, err = maintenance.Parse(i.Deployment.Window); err != nil {
		e.o.Log.Warn("the window of an approval cannot be read: the settings' windows alone count", slog.String("update", u.Title), slog.Any("error", err))
	}
	for _, p := range i.Parts {
		ref, x, err := e.describe(p)
		if err != nil {
			return u, err.Error()
		}
		if len(x.Files) == 0 && x.HandlerData == "" {
			continue // a bundle itself
		}
		if ref.KB == "" {
			ref.KB = u.KB
		}
		o.parts = append(o.parts, part{ref, x})
		for _, f := range x.Files {
			u.Bytes += f.Size
		}
		u.MayRestart = u.MayRestart || x.Reboot != "" && x.Reboot != "NeverReboots"
	}
	if action == agent.Uninstall {
		u.Bytes = 0
	}
	e.offers[idOf(u.Ref)] = o
	u.Ready = action == agent.Uninstall || e.ready(u.Ref, o)
	return u, ""
}

// describe reads what the location has told of a revision.
func (e *Engine) describe(r *metadata.Revision) (update.Ref, metadata.Extended, error) {
	ref := update.Ref{ID: r.Core.ID}
	d := e.client.State().Details[r.ID]
	texts, err := metadata.ParseTexts(d.Texts)
	x, errX := metadata.ParseExtended(d.Extended)
	if ref.KB, ref.Title = x.KB, strings.TrimSpace(texts.Title); ref.KB == "" {
		ref.KB = update.FindKB(ref.Title)
	}
	return ref, x, errors.Join(err, errX)
}

// ready tells that an update is downloaded, verified and extracted. Whether every file is still there is for Install to see;
// when a whole folder was taken away, as a repair does it, the update is had anew.
func (e *Engine) ready(u update.Ref, o *offer) bool {
	have := e.memory.Ready[idOf(u)]
	if have == nil || have.Revision != u.ID.Revision || len(have.Parts) != len(o.parts) {
		return false
	}
	for i, p := range have.Parts {
		info, err := e.drive.Stat(p.Folder)
		if err != nil || !info.Dir || p.Update.ID != o.parts[i].ref.ID {
			return false
		}
	}
	return true
}

// codeUnexpected is WU_E_UNEXPECTED.
const codeUnexpected hresult.Code = 0x80240FFF
