package wuaclient

import (
	"context"
	"fmt"

	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/proof"
	"github.com/redx-update/redx/internal/update"
	"github.com/redx-update/redx/internal/wuaclient/protocol"
)

// Agent answers requests; Client is one.
type Agent interface {
	Ask(ctx context.Context, req protocol.Request) (*protocol.Answer, error)
}

// Prover asks for updates again, one after the other.
type Prover struct {
	Agent    Agent
	Location protocol.Location
	Install  bool // go on to install what was downloaded
	// Gather looks at the machine after a download, for the files of the update. nil: a download that is not installed
	// stays unproven.
	Gather func(context.Context) (*evidence.Set, error)
}

// Prove gives the verdict on all the updates together. Without any it searches, and a search alone proves nothing.
func (p *Prover) Prove(ctx context.Context, updates []update.Ref) proof.Proof {
	if len(updates) == 0 {
		return p.prove(ctx, update.Ref{})
	}
	var proofs []proof.Proof
	for _, u := range updates {
		proofs = append(proofs, p.prove(ctx, u))
		if ctx.Err() != nil {
			break
		}
	}
	return proof.Worst(proofs)
}

func (p *Prover) prove(ctx context.Context, u update.Ref) proof.Proof {
	req := protocol.Request{
		Verb: protocol.Prove, Location: p.Location, KB: string(u.KB), Title: u.Title, Install: p.Install,
	}
	if !u.ID.GUID.IsZero() {
		req.ID = u.ID.GUID.String()
	}
	answer, err := p.Agent.Ask(ctx, req)
	if err != nil {
		return proof.Proof{Verdict: proof.Unproven, Update: u, Text: err.Error()}
	}
	out := judge(u, answer)
	if out.Verdict != "" {
		return out
	}
	return p.look(ctx, out)
}

// judge says what an answer proves. An empty verdict stands for a download that the agent calls whole: what it has
// brought is still to be looked at.
func judge(u update.Ref, a *protocol.Answer) proof.Proof {
	out := proof.Proof{Verdict: proof.Unproven, Update: u}
	if a.Update != nil {
		out.Update = found(a.Update)
	}
	switch f := a.Failure; {
	case a.Refused != nil:
		out.Text = a.Refused.Reason + "; " + a.Refused.Hint
	case f != nil:
		out.Verdict, out.Code = verdictOf(f.Code), f.Code
		out.Text = f.Call + " failed" + because(f.Code)
	case u.IsZero():
		out.Text = fmt.Sprintf("the search works and offers %d updates; no update was named to be downloaded", a.Offered)
	case a.Update == nil:
		out.Text = fmt.Sprintf("the update is not among the %d that are offered now", a.Offered)
	case a.Update.Installed:
		out.Verdict, out.Text = proof.Proven, "it is installed by now"
	case a.Busy:
		out.Text = "an installation is running, so nothing was downloaded; try again when it is over"
	case a.Update.Licence:
		out.Text = "its licence terms are still to be accepted in Windows' own settings, so it was not downloaded"
	case a.Download == nil:
		out.Text = "the update is offered, but was not downloaded"
	default:
		return judgeResults(out, a)
	}
	return out
}

func judgeResults(out proof.Proof, a *protocol.Answer) proof.Proof {
	switch {
	case a.Download.Outcome != protocol.Succeeded:
		return ended(out, "the download", a.Download)
	case a.Install != nil && a.Install.Outcome != protocol.Succeeded:
		return ended(out, "the download succeeded; the installation", a.Install)
	case a.Install != nil:
		out.Verdict, out.Text = proof.Proven, "it is downloaded and installed"
		if a.Install.Restart || a.RestartNeeded {
			out.Text += "; Windows must be restarted to finish it"
		}
	case !a.Update.Downloaded:
		out.Text = "the agent says that the download succeeded, and that the update is not downloaded"
	default:
		out.Verdict = ""
	}
	return out
}

// ended says how an operation ended that did not succeed.
func ended(out proof.Proof, what string, r *protocol.Result) proof.Proof {
	out.Code = r.Code
	switch r.Outcome {
	case protocol.Aborted:
		out.Text = what + " was cancelled"
	case protocol.SucceededWithErrors, protocol.Failed:
		out.Verdict, out.Text = verdictOf(r.Code), what+" failed"+because(r.Code)
	default:
		out.Text = what + " has not ended"
	}
	return out
}

func found(u *protocol.Update) update.Ref {
	ref := update.Ref{KB: update.KB(u.KB), Title: u.Title}
	if id, err := guid.Parse(u.ID); err == nil {
		ref.ID = update.ID{GUID: id, Revision: u.Revision}
	}
	return ref
}
