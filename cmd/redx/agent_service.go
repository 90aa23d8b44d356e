package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/redx-update/redx/internal/agent/setup"
)

func newAgentServiceCommand() *cobra.Command {
	return &cobra.Command{
		Use: "agent", Short: "Be the agent that redx agent install has set up", Args: cobra.NoArgs,
		Long: "Agent is what the service redx-agent runs.\n\n" +
			"EXIT STATUS\n  0  stopped    1  failed, or not started by the service manager    2  wrong usage",
		RunE: func(*cobra.Command, []string) error {
			s := &agentService{again: make(chan struct{}, 1)}
			err := runControlled(setup.Name, controls{Pause: s.pause, Reload: s.reload}, s.run)
			if errors.Is(err, errNoManager) {
				return &problem{exit: exitFailed, err: err, hint: "in the foreground: redx agent run"}
			}
			return err
		},
	}
}

// agentService is the agent as a service: it begins again with new settings when it is told that they have changed.
type agentService struct {
	again chan struct{}

	mu     sync.Mutex
	agent  *agentRun
	paused *bool // what the service manager has asked for
}

// run is the service's body. What the agent warns of goes to the event log.
func (s *agentService) run(ctx context.Context) error {
	std := stdio{in: strings.NewReader(""), out: io.Discard, err: eventWriter{}, getenv: func(string) string { return "" }}
	for {
		inner, cancel := context.WithCancel(ctx)
		go func() {
			select {
			case <-s.again:
				cancel()
			case <-inner.Done():
			}
		}()
		err := s.serve(inner, std)
		reloaded := inner.Err() != nil && ctx.Err() == nil
		cancel()
		if !reloaded || err != nil {
			return err
		}
	}
}

func (s *agentService) serve(ctx context.Context, std stdio) error {
	var o agentOptions
	r, err := o.openAgent(ctx, std)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.agent = r
	if s.paused != nil {
		r.SetPaused(ctx, *s.paused)
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
	s.paused = &paused
	if s.agent != nil {
		s.agent.SetPaused(context.Background(), paused)
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
