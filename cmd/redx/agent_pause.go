package main

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/redx-update/redx/internal/agent"
	"github.com/redx-update/redx/internal/agent/control"
	"github.com/redx-update/redx/internal/report"
)

func newAgentPauseCommand(std stdio) *cobra.Command {
	var o agentOptions
	var until string
	cmd := &cobra.Command{
		Use:   "pause",
		Short: "Have the agent leave this computer alone for a while",
		Long: `Pause has the agent visit, install and mend nothing by itself, whatever deadline there is: until --until, or until
redx agent resume. What somebody asks for with a command it does all the same. It is remembered over a restart, and counts
also for an agent that does not run now.` + standsExit + lockedExit,
		Example: "  redx agent pause --until 2026-12-01\n  redx agent pause --until 8h",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			end, err := pauseEnd(until, time.Now())
			if err != nil {
				return err
			}
			return o.stand(cmd.Context(), std, control.Request{Verb: control.Pause, Until: end})
		},
	}
	o.addPlace(cmd)
	cmd.Flags().StringVar(&until, "until", "", "`WHEN` it ends by itself: 2026-12-01, 2026-12-01T08:00:00Z, or a time from now such as 8h")
	return cmd
}

func newAgentResumeCommand(std stdio) *cobra.Command {
	var o agentOptions
	cmd := &cobra.Command{
		Use:     "resume",
		Short:   "End a pause of the agent",
		Long:    "Resume ends what redx agent pause, or the service manager, has begun." + standsExit + lockedExit,
		Example: "  redx agent resume",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.stand(cmd.Context(), std, control.Request{Verb: control.Resume})
		},
	}
	o.addPlace(cmd)
	return cmd
}

// pauseEnd reads when a pause ends; zero when it is not said.
func pauseEnd(s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	d, err := time.ParseDuration(s)
	end := now.Add(d)
	if err != nil {
		if end, err = parseDate(s); err != nil {
			return end, usage("--until %s: neither a day, nor of the form 2026-12-01T08:00:00Z, nor a time such as 8h", s)
		}
	}
	if !end.After(now) {
		return end, usage("--until %s is over already", s)
	}
	return end.Truncate(time.Second), nil
}

// stand has the running agent paused or resumed, or notes it for the next one, and shows how it stands.
func (o *agentOptions) stand(ctx context.Context, std stdio, r control.Request) error {
	out := agentStatusJSON{Running: true}
	c, err := o.dial(ctx)
	switch {
	case err == nil && r.Verb == control.Pause:
		out.Status, err = c.Pause(ctx, r.Until)
		err = errors.Join(err, c.Close())
	case err == nil:
		out.Status, err = c.Resume(ctx)
		err = errors.Join(err, c.Close())
	case errors.Is(err, control.ErrNotRunning):
		out.Running = false
		out.State, err = o.note(r)
	}
	if err != nil {
		return agentProblem(err)
	}
	if o.json {
		return report.WriteJSON(std.out, out)
	}
	return statusText(std.out, std.style, &out, time.Now())
}

// note writes it down for an agent that does not run.
func (o *agentOptions) note(r control.Request) (s agent.State, err error) {
	h, err := o.home(true)
	if err != nil {
		return s, agentProblem(err)
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	if err := h.Lock(); err != nil {
		return s, agentProblem(err)
	}
	file := agent.StateFile{Folder: h.Root}
	if s, _, err = file.Load(); err != nil {
		return s, err
	}
	if r.Verb == control.Pause {
		s.Pause(r.Until)
	} else {
		s.Resume()
	}
	return s.At(time.Now()), file.Save(s)
}
