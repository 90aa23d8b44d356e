// Package story is the lab's whole story on one machine: an update server, computers that visit it, faults that break an
// update on the way, and what the computers make of them. The processes, protocols, files and databases are redx's own;
// a fault is injected by removing or damaging real files and in no other way.
//
// It tells and checks; it does none of the work. Its invariant is that it says of no computer that it ended as it should
// unless that computer's own disk and the server say so.
package story

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/redx-update/redx/internal/term"
)

// Options say what is to be told, and where.
type Options struct {
	// Command is redx itself and what comes before its arguments: the story starts it for every process.
	Command []string
	// Dir is a folder for all of it, which must be empty.
	Dir string
	// Out is told the story; nil: nobody is.
	Out   io.Writer
	Style term.Style
	// Image builds the disk of a healthy Windows in a folder, for a computer of the name.
	Image func(dir, name, server string) error
	// Fast tells that the server is not kept up when the story is told.
	Fast bool
	// Crowd is how many further computers there are, which Host brings up in this process.
	Crowd int
	Host  func(ctx context.Context, image, server, trust string) (Hosted, error)
}

// Story is one telling.
type Story struct {
	Options
	redx      *redx
	tell      *teller
	by        publisher
	location  *location
	updates   []*made
	computers []*computer
	begun     time.Time
	end       context.CancelCauseFunc // ends the story and its processes
	lost      []string                // what of the crowd did not end as it should
}

// Ended is how the story came out.
type Ended struct {
	Server    string     `json:"server"`  // URL that the computers visit
	Console   string     `json:"console"` // URL
	Login     string     `json:"login"`   // URL that logs in once; it is of use as long as the server runs
	Folder    string     `json:"folder"`
	Computers []Computer `json:"computers"`
	Crowd     int        `json:"crowd,omitempty"` // further computers
	Wrong     []string   `json:"wrong,omitempty"` // what is not as it should be
	Seconds   float64    `json:"seconds"`
}

// Computer is how one computer ended.
type Computer struct {
	Name    string   `json:"name"`
	Image   string   `json:"image"`
	Fault   string   `json:"fault,omitempty"`   // what was done
	At      string   `json:"at,omitempty"`      // to which file or folder
	Code    string   `json:"code,omitempty"`    // behind the red X
	Finding string   `json:"finding,omitempty"` // the check that found the cause
	Files   []string `json:"files,omitempty"`   // that the finding names
	Healing string   `json:"healing,omitempty"` // how the healing ended
	Rungs   []string `json:"rungs,omitempty"`   // that were climbed
	State   string   `json:"state"`             // "installed", or why not
}

// New makes a story that has not begun.
func New(o Options) *Story {
	if o.Out == nil {
		o.Out = io.Discard
	}
	return &Story{Options: o, tell: &teller{o.Out, o.Style, o.Dir + string(filepath.Separator)}}
}

// Run tells the story to its end. The server and the agents go on until Close. An error says that it could not be told;
// what did not end as it should stands in Ended.Wrong.
func (s *Story) Run(ctx context.Context) (*Ended, error) {
	s.begun = time.Now()
	if err := s.prepare(); err != nil {
		return nil, err
	}
	ctx, s.end = context.WithCancelCause(ctx)
	for _, act := range []func(context.Context) error{s.opening, s.downloads, s.installations, s.loss, s.comeback, s.crowd} {
		if err := act(ctx); err != nil {
			return nil, cmp.Or(context.Cause(ctx), err)
		}
	}
	return s.ending(ctx)
}

func (s *Story) prepare() error {
	logs := filepath.Join(s.Dir, "logs")
	if err := os.MkdirAll(logs, 0o700); err != nil {
		return err
	}
	s.redx = &redx{command: s.Command, logs: logs}
	var err error
	if s.by, err = newPublisher(s.Dir, time.Now()); err != nil {
		return fmt.Errorf("make a publisher: %w", err)
	}
	return nil
}

// guard ends the story when its server has ended: without it everybody would wait for it, again and again.
func (s *Story) guard() {
	<-s.location.process.gone
	said := s.location.process.said()
	s.end(fmt.Errorf("the server has ended: %s", said[max(0, len(said)-1000):]))
}

// Close stops every process of the story.
func (s *Story) Close() error {
	var errs []error
	for _, c := range s.computers {
		if c.process != nil {
			errs = append(errs, c.process.stop())
		}
	}
	if s.location != nil {
		errs = append(errs, s.location.process.stop())
	}
	if s.end != nil {
		s.end(nil)
	}
	return errors.Join(errs...)
}
