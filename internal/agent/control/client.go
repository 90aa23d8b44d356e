package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/redx-update/redx/internal/agent"
)

// Client is a connection to an agent that runs. It asks once. What it has asked for and was begun goes on when it is
// closed.
type Client struct{ conn net.Conn }

// Dial connects to the agent whose folder it is. ErrNotRunning when there is none, ErrStranger when it may not be asked.
func Dial(ctx context.Context, folder string) (*Client, error) {
	conn, err := connect(ctx, folder)
	if err != nil {
		return nil, err
	}
	return &Client{conn}, nil
}

// Close ends the connection.
func (c *Client) Close() error { return c.conn.Close() }

// Ask has the agent visit its location now, and do what the verb says.
func (c *Client) Ask(ctx context.Context, v agent.Verb) (agent.Turn, error) {
	a, err := c.do(ctx, Request{Verb: v})
	if err == nil && a.Turn == nil {
		err = errors.New("the agent does not say what came of it")
	}
	if err != nil {
		return agent.Turn{}, err
	}
	return *a.Turn, nil
}

// Status asks how the agent stands.
func (c *Client) Status(ctx context.Context) (agent.Status, error) {
	return c.stand(ctx, Request{Verb: Status})
}

// Pause has the agent leave everything alone that nobody asks for: until then, or, with the zero time, until Resume.
func (c *Client) Pause(ctx context.Context, until time.Time) (agent.Status, error) {
	return c.stand(ctx, Request{Verb: Pause, Until: until})
}

// Resume ends a pause.
func (c *Client) Resume(ctx context.Context) (agent.Status, error) {
	return c.stand(ctx, Request{Verb: Resume})
}

func (c *Client) stand(ctx context.Context, r Request) (agent.Status, error) {
	a, err := c.do(ctx, r)
	if err == nil && a.Status == nil {
		err = errors.New("the agent does not say how it stands")
	}
	if err != nil {
		return agent.Status{}, err
	}
	return *a.Status, nil
}

func (c *Client) do(ctx context.Context, r Request) (a Answer, err error) {
	stop := context.AfterFunc(ctx, func() { _ = c.conn.Close() }) // that the agent hears of it is the point
	defer stop()
	if err = json.NewEncoder(c.conn).Encode(r); err == nil {
		err = json.NewDecoder(io.LimitReader(c.conn, maxAnswer)).Decode(&a)
	}
	switch {
	case ctx.Err() != nil:
		return a, ctx.Err()
	case err != nil:
		return a, fmt.Errorf("ask the agent: %w", err)
	case a.Error == ErrStranger.Error():
		return a, ErrStranger
	case a.Error != "":
		return a, fmt.Errorf("the agent says: %s", a.Error)
	}
	return a, nil
}
