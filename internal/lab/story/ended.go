package story

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/term"
)

func amount(n int64) string { return humanize.Bytes(uint64(max(n, 0))) }

// struck notes what was done to the computer.
func (c *computer) struck(at string) {
	c.ended.Name, c.ended.Image = c.name, c.disk
	if at == "" {
		return
	}
	c.ended.At = at
	c.ended.Fault = map[fault]string{
		lostFile: "a file is removed", lostFolder: "a folder is removed", tornStore: "the datastore is damaged",
		lostContent: "a content file is removed",
	}[c.fault]
}

// took keeps what came of a visit.
func (c *computer) took(t turn) {
	c.latest = t.Attempts
	for _, a := range t.Attempts {
		if a.Result == "succeeded" {
			continue
		}
		c.ended.Code = a.Code
		if h := a.Healing; h != nil {
			c.ended.Healing, c.ended.Rungs, c.ended.Files = h.Healed, h.Rungs, h.Files
			c.ended.Finding = firstCheck(h.Findings)
		}
	}
}

// firstCheck is the check of the first finding, whose id ends in a digest.
func firstCheck(ids []string) string {
	if len(ids) == 0 {
		return ""
	}
	if i := strings.LastIndexByte(ids[0], '-'); i > 0 {
		return ids[0][:i]
	}
	return ids[0]
}

func failed(a attempt) string {
	what := cmp.Or(a.KB, "the visit")
	return fmt.Sprintf("%s fails with %s", what, named(a.Code))
}

// named is a code with its name.
func named(code string) string {
	if p, err := hresult.Parse(code); err == nil && len(p.Codes) > 0 {
		return p.Codes[0].Code.String()
	}
	return code
}

// reason says why an attempt failed, as the doctor has found it.
func (a attempt) reason() string {
	if a.Healing == nil {
		return "why: " + a.Why
	}
	text := "why: " + cmp.Or(a.Healing.Cause, a.Why)
	for _, f := range a.Healing.Files {
		text += "\n     " + f
	}
	if a.Healing.Healed == "left-alone" {
		text += "\nit leaves itself alone: " + a.Healing.Why
	}
	return text
}

func rungs(list []string) string {
	return "mended by putting aside the " + strings.Join(list, ", then the ")
}

// again is what was done once more after a repair.
func (a attempt) again() string {
	if a.Stage == "scan" {
		return "visited again"
	}
	return "downloaded again, installed"
}

// ending looks at every disk and at the server: what they say is how it ended.
func (s *Story) ending(ctx context.Context) (*Ended, error) {
	e := &Ended{Server: s.location.clients, Console: s.location.console, Folder: s.Dir, Crowd: s.Crowd, Wrong: s.lost}
	for _, c := range s.computers {
		wrong, err := c.judge(ctx, s)
		if err != nil {
			return nil, err
		}
		for _, w := range wrong {
			e.Wrong = append(e.Wrong, c.name+": "+w)
		}
		e.Computers = append(e.Computers, c.ended)
	}
	login, err := s.redx.call(ctx, nil, "server", "login-link", "--data", s.location.data)
	if err != nil {
		return nil, err
	}
	e.Login = strings.TrimSpace(string(login))
	e.Seconds = time.Since(s.begun).Seconds()
	s.conclude(e)
	return e, nil
}

func (s *Story) conclude(e *Ended) {
	if len(e.Wrong) == 0 {
		s.tell.scene("%s", s.Style.Paint(term.Green, fmt.Sprintf("Every computer ended as it should, in %.1f seconds.", e.Seconds)))
	} else {
		s.tell.scene("%s", s.Style.Paint(term.Red, "Not as it should be:"))
		for _, w := range e.Wrong {
			s.tell.line("", "%s", w)
		}
	}
	s.tell.top = "" // what follows is to be typed
	if s.Fast {
		s.tell.line("look", "The server ends with the story. Without --fast it stays up, and this link logs in to its console, once:\n     %s", e.Login)
	} else {
		s.tell.line("look", "This link logs in to the server's console, once; behind each red X there stands what happened:\n     %s", e.Login)
	}
	s.tell.line("", "A computer's disk can be looked at as any other:\n     redx history --image %s", s.computers[1].disk)
}

// judge compares how the computer ended with how it should: its own disk is asked, not its agent.
func (c *computer) judge(ctx context.Context, s *Story) ([]string, error) {
	var wrong []string
	add := func(is bool, format string, args ...any) {
		if is {
			wrong = append(wrong, fmt.Sprintf(format, args...))
		}
	}
	c.ended.State = "installed"
	for _, m := range c.wanted(s) {
		missing, err := m.missing(c.disk)
		if err != nil {
			return nil, err
		}
		if len(missing) > 0 {
			c.ended.State = "not installed: " + missing[0]
			add(true, "%s is not installed: %s", m.KB, strings.Join(missing, ", "))
		}
	}
	add(len(c.codes) > 0 && !slices.Contains(c.codes, c.ended.Code), "the red X has %q, not %s", c.ended.Code, strings.Join(c.codes, " or "))
	add(c.ended.Finding != c.check, "the cause is %q, not %q", c.ended.Finding, c.check)
	add(c.mended != (c.ended.Healing == "mended"), "the healing ended as %q", c.ended.Healing)
	history, err := c.history(ctx)
	if err != nil {
		return nil, err
	}
	for _, m := range c.wanted(s) {
		add(history[string(m.KB)] != "succeeded", "its history says of %s: %q", m.KB, history[string(m.KB)])
	}
	return wrong, nil
}

// wanted are the updates that the computer must have in the end.
func (c *computer) wanted(s *Story) []*made {
	if c.fault == lostContent {
		return s.updates
	}
	return s.updates[:1]
}

// missing names the files of an update that a disk does not hold byte for byte.
func (m *made) missing(disk string) ([]string, error) {
	var out []string
	for _, c := range m.Components {
		for _, f := range c.Files {
			path := filepath.Join(disk, "Windows", "System32", f.Name)
			got, err := os.ReadFile(path)
			if err != nil && !os.IsNotExist(err) {
				return nil, err
			}
			if !slices.Equal(got, f.Content) {
				out = append(out, path)
			}
		}
	}
	return out, nil
}

// history gives how the latest attempt of each update ended, as redx history reads it from the disk.
func (c *computer) history(ctx context.Context) (map[string]string, error) {
	var told struct {
		Entries []struct {
			Update struct {
				KB string `json:"kb"`
			} `json:"update"`
			Result string `json:"result"`
		} `json:"entries"`
	}
	if err := c.redx.ask(ctx, &told, nil, "history", "--image", c.disk); err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, e := range slices.Backward(told.Entries) { // the newest first, so that it is the last to be noted
		out[e.Update.KB] = e.Result
	}
	return out, nil
}
