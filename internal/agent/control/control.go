// Package control is the local channel to an agent that runs: a named pipe on Windows, a socket in the agent's own folder
// elsewhere. A request is a line of JSON and so is its answer.
//
// It is for who may administer this computer, and nobody else: on Windows the pipe lets in the system and administrators
// alone, elsewhere who calls is asked of the kernel. Its invariant is that a client, whatever it sends and however slowly,
// costs no more than a few kilobytes and one of a few places for a short while, and never runs anything but the verbs.
package control

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/redx-update/redx/internal/agent"
)

// The verbs beside those of package agent.
const (
	Status agent.Verb = "status"
	Pause  agent.Verb = "pause"
	Resume agent.Verb = "resume"
)

// Request is what a client asks for.
type Request struct {
	Verb agent.Verb `json:"verb"`
	// Until is when a Pause ends by itself; zero: at a Resume.
	Until time.Time `json:"until,omitzero"`
}

// Answer is what it gets: a status or a turn, or why not.
type Answer struct {
	Status *agent.Status `json:"status,omitempty"`
	Turn   *agent.Turn   `json:"turn,omitempty"`
	Error  string        `json:"error,omitempty"`
}

// Agent is what is controlled; *agent.Agent is one.
type Agent interface {
	Ask(ctx context.Context, v agent.Verb) (agent.Turn, error)
	Pause(ctx context.Context, until time.Time)
	Resume(ctx context.Context)
	Status() agent.Status
}

// Bounds on clients.
const (
	maxRequest = 4 << 10
	maxAnswer  = 64 << 20
	maxClients = 8
	readWithin = 5 * time.Second
	sendWithin = 20 * time.Second
)

// Errors that callers branch on.
var (
	// ErrNotRunning says that no agent runs there.
	ErrNotRunning = errors.New("no agent runs")
	// ErrStranger says that the one who calls may not control the agent, or the one who answers is no agent.
	ErrStranger = errors.New("not one who may control this agent")
)

// Server answers clients.
type Server struct {
	Agent Agent
	Log   *slog.Logger
	// Check says whether who is at the other end may ask; nil: whoever could connect.
	Check func(net.Conn) error
}

// Serve answers until ctx ends, and closes the listener.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	stop := context.AfterFunc(ctx, func() { _ = l.Close() }) // that it ends is the point
	defer stop()
	defer func() { _ = l.Close() }() // nobody can connect any more when Serve is back, whoever closes it
	places := make(chan struct{}, maxClients)
	var all sync.WaitGroup
	defer all.Wait()
	for {
		conn, err := l.Accept()
		if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
			if conn != nil {
				_ = conn.Close() // it came just before the end
			}
			return nil
		}
		if err != nil {
			return fmt.Errorf("accept on the control channel: %w", err)
		}
		select {
		case places <- struct{}{}:
			all.Go(func() {
				defer func() { <-places }()
				s.serve(ctx, conn)
			})
		default:
			_ = conn.Close() // it may come again
		}
	}
}

func (s *Server) serve(ctx context.Context, conn net.Conn) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer conn.Close()
	a := s.hear(ctx, cancel, conn)
	if err := errors.Join(conn.SetWriteDeadline(time.Now().Add(sendWithin)), json.NewEncoder(conn).Encode(a)); err != nil {
		s.Log.LogAttrs(ctx, slog.LevelDebug, "a client went before its answer", slog.Any("error", err))
	}
}

func (s *Server) check(conn net.Conn) error {
	if s.Check == nil {
		return nil
	}
	return s.Check(conn)
}

// hear reads the request and has it done. For a client that goes, what was begun is not ended, and the rest not begun.
func (s *Server) hear(ctx context.Context, cancel func(), conn net.Conn) Answer {
	r, err := read(conn)
	if err != nil {
		return Answer{Error: err.Error()}
	}
	if err := s.check(conn); err != nil {
		s.Log.LogAttrs(ctx, slog.LevelWarn, "a stranger on the control channel", slog.Any("error", err))
		return Answer{Error: ErrStranger.Error()}
	}
	go func() {
		// Nothing more is to come: what ends this read is that the client is gone, or said too much.
		_, _ = conn.Read(make([]byte, 1))
		cancel()
	}()
	return s.do(ctx, r)
}

// read takes one line in, in time and of a bounded length.
func read(conn net.Conn) (r Request, err error) {
	if err := conn.SetReadDeadline(time.Now().Add(readWithin)); err != nil {
		return r, err
	}
	line, err := bufio.NewReader(io.LimitReader(conn, maxRequest)).ReadSlice('\n')
	if err != nil {
		return r, errors.New("no line of JSON came in time")
	}
	if err := json.Unmarshal(line, &r); err != nil {
		return r, fmt.Errorf("no request: %w", err)
	}
	return r, conn.SetReadDeadline(time.Time{})
}

func (s *Server) do(ctx context.Context, r Request) Answer {
	switch r.Verb {
	case Pause:
		s.Agent.Pause(ctx, r.Until)
	case Resume:
		s.Agent.Resume(ctx)
	case Status:
	case agent.ScanNow, agent.DownloadNow, agent.InstallNow:
		t, err := s.Agent.Ask(ctx, r.Verb)
		if err != nil {
			return Answer{Error: err.Error()}
		}
		return Answer{Turn: &t}
	default:
		return Answer{Error: "no such verb"}
	}
	st := s.Agent.Status()
	return Answer{Status: &st}
}
