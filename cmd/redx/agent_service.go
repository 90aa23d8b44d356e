package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/redx-update/redx/internal/agent/setup"
)

func newAgentServiceCommand() *cobra.Command {
	return &cobra.Command{
		Use: "agent", Short: "Be the agent that redx agent install has set up", Args: cobra.NoArgs,
		Long: "Agent is what the service redx-agent runs.\n\n" +
			"EXIT STATUS\n  0  stopped    1  failed, or not started by the service manager    2  wrong usage",
		RunE: func(*cobra.Command, []string) error {
			s := newAgentService(agentOptions{})
			err := runControlled(setup.Name, controls{Pause: s.pause, Reload: s.reload}, s.service)
			if errors.Is(err, errNoManager) {
				return &problem{exit: exitFailed, err: err, hint: "in the foreground: redx agent run"}
			}
			return err
		},
	}
}

// agentService is an agent that runs on: it begins again with new settings when it is told that they have changed.
type agentService struct {
	options agentOptions
	again   chan struct{}

	mu     sync.Mutex
	agent  *agentRun
	paused *bool // what the service manager has asked for while no agent was there; one that is remembers it itself
}

func newAgentService(o agentOptions) *agentService {
	return &agentService{options: o, again: make(chan struct{}, 1)}
}

// service is the body of a service of Windows. What the agent warns of goes to the event log.
func (s *agentService) service(ctx context.Context) error {
	return s.run(ctx, stdio{in: strings.NewReader(""), out: io.Discard, err: eventWriter{}, getenv: func(string) string { return "" }})
}

// run runs until ctx ends, which is no failure.
func (s *agentService) run(ctx context.Context, std stdio) error {
	for {
		inner, cancel := context.WithCancel(ctx)
		go s.await(inner, cancel)
		err := s.serve(inner, std)
		reloaded := inner.Err() != nil && ctx.Err() == nil
		cancel()
		if reloaded && errors.Is(err, context.Canceled) {
			err = nil // it was still opening
		}
		if !reloaded || err != nil {
			return err
		}
	}
}

// await ends the agent that runs when there are new settings for the next one. Settings that are none change nothing.
func (s *agentService) await(ctx context.Context, end func()) {
	for {
		select {
		case <-s.again:
			if s.acceptable(ctx) {
				end()
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

func (s *agentService) acceptable(ctx context.Context) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.agent == nil {
		return true
	}
	o := s.options
	if _, err := o.settle(s.agent); err != nil {
		s.agent.log.LogAttrs(ctx, slog.LevelError, "the settings are not taken; the agent goes on with those it has", slog.Any("error", err))
		return false
	}
	return true
}

func (s *agentService) serve(ctx context.Context, std stdio) error {
	o := s.options // what the settings say is filled in each time
	r, err := o.openAgent(ctx, std)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.agent = r
	if s.paused != nil {
		setPaused(ctx, r, *s.paused)
		s.paused = nil
	}
	s.mu.Unlock()
	err = r.serve(ctx)
	s.mu.Lock()
	s.agent = nil
	s.mu.Unlock()
	return errors.Join(err, r.close())
}

func (s *agentService) pause(paused bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.agent == nil {
		s.paused = &paused
		return
	}
	setPaused(context.Background(), s.agent, paused)
}

func setPaused(ctx context.Context, a *agentRun, paused bool) {
	if paused {
		a.Pause(ctx, time.Time{})
	} else {
		a.Resume(ctx)
	}
}

func (s *agentService) reload() {
	select {
	case s.again <- struct{}{}:
	default: // it is about to begin again as it is
	}
}

// eventWriter puts each line of a log into Windows' event log.
type eventWriter struct{}

// Write takes one record of slog. What the event log does not take is lost: no agent fails for that.
func (eventWriter) Write(b []byte) (int, error) {
	writeEvent(setup.Name, bytes.Contains(b, []byte("level=ERROR")), string(bytes.TrimSpace(b)))
	return len(b), nil
}
