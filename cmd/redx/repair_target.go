package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/redx-update/redx/internal/gather"
	"github.com/redx-update/redx/internal/image"
	"github.com/redx-update/redx/internal/repair/site"
	"github.com/redx-update/redx/internal/report"
	"github.com/redx-update/redx/internal/vault"
	"github.com/redx-update/redx/internal/wuaclient"
	"github.com/redx-update/redx/internal/wuaclient/protocol"
)

// target is the installation that a repair is about, and who asked for it.
type target struct {
	*site.Site
	std     stdio
	options *repairOptions
	image   report.Image
}

// target opens what the flags name for a repair. Nothing is changed by that.
func (o *repairOptions) target(std stdio) (*target, error) {
	t := &target{std: std, options: o}
	options := site.Options{Open: o.open, Observe: t.progress(), Told: t.saved}
	var agent *wuaclient.Client
	if o.image+o.logs == "" {
		var err error
		if agent, err = newAgent(); err != nil {
			return nil, err
		}
		options.Busy, options.Extra = agent, []gather.Source{agentHistory()}
	}
	var err error
	if t.Site, err = site.Open(options); err != nil {
		return nil, t.problem(err)
	}
	t.image = report.Image{Kind: t.Kind, Path: t.Path}
	if t.Kind == image.Online {
		t.Jobs = wuaclient.Queue{Agent: agent}
		t.Prover = &wuaclient.Prover{
			Agent: agent, Location: protocol.Location(o.location), Install: o.install, Gather: t.Gather,
		}
	}
	return t, nil
}

// saved says of the vault only what nobody expects.
func (t *target) saved(s vault.Saved) {
	if s.Aside != "" {
		fmt.Fprintf(t.std.err, "redx: note: the saved history could not be used (%s); it was put aside as %s\n", s.Why, s.Aside)
	}
}

// first says that an earlier repair was never ended, and unless it is only to be looked at, ends it.
func (t *target) first(ctx context.Context, looking bool) error {
	if t.Session == nil {
		return nil
	}
	names, err := t.Journals.Names()
	if err != nil || len(names) == 0 {
		return err
	}
	if !looking {
		if err := t.Hold(); err != nil {
			return err
		}
		left, err := t.Settle(ctx)
		t.recovered(left)
		return err
	}
	st, err := t.Status()
	for _, one := range st.Steps {
		if one.State == "open" || one.State == "waits-for-restart" {
			fmt.Fprintf(t.std.err, "redx: note: an earlier repair (journal %s) is %s; a repair ends it first\n", one.Journal, one.State)
		}
	}
	return err
}

func (t *target) close() {
	if err := t.Close(); err != nil {
		fmt.Fprintf(t.std.err, "redx: warning: %v\n", err)
	}
}

// quoted is a path as a shell takes it.
func quoted(path string) string {
	if strings.ContainsAny(path, " \t'&|<>()$;") {
		return `"` + path + `"`
	}
	return path
}
