// Package heal mends a computer whose update has failed: it has the installation diagnosed, plans the least repair that
// the findings prove and the policy allows, asks the update location whether it may, carries the repair out as a
// transaction that can be undone, and proves it by the attempt that had failed.
//
// It decides nothing of its own about causes or folders: doctor and repair do. Its invariant is that nothing is touched
// for a cause that is not proven, that is another's, or that the server wants left alone, and that the reason is told.
package heal

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/redx-update/redx/internal/agent"
	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/doctor/check"
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/gather"
	"github.com/redx-update/redx/internal/history"
	"github.com/redx-update/redx/internal/image"
	"github.com/redx-update/redx/internal/repair"
	"github.com/redx-update/redx/internal/repair/session"
	"github.com/redx-update/redx/internal/repair/site"
	"github.com/redx-update/redx/internal/update"
)

// Healer implements agent.Healer for one installation. It is for one goroutine at a time.
type Healer struct {
	Engine agent.Engine // the one whose attempt failed; asked for a verdict if it is an agent.Teller
	Open   func() (image.Image, error)
	// Own: the engine keeps its files in redx's own folder, and no service of Windows' has to do with them.
	Own    bool
	Policy agent.Policy
	Clock  agent.Clock
	Random func() float64
	Log    *slog.Logger
}

var _ agent.Healer = (*Healer)(nil)

func (h *Healer) site() (*site.Site, error) {
	return site.Open(site.Options{Open: h.Open, Own: h.Own})
}

// Settle ends what an earlier process has left open: a repair that was under way is taken back.
func (h *Healer) Settle(ctx context.Context) (err error) {
	s, err := h.site()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if s.Session == nil {
		return nil
	}
	names, err := s.Journals.Names()
	if err != nil || len(names) == 0 {
		return err
	}
	if err := s.Hold(); err != nil {
		return err
	}
	left, err := s.Settle(ctx)
	for _, r := range left {
		h.Log.LogAttrs(ctx, slog.LevelWarn, "a repair was never ended", slog.String("journal", r.Journal), slog.String("now", string(r.Outcome)))
	}
	return err
}

// Heal implements agent.Healer.
func (h *Healer) Heal(ctx context.Context, f *agent.Failure, asked bool) (out agent.Healing, err error) {
	out.Healed = agent.LeftAlone
	s, err := h.site()
	if err != nil {
		return out, fmt.Errorf("look for the cause: %w", err)
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	c := &sick{Healer: h, site: s, failure: f}
	if err := c.diagnose(ctx); err != nil {
		return out, fmt.Errorf("look for the cause: %w", err)
	}
	c.describe(&out)
	if out.Why = c.obstacle(ctx); out.Why != "" {
		return out, nil
	}
	if !asked {
		if err := h.tarry(ctx); err != nil {
			return out, err
		}
	}
	err = c.repair(ctx, &out)
	return out, errors.Join(err, c.tellEnd(ctx, &out))
}

// tarry waits for a random part of what the policy says: what ails many at once must not have all of them download at
// once.
func (h *Healer) tarry(ctx context.Context) error {
	select {
	case <-h.Clock.After(time.Duration(h.Random() * float64(h.Policy.HealWithin))):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// sick is one failure that is being looked at.
type sick struct {
	*Healer
	site     *site.Site
	failure  *agent.Failure
	set      *evidence.Set
	build    string
	findings []doctor.Finding
	options  repair.Options
	plan     *repair.Plan
}

// diagnose finds the cause and plans.
func (c *sick) diagnose(ctx context.Context) error {
	img, err := c.Open()
	if err != nil {
		return err
	}
	defer img.Close()
	if c.set, err = gather.Gather(ctx, img, gather.Options{}); err != nil {
		return err
	}
	c.build = c.set.Machine.Build
	c.findings = about(doctor.Examine(c.set, check.All()), c.failure.Update)
	if c.site.Session == nil {
		return nil
	}
	c.options = repair.Options{Rungs: append([]repair.Rung{}, c.Policy.Rungs...)}
	scene := c.site.Scene(ctx, img, repair.Targets(c.findings, c.site.Root()))
	c.plan, err = repair.Make(c.findings, scene, c.options)
	return err
}

// about are the findings that can account for the failure of an update: those about others say nothing of it.
func about(all []doctor.Finding, u update.Ref) []doctor.Finding {
	word := ""
	switch {
	case !u.ID.GUID.IsZero():
		word = u.ID.GUID.String()
	case u.KB != "":
		word = string(u.KB)
	}
	if word == "" {
		return all
	}
	named := doctor.Narrow(all, history.Filter{Update: word})
	return slices.DeleteFunc(named, func(f doctor.Finding) bool {
		return f.Update.IsZero() && f.Severity != doctor.Error
	})
}

// describe says what was found.
func (c *sick) describe(out *agent.Healing) {
	for i := range c.findings {
		f := &c.findings[i]
		if f.Severity != doctor.Error {
			continue
		}
		out.Findings = append(out.Findings, f.ID)
		out.Cause = cmp.Or(out.Cause, f.Title)
		for _, file := range f.Files {
			if name := cmp.Or(file.Path, file.URL); name != "" && len(out.Files) < maxFiles {
				out.Files = append(out.Files, name)
			}
		}
	}
}

// maxFiles bounds how many names of files an outcome has.
const maxFiles = 20

// obstacle says why the computer is left alone; empty when it is to be repaired. What was found is told in any case.
func (c *sick) obstacle(ctx context.Context) string {
	verdict, err := c.tell(ctx, nil)
	switch {
	case c.site.Session == nil:
		return "nothing can be repaired here: " + site.Unwritable(c.site.Path)
	case len(c.plan.Refusals) > 0:
		return c.plan.Refusals[0].Detail
	case len(c.plan.Turn) > 0:
		return strings.Join(c.plan.Turn, "; ")
	case c.plan.Empty():
		return "nothing was found that proves a cause"
	case err != nil:
		return fmt.Sprintf("the server could not be asked: %v", err)
	case !verdict.Heal:
		return cmp.Or(verdict.Why, "the server wants this computer left alone")
	}
	return ""
}

// repair carries the plan out and says how it ended.
func (c *sick) repair(ctx context.Context, out *agent.Healing) error {
	if err := c.site.Hold(); err != nil {
		out.Why = err.Error()
		return nil //nolint:nilerr // that it was left alone, and why, is the answer
	}
	proving := &prover{engine: c.Engine, failure: c.failure}
	c.site.Prover = proving
	res, err := c.site.Repair(ctx, session.Wish{Findings: c.findings, Options: c.options, Shown: c.plan})
	out.Attempts, out.Restart = proving.attempts, proving.result.RestartNeeded
	for _, step := range res.Steps {
		out.Rungs = append(out.Rungs, step.Rung)
		if step.Proof != nil {
			out.Why = step.Proof.String()
		}
	}
	out.Healed = healed(res)
	if err != nil {
		out.Why = err.Error()
	}
	return ctx.Err()
}

func healed(res session.Result) agent.Healed {
	switch {
	case len(res.Steps) == 0 && res.State != session.Waiting:
		return agent.LeftAlone
	case res.State == session.Proven:
		return agent.Mended
	case res.State == session.Failing:
		return agent.StillFails
	case res.State == session.Unproven:
		return agent.Unproven
	case res.State == session.Waiting:
		return agent.Waits
	case res.State == session.Open:
		return agent.LeftOpen
	default:
		return agent.TakenBack
	}
}
