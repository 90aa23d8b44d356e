package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"

	"github.com/redx-update/redx/internal/agent"
	"github.com/redx-update/redx/internal/lab"
	"github.com/redx-update/redx/internal/lab/story"
	"github.com/redx-update/redx/internal/report"
)

// storyScenario is the scenario that is no broken image but the whole story.
const storyScenario = "story"

// maxComputers bounds the computers of a story.
const maxComputers = 1000

// runStory tells the whole story, and unless it is to be fast stays up until it is interrupted.
func runStory(ctx context.Context, std stdio, o *labOptions) (err error) {
	if o.computers < len(story.Names()) || o.computers > maxComputers {
		return usage("--computers is between %d and %d", len(story.Names()), maxComputers)
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "redx-lab-")
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(ctx, hangups()...)
	defer stop()
	s := story.New(storyOptions(std, o, self, dir))
	ended, err := s.Run(ctx)
	if err == nil {
		err = concludeStory(ctx, std, o, ended)
	}
	err = errors.Join(err, s.Close())
	switch {
	case ended == nil && ctx.Err() != nil:
		return errors.Join(os.RemoveAll(dir), &problem{exit: exitCancelled, err: errors.New("cancelled")})
	case ended == nil:
		return &problem{exit: exitFailed, err: err, hint: "what its processes said stands in " + filepath.Join(dir, "logs")}
	case err == nil && !o.fast:
		err = os.RemoveAll(dir)
	}
	return err
}

// concludeStory prints how the story ended and, unless it is to be fast, stays until it is interrupted. An error says that
// it did not end as it should; then its folder is kept.
func concludeStory(ctx context.Context, std stdio, o *labOptions, ended *story.Ended) error {
	if o.json {
		err := report.WriteJSON(std.out, storyJSON{Scenario: storyScenario, Title: storyTitle, Expected: len(ended.Wrong) == 0, Ended: ended})
		if err != nil {
			return err
		}
	}
	right := len(ended.Wrong) == 0
	switch {
	case o.fast:
		fmt.Fprintf(std.err, "\nredx: delete %s when you are done\n", ended.Folder)
	case right:
		fmt.Fprintf(std.err, "\nredx: the lab stays up until Ctrl-C, which removes %s\n", ended.Folder)
	default:
		fmt.Fprintf(std.err, "\nredx: the lab stays up until Ctrl-C; what happened stands in %s\n", ended.Folder)
	}
	if !o.fast {
		<-ctx.Done()
	}
	if right {
		return nil
	}
	if o.json {
		return fmt.Errorf("not every computer ended as it should: %w", joinLines(ended.Wrong))
	}
	return silent(exitFailed)
}

func storyOptions(std stdio, o *labOptions, self, dir string) story.Options {
	out := story.Options{
		Command: []string{self}, Dir: dir, Style: std.style, Crowd: o.computers - len(story.Names()), Fast: o.fast,
		Image: func(dir, name, server string) error { return lab.Computer{Name: name, Server: server}.Build(dir) },
		Host: func(ctx context.Context, image, server, trust string) (story.Hosted, error) {
			return host(ctx, std, image, server, trust)
		},
	}
	if !o.json {
		out.Out = std.out
	}
	return out
}

const storyTitle = "An update server, computers that visit it, and files that go missing"

// storyJSON is `redx lab --json`.
type storyJSON struct {
	Scenario string `json:"scenario"`
	Title    string `json:"title"`
	Expected bool   `json:"expected"`
	*story.Ended
}

// hosted is an agent in this process.
type hosted struct{ *agentRun }

func host(ctx context.Context, std stdio, image, server, trust string) (story.Hosted, error) {
	o := &agentOptions{where: where{image: image}, server: server, trust: trust}
	std.err = io.Discard
	a, err := o.openAgent(ctx, std)
	if err != nil {
		return nil, err
	}
	return hosted{a}, nil
}

// Do is for story.Hosted.
func (h hosted) Do(ctx context.Context, verb string) ([]byte, error) {
	t, err := h.Once(ctx, agent.Verb(verb))
	if err != nil {
		return nil, err
	}
	return json.Marshal(t)
}

// Close is for story.Hosted.
func (h hosted) Close() error { return h.close() }
