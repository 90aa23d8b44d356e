// Package wuaclient asks Windows' own update agent, through a short-lived child of the same program, and says what its
// answers prove. The child (win/wua) has the agent's COM objects in it: they leak, hang and crash, and none of that
// reaches the parent.
//
// Invariant: whatever the child does, hang, crash, write without end or write nonsense, the parent comes back in
// bounded time and memory, and takes nothing for proven that is not in an answer.
package wuaclient

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"

	"github.com/redx-update/redx/internal/wuaclient/protocol"
)

// Deadlines, when a Client names none. A large update over a slow line takes hours; the agent itself gives up earlier.
const (
	stateTime   = 30 * time.Second // a person waits for the plan
	historyTime = 2 * time.Minute
	queueTime   = 2 * time.Minute // it may have to start the service first
	searchTime  = 15 * time.Minute
	proveTime   = 4 * time.Hour
)

// ErrLate tells that the child was ended since it had not answered in time.
var ErrLate = errors.New("the update agent did not answer in time")

// Client starts the child.
type Client struct {
	// Command is the program and its arguments: redx itself with "wua-worker".
	Command []string
	// Time bounds one conversation; zero for what suits the request.
	Time time.Duration
	// Step is told of each step that begins; nil for nobody.
	Step func(protocol.Step)
}

// Ask has one conversation with a child, which is ended when it takes too long or the context does.
//
// Errors: ErrLate; the context's; protocol.ErrNoAnswer and ErrVersion; what the system says when it cannot be started.
func (c *Client) Ask(ctx context.Context, req protocol.Request) (*protocol.Answer, error) {
	req.Version = protocol.Version
	asked, err := json.Marshal(req)
	if err != nil {
		return nil, err
	}
	late, cancel := context.WithTimeoutCause(ctx, c.time(&req), ErrLate)
	defer cancel()
	answer, err := c.run(late, asked)
	switch {
	case err == nil:
		return answer, nil
	case ctx.Err() != nil:
		err = ctx.Err()
	case late.Err() != nil:
		err = fmt.Errorf("%w (%v)", ErrLate, c.time(&req))
	}
	return nil, fmt.Errorf("ask the update agent: %w", err)
}

func (c *Client) time(req *protocol.Request) time.Duration {
	switch {
	case c.Time > 0:
		return c.Time
	case req.Verb == protocol.State:
		return stateTime
	case req.Verb == protocol.Transfers, req.Verb == protocol.CancelTransfer:
		return queueTime
	case req.Verb == protocol.History:
		return historyTime
	case req.ID+req.KB+req.Title == "":
		return searchTime
	default:
		return proveTime
	}
}

func (c *Client) run(ctx context.Context, asked []byte) (*protocol.Answer, error) {
	cmd := exec.CommandContext(ctx, c.Command[0], c.Command[1:]...)
	cmd.Stdin = bytes.NewReader(asked)
	said := &tail{}
	cmd.Stderr = said
	// A grandchild that keeps the pipes open must not keep the parent waiting.
	cmd.WaitDelay = 2 * time.Second
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	type result struct {
		answer *protocol.Answer
		err    error
	}
	read := make(chan result, 1)
	go func() {
		answer, err := protocol.ReadAnswer(out, c.Step)
		read <- result{answer, err}
	}()
	var got result
	select {
	case got = <-read:
	case <-ctx.Done():
		got.err = ctx.Err()
	}
	// The answer is all that is wanted; a child that goes on, or never reads its input, is not waited for.
	ended := end(cmd, got.err == nil)
	if got.err != nil && ended != nil {
		got.err = fmt.Errorf("%w; the child: %w%s", got.err, ended, said)
	}
	return got.answer, got.err
}

// end gives a child that has answered a moment to end by itself, and kills it otherwise.
func end(cmd *exec.Cmd, answered bool) error {
	if !answered {
		_ = cmd.Process.Kill() // ended already is as good
		return cmd.Wait()
	}
	kill := time.AfterFunc(time.Second, func() { _ = cmd.Process.Kill() })
	defer kill.Stop()
	return cmd.Wait()
}

// tail keeps the last of what the child says on its standard error, such as why it panicked.
type tail struct{ last []byte }

func (t *tail) Write(p []byte) (int, error) {
	const most = 2000
	t.last = append(t.last, p[max(0, len(p)-most):]...)
	t.last = t.last[max(0, len(t.last)-most):]
	return len(p), nil
}

func (t *tail) String() string {
	if s := strings.TrimSpace(string(t.last)); s != "" {
		return ": " + s
	}
	return ""
}

var _ io.Writer = (*tail)(nil)
