package heal

import (
	"bytes"
	"context"
	"errors"

	"github.com/redx-update/redx/internal/agent"
	"github.com/redx-update/redx/internal/history"
	"github.com/redx-update/redx/internal/report"
)

// told is what a location hears: a diagnosis as "redx diagnose --json" gives it, and after a repair how that ended.
type told struct {
	report.Diagnosis
	Healing *agent.Healing `json:"healing,omitempty"`
}

// tell sends the findings, and asks with them whether the computer may mend itself. Without findings there is nothing to
// tell; a location that hears none lets the computer be.
func (c *sick) tell(ctx context.Context, end *agent.Healing) (agent.Verdict, error) {
	teller, ok := c.Engine.(agent.Teller)
	if !ok || len(c.findings) == 0 {
		return agent.Verdict{Heal: true}, nil
	}
	img := report.Image{Kind: c.site.Kind, Path: c.site.Path, Build: c.build}
	d := told{report.NewDiagnosis(report.NewResult(img, c.set, c.findings, history.Filter{})), end}
	d.Unexplained = nil // other updates are another story
	var b bytes.Buffer
	if err := report.WriteJSON(&b, d); err != nil {
		return agent.Verdict{}, err
	}
	return teller.Tell(ctx, b.Bytes())
}

// tellEnd sends how a repair ended. A server that does not hear it learns the rest from the events.
func (c *sick) tellEnd(ctx context.Context, end *agent.Healing) error {
	_, err := c.tell(ctx, end)
	if errors.Is(err, agent.ErrUnreachable) {
		return nil
	}
	return err
}
