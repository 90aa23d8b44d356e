package story

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/redx-update/redx/internal/term"
)

// everyone and alone are the groups: the first update is for all, the second for the computer that will find its file gone.
const (
	everyone = "All Computers"
	alone    = "Media PCs"
)

// opening starts the server, makes the updates, and switches the computers on, which visit it for the first time.
func (s *Story) opening(ctx context.Context) error {
	var err error
	if s.location, err = openLocation(ctx, s.redx, filepath.Join(s.Dir, "server")); err != nil {
		return err
	}
	go s.guard()
	s.tell.scene("An update server, and %d computers that visit it. All of it is in %s", len(cast), s.Dir)
	s.tell.line("server", "listens on %s, its console on %s", s.location.clients, s.location.console)
	if _, err := s.redx.call(ctx, nil, "group", "add", alone, "--data", s.location.data); err != nil {
		return err
	}
	for i, p := range parcels() {
		m, err := s.location.publish(ctx, &p, s.by, s.Dir, []string{everyone, alone}[i])
		if err != nil {
			return err
		}
		s.updates = append(s.updates, m)
		s.tell.line("", "publishes %q,\n%s, signed by %s", m.Title, amount(m.size), m.signer)
	}
	return s.switchOn(ctx)
}

// switchOn makes the computers and has them visit the server.
func (s *Story) switchOn(ctx context.Context) error {
	for _, r := range cast {
		c := &computer{role: r, redx: s.redx, disk: filepath.Join(s.Dir, r.name, "C")}
		if err := os.MkdirAll(filepath.Dir(c.disk), 0o700); err != nil {
			return err
		}
		if err := s.Image(c.disk, c.name, s.location.clients); err != nil {
			return fmt.Errorf("build the disk of %s: %w", c.name, err)
		}
		if err := c.configure(); err != nil {
			return err
		}
		s.computers = append(s.computers, c)
	}
	return s.each(func(c *computer) error {
		if err := c.switchOn(ctx, s.location.clients, s.by.trust); err != nil {
			return err
		}
		t, err := c.do(ctx, "scan")
		if err == nil && t.At == "" {
			err = fmt.Errorf("%s cannot scan: %s", c.name, t.Error)
		}
		return err
	})
}

// each does something with all computers at a time.
func (s *Story) each(do func(c *computer) error) error {
	errs := make([]error, len(s.computers))
	var wait sync.WaitGroup
	for i, c := range s.computers {
		wait.Go(func() { errs[i] = do(c) })
	}
	wait.Wait()
	for i, err := range errs {
		if err != nil {
			return fmt.Errorf("%s: %w", s.computers[i].name, err)
		}
	}
	return nil
}

// downloads has all computers get the first update, and then breaks what they have.
func (s *Story) downloads(ctx context.Context) error {
	s.tell.scene("They scan, download and extract %s", s.updates[0].KB)
	err := s.each(func(c *computer) error {
		if err := c.offered(ctx, string(s.updates[0].KB)); err != nil {
			return err
		}
		t, err := c.do(ctx, "download")
		if err == nil && (len(t.Attempts) > 0 || t.Error != "") {
			err = fmt.Errorf("the download failed: %+v", t)
		}
		return err
	})
	if err != nil {
		return err
	}
	s.tell.scene("Between extraction and installation, files go missing")
	for _, c := range s.computers {
		at, err := c.strike()
		if err != nil {
			return err
		}
		c.struck(at)
		if at != "" {
			s.tell.line(c.name, "%s:\n     %s", c.ended.Fault, c.ended.At)
		}
	}
	return nil
}

// installations has them install; those that something is missing from mend themselves.
func (s *Story) installations(ctx context.Context) error {
	s.tell.scene("They install. What fails is diagnosed, mended, and tried again")
	err := s.each(func(c *computer) error {
		t, err := c.do(ctx, "install-updates")
		c.took(t)
		return err
	})
	for _, c := range s.computers {
		s.told(c)
	}
	return err
}

// loss has the server lose a file while a computer downloads it: nothing is wrong with that computer.
func (s *Story) loss(ctx context.Context) error {
	c, m := s.computers[len(s.computers)-1], s.updates[1]
	s.tell.scene("%s comes into the group %q and gets %s; the server loses its file meanwhile", c.name, alone, m.KB)
	if _, err := s.redx.call(ctx, nil, "computer", "move", c.name, alone, "--data", s.location.data); err != nil {
		return err
	}
	if err := c.offered(ctx, string(m.KB)); err != nil {
		return err
	}
	before := c.arrived()
	done := make(chan struct{})
	var t turn
	var err error
	go func() {
		defer close(done)
		t, err = c.do(ctx, "install-updates")
	}()
	lost, lerr := s.location.loseWhile(ctx, c, before, m.size, done)
	<-done
	if lerr != nil {
		return fmt.Errorf("%w: %+v", lerr, t)
	}
	c.struck(lost)
	s.tell.line("server", "%s:\n     %s", c.ended.Fault, c.ended.At)
	c.took(t)
	s.told(c)
	return err
}

// comeback puts the file back, as the one who runs the server would, and has the computer visit it again.
func (s *Story) comeback(ctx context.Context) error {
	c, m := s.computers[len(s.computers)-1], s.updates[1]
	s.tell.scene("Who runs the server puts the file back, and %s visits it again", c.name)
	if err := s.location.give(ctx, m, s.by, alone); err != nil {
		return err
	}
	if err := s.location.serves(ctx, c.ended.At); err != nil {
		return err
	}
	if err := c.offered(ctx, string(m.KB)); err != nil {
		return err
	}
	t, err := c.do(ctx, "install-updates")
	c.took(t)
	s.told(c)
	return err
}

// told tells what became of a computer's latest visit.
func (s *Story) told(c *computer) {
	for _, a := range c.latest {
		if a.Result == "succeeded" {
			s.tell.mark(c.name, term.Green, "√", "%s is installed", a.KB)
			continue
		}
		s.tell.mark(c.name, term.Red, "X", "%s", failed(a))
		s.tell.line("", "%s", a.reason())
		if a.Healing != nil && a.Healing.Healed == "mended" {
			s.tell.mark("", term.Green, "√", "%s, and it works: %s", rungs(a.Healing.Rungs), a.again())
		}
	}
}
