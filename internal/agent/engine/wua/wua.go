// Package wua is the engine that has Windows' own update agent do the work: it searches, downloads and installs through
// the short-lived child of wuaclient, against whichever location this computer uses.
//
// It sets no location and no policy, and reports nothing: Windows' agent does that itself. Its invariant is that an update
// counts as installed only when the agent gave a result that says so.
package wua

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redx-update/redx/internal/agent"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/update"
	"github.com/redx-update/redx/internal/wuaclient"
	"github.com/redx-update/redx/internal/wuaclient/protocol"
)

// Engine implements agent.Engine.
type Engine struct {
	Agent    wuaclient.Agent
	Location protocol.Location
	Now      func() time.Time
}

var _ agent.Engine = (*Engine)(nil)

// where names the location for people.
var where = map[protocol.Location]string{
	protocol.Default: "what Windows uses", protocol.WindowsUpdate: "Windows Update", protocol.MicrosoftUpdate: "Microsoft Update",
	protocol.ManagedServer: "the organization's server",
}

// Scan has the agent search.
func (e *Engine) Scan(ctx context.Context) (*agent.Scan, error) {
	a, err := e.ask(ctx, agent.Scanning, update.Ref{}, protocol.Request{Verb: protocol.Offers})
	if err != nil {
		return nil, err
	}
	s := &agent.Scan{At: e.Now().UTC(), Location: where[e.Location]}
	for i := range a.Updates {
		u := &a.Updates[i]
		ref := refOf(u)
		if u.Licence {
			s.Undecided = append(s.Undecided, agent.Undecided{Ref: ref, Rule: "licence", Why: "its terms are to be accepted in Windows' own settings"})
			continue
		}
		s.Updates = append(s.Updates, agent.Update{
			Ref: ref, Action: agent.Install, Bytes: u.Bytes, Ready: u.Downloaded, MayRestart: u.MayRestart,
		})
	}
	return s, nil
}

func refOf(u *protocol.Update) update.Ref {
	ref := update.Ref{KB: update.KB(u.KB), Title: u.Title}
	if id, err := guid.Parse(u.ID); err == nil {
		ref.ID = update.ID{GUID: id, Revision: u.Revision}
	}
	return ref
}

// Download has the agent download, verify and extract. How far it is the agent does not say before the end.
func (e *Engine) Download(ctx context.Context, u agent.Update, progress agent.Progress) error {
	a, err := e.prove(ctx, agent.Downloading, u, false)
	if err != nil || a.Update.Installed {
		return err
	}
	progress(u.Bytes, u.Bytes)
	return nil
}

// Install has the agent install, and download again what is not there.
func (e *Engine) Install(ctx context.Context, u agent.Update) (agent.Result, error) {
	a, err := e.prove(ctx, agent.Installing, u, true)
	if err != nil || a.Install == nil { // installed already, by somebody else
		return agent.Result{}, err
	}
	return agent.Result{RestartNeeded: a.Install.Restart}, nil
}

// Report does nothing: Windows' agent tells its location itself.
func (e *Engine) Report(context.Context) error { return nil }

// Close does nothing: each conversation has a process of its own.
func (e *Engine) Close() error { return nil }

// prove gives an answer by which all that was asked for has succeeded.
func (e *Engine) prove(ctx context.Context, stage agent.Stage, u agent.Update, install bool) (*protocol.Answer, error) {
	req := protocol.Request{Verb: protocol.Prove, KB: string(u.KB), Title: u.Title, Install: install}
	if !u.ID.GUID.IsZero() {
		req.ID = u.ID.GUID.String()
	}
	a, err := e.ask(ctx, stage, u.Ref, req)
	if err != nil {
		return nil, err
	}
	switch {
	case a.Update == nil:
		return nil, fmt.Errorf("%s: it is not among the %d updates that are offered now: %w", u.Title, a.Offered, agent.ErrUnreachable)
	case a.Update.Installed:
		return a, nil
	case a.Busy:
		return nil, fmt.Errorf("%s: an installation runs already: %w", u.Title, agent.ErrUnreachable)
	case a.Update.Licence || a.Download == nil:
		return nil, fmt.Errorf("%s: the agent did not download it: %w", u.Title, agent.ErrUnreachable)
	case a.Download.Outcome != protocol.Succeeded:
		return nil, failure(agent.Downloading, u.Ref, a.Download.Code, "Windows' agent could not download it")
	case install && (a.Install == nil || a.Install.Outcome != protocol.Succeeded):
		return nil, failure(agent.Installing, u.Ref, codeOf(a.Install), "Windows' agent could not install it")
	}
	return a, nil
}

func codeOf(r *protocol.Result) hresult.Code {
	if r == nil {
		return hresult.OK
	}
	return r.Code
}

// ask has one conversation; what ended it early is an error.
func (e *Engine) ask(ctx context.Context, stage agent.Stage, u update.Ref, req protocol.Request) (*protocol.Answer, error) {
	req.Location = e.Location
	a, err := e.Agent.Ask(ctx, req)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", stage, err)
	case a.Refused != nil:
		return nil, fmt.Errorf("%s; %s: %w", a.Refused.Reason, a.Refused.Hint, agent.ErrUnreachable)
	case a.Failure != nil:
		return nil, failure(stageOf(a.Failure.Step, stage), u, a.Failure.Code, a.Failure.Call+" failed")
	}
	return a, nil
}

// stageOf is where a call failed: to install, the agent searches and downloads as well.
func stageOf(s protocol.Step, asked agent.Stage) agent.Stage {
	switch s {
	case protocol.Search:
		return agent.Scanning
	case protocol.Download:
		return agent.Downloading
	case protocol.Install:
		return agent.Installing
	}
	return asked
}

// failure is what stands in the agent's history. What the network or the server accounts for is no ailment of this
// computer.
func failure(stage agent.Stage, u update.Ref, c hresult.Code, text string) error {
	f := &agent.Failure{Stage: stage, Update: u, Code: c, Err: errors.New(text)}
	if wuaclient.Elsewhere(c) {
		f.Err = fmt.Errorf("%s: %w", text, agent.ErrUnreachable)
	}
	return f
}
