package story

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

// Hosted is an agent of a computer that has no process of its own.
type Hosted interface {
	// Do has the agent visit its location and do what the verb says; it gives the turn as JSON, as redx agent prints it.
	Do(ctx context.Context, verb string) ([]byte, error)
	Close() error
}

// atOnce is how many of a crowd are worked on at a time.
const atOnce = 8

// crowd brings up as many further computers as were asked for, in this process. Most of them lose something too.
func (s *Story) crowd(ctx context.Context) error {
	if s.Crowd == 0 {
		return nil
	}
	s.tell.scene("%d more computers, all in one process; two of three lose something", s.Crowd)
	var (
		wait   sync.WaitGroup
		mu     sync.Mutex
		mended int
		places = make(chan struct{}, atOnce)
	)
	for i := range s.Crowd {
		places <- struct{}{}
		if ctx.Err() != nil {
			break
		}
		wait.Go(func() {
			defer func() { <-places }()
			one, err := s.one(ctx, i)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				s.lost = append(s.lost, fmt.Sprintf("%s: %v", one.name, err))
			}
			if one.ended.Healing == "mended" {
				mended++
			}
		})
	}
	wait.Wait()
	s.tell.line("crowd", "%d installed %s, %d of them after they had mended themselves", s.Crowd-len(s.lost), s.updates[0].KB, mended)
	return ctx.Err()
}

// one is the whole life of one computer of the crowd. An error says that it did not end as it should.
func (s *Story) one(ctx context.Context, i int) (c *computer, err error) {
	faults := []fault{healthy, lostFile, lostFolder}
	c = &computer{role: role{name: fmt.Sprintf("CROWD-%04d", i+1), fault: faults[i%len(faults)]}}
	c.disk = filepath.Join(s.Dir, "crowd", c.name, "C")
	if err := os.MkdirAll(filepath.Dir(c.disk), 0o700); err != nil {
		return c, err
	}
	if err := s.Image(c.disk, c.name, s.location.clients); err != nil {
		return c, err
	}
	if err := c.configure(); err != nil {
		return c, err
	}
	if c.hosted, err = s.Host(ctx, c.disk, s.location.clients, s.by.trust); err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, c.hosted.Close()) }()
	if t, err := c.do(ctx, "download"); err != nil || len(t.Attempts) > 0 || t.Error != "" {
		return c, errors.Join(err, fmt.Errorf("the download: %+v", t))
	}
	if _, err := c.strike(); err != nil {
		return c, err
	}
	t, err := c.do(ctx, "install-updates")
	if err != nil {
		return c, err
	}
	c.took(t)
	missing, err := s.updates[0].missing(c.disk)
	if err == nil && len(missing) > 0 {
		err = fmt.Errorf("%s is not there: %+v", missing[0], t)
	}
	return c, err
}

// hostedTurn asks a hosted agent.
func (c *computer) hostedTurn(ctx context.Context, verb string) (turn, error) {
	var t turn
	text, err := c.hosted.Do(ctx, verb)
	if err != nil {
		return t, err
	}
	return t, json.Unmarshal(text, &t)
}
