package heal

import (
	"context"
	"errors"
	"fmt"

	"github.com/redx-update/redx/internal/agent"
	"github.com/redx-update/redx/internal/proof"
	"github.com/redx-update/redx/internal/update"
)

// prover repeats the attempt that had failed, up to the stage in which it had: no more was asked for.
type prover struct {
	engine   agent.Engine
	failure  *agent.Failure
	attempts int // of the update
	result   agent.Result
}

// Prove is for session.Session. What the findings are about matters less than what failed.
func (p *prover) Prove(ctx context.Context, _ []update.Ref) proof.Proof {
	u := p.failure.Update
	scan, err := p.engine.Scan(ctx)
	switch {
	case err != nil:
		return failed(u, "the visit", err)
	case p.failure.Stage == agent.Scanning:
		return proof.Proof{Verdict: proof.Proven, Text: fmt.Sprintf("the visit works again; updates that it offers: %d", len(scan.Updates))}
	}
	for _, offered := range scan.Updates {
		if offered.Same(u) {
			return p.attempt(ctx, offered)
		}
	}
	return proof.Proof{Verdict: proof.Unproven, Update: u, Text: fmt.Sprintf("the update is not among the %d that are offered now", len(scan.Updates))}
}

func (p *prover) attempt(ctx context.Context, u agent.Update) proof.Proof {
	p.attempts++
	out := proof.Proof{Verdict: proof.Proven, Update: u.Ref, Text: "it is downloaded"}
	if !u.Ready {
		if err := p.engine.Download(ctx, u, func(int64, int64) {}); err != nil {
			return failed(u.Ref, "the download", err)
		}
	}
	if p.failure.Stage != agent.Installing {
		return out
	}
	var err error
	if p.result, err = p.engine.Install(ctx, u); err != nil {
		return failed(u.Ref, "the installation", err)
	}
	out.Text = "it is downloaded and installed"
	if p.result.RestartNeeded {
		out.Text += "; a restart is needed to finish it"
	}
	return out
}

// failed judges an error: one that is not this computer's says nothing of the repair.
func failed(u update.Ref, what string, err error) proof.Proof {
	out := proof.Proof{Verdict: proof.Unproven, Update: u, Text: fmt.Sprintf("%s failed: %v", what, err)}
	var f *agent.Failure
	if errors.As(err, &f) && !errors.Is(err, agent.ErrUnreachable) {
		out.Verdict, out.Code = proof.Failed, f.Code
	}
	return out
}
