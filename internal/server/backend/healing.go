package backend

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/redx-update/redx/internal/server"
	"github.com/redx-update/redx/internal/store"
)

// HealingRule says when so many computers send the same finding that none is to mend itself by it: what a whole fleet
// has at once has a cause that is not on any computer of it.
type HealingRule struct {
	Share     float64 // of the fleet, within a day; 0: never
	Computers int     // and at least so many
}

// DefaultHealingRule is the one that counts where no settings say otherwise.
func DefaultHealingRule() HealingRule { return HealingRule{Share: 0.1, Computers: 10} }

// seenWithin is how long a computer that was not seen counts as one of the fleet.
const seenWithin = 30 * 24 * time.Hour

// SetHealing sets the rule; call it before the server serves.
func (b *Backend) SetHealing(r HealingRule) { b.healing = r }

// Bounds on the findings that are counted; all of it is the client's word.
const (
	maxCounted   = 50
	maxFindingID = 100
)

// sent is what matters here of "redx diagnose --json".
type sent struct {
	Findings []struct {
		ID, Check, Severity string
	} `json:"findings"`
}

// verdict decides whether a computer may mend itself by what it has sent.
func (b *Backend) verdict(ctx context.Context, computer string, findings []byte) (server.Verdict, error) {
	var s sent
	if err := json.Unmarshal(findings, &s); err != nil {
		b.log.Warn("findings not understood", slog.String("computer", computer), slog.Any("error", err))
		return server.Verdict{Heal: true}, nil
	}
	var ids, names []string
	for _, f := range s.Findings[:min(len(s.Findings), maxCounted)] {
		if f.Severity == "error" && f.ID != "" && len(f.ID) <= maxFindingID && strings.HasPrefix(f.ID, f.Check+"-") {
			ids, names = append(ids, f.ID), append(names, f.ID, f.Check)
		}
	}
	if err := b.count(ctx, computer, ids); err != nil {
		return server.Verdict{}, err
	}
	paused, err := b.store.HealingPauses(ctx)
	if err != nil {
		return server.Verdict{}, err
	}
	for _, p := range paused {
		if slices.Contains(names, p.What) {
			return server.Verdict{Why: fmt.Sprintf("healing of %s is paused: %s", p.What, p.Why)}, nil
		}
	}
	return server.Verdict{Heal: true}, nil
}

// count notes what was sent, and pauses what too many have.
func (b *Backend) count(ctx context.Context, computer string, ids []string) error {
	now := time.Now()
	counts, err := b.store.ToldFindings(ctx, computer, now, ids)
	if err != nil || b.healing.Share == 0 {
		return err
	}
	for _, id := range ids {
		if counts[id] < b.healing.Computers {
			continue
		}
		totals, err := b.store.Totals(ctx, now.Add(-seenWithin))
		if err != nil {
			return err
		}
		fleet := totals.Computers - totals.By[store.Silent]
		if counts[id] < int(math.Ceil(b.healing.Share*float64(fleet))) {
			continue
		}
		why := fmt.Sprintf("%d of %d computers have sent it within a day", counts[id], fleet)
		b.log.Warn("healing paused", slog.String("finding", id), slog.Int("computers", counts[id]), slog.Int("fleet", fleet))
		if err := b.store.PauseHealing(ctx, store.HealingPause{What: id, Since: now, Why: why}); err != nil {
			return err
		}
	}
	return nil
}
