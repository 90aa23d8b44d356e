package story

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// computer is one of the story's: an image of a disk, and an agent that runs on it as a process of its own.
type computer struct {
	role
	redx    *redx
	disk    string // the folder that stands for C:\
	process *process
	hosted  Hosted // instead of a process

	latest []attempt
	ended  Computer
}

// attempt is one attempt of an update, as the agent tells of it (docs/json.md, redx agent).
type attempt struct {
	KB      string   `json:"kb"`
	Title   string   `json:"title"`
	Result  string   `json:"result"`
	Stage   string   `json:"stage"`
	Code    string   `json:"code"`
	Path    string   `json:"path"`
	Why     string   `json:"why"`
	Healing *healing `json:"healing"`
}

// healing is what the agent did about a failed attempt.
type healing struct {
	Healed   string   `json:"healed"`
	Why      string   `json:"why"`
	Cause    string   `json:"cause"`
	Findings []string `json:"findings"`
	Files    []string `json:"files"`
	Rungs    []string `json:"rungs"`
}

// turn is what came of one visit of the update location.
type turn struct {
	At       string    `json:"at"` // empty when the visit failed
	Attempts []attempt `json:"attempts"`
	Error    string    `json:"error"`
	Updates  []struct {
		KB string `json:"kb"`
	} `json:"updates"`
}

// offered has the computer scan until an update is offered to it: what an administrator does reaches a server that runs
// within seconds.
func (c *computer) offered(ctx context.Context, kb string) error {
	deadline := time.Now().Add(serverStart)
	for {
		t, err := c.do(ctx, "scan")
		if err != nil {
			return err
		}
		for _, u := range t.Updates {
			if u.KB == kb {
				return nil
			}
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s is not offered to %s: %+v", kb, c.name, t)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// switchOn starts the computer's agent, and waits until it can be asked.
func (c *computer) switchOn(ctx context.Context, server, trust string) error {
	p, err := c.redx.start(ctx, c.name, "agent", "run", "--image", c.disk, "--server", server, "--trust", trust)
	if err != nil {
		return err
	}
	c.process = p
	deadline := time.Now().Add(serverStart)
	for {
		var status struct {
			Running bool `json:"running"`
		}
		err := c.redx.ask(ctx, &status, nil, "agent", "status", "--image", c.disk)
		if err == nil && status.Running {
			return nil
		}
		if time.Now().After(deadline) {
			return errors.Join(fmt.Errorf("the agent of %s does not run: %s", c.name, p.said()), err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// do has the running agent do something now.
func (c *computer) do(ctx context.Context, verb string) (turn, error) {
	if c.hosted != nil {
		return c.hostedTurn(ctx, verb)
	}
	var t turn
	err := c.redx.ask(ctx, &t, []int{1, 3}, "agent", verb, "--image", c.disk)
	return t, err
}

// configure writes the agent's policy: nothing unattended, since the story says when; all rungs that the story needs; and,
// where a file is to be lost on its way, a download that takes a moment.
func (c *computer) configure() error {
	policy := "[visit]\nfirst_within = \"24h\"\nevery = \"24h\"\n\n[heal]\nwithin = \"0s\"\nrungs = [\"update-folder\", \"datastore\"]\nper_day = 96\n"
	if c.fault == lostContent {
		policy += "\n[download]\nbytes_per_second = 1500000\n"
	}
	dir := c.path("ProgramData", "redx", "agent")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "agent.toml"), []byte(policy), 0o600)
}

// path is a place on the computer's disk.
func (c *computer) path(elem ...string) string {
	return filepath.Join(append([]string{c.disk}, elem...)...)
}
