package backend

import (
	"context"
	"log/slog"
	"time"

	"github.com/redx-update/redx/internal/content"
	"github.com/redx-update/redx/internal/server/findings"
	"github.com/redx-update/redx/internal/store"
)

// File says how a file of an update was found; false for one that no update has.
func (b *Backend) File(sum [20]byte) (content.Found, bool) { return b.keeper.Get(sum) }

// causes are those of what a computer sent. What cannot be read is kept all the same, and counts for nothing.
func (b *Backend) causes(ctx context.Context, computer string, sent []byte) []store.Cause {
	d, err := findings.Parse(sent)
	if err != nil {
		b.log.WarnContext(ctx, "findings not understood", slog.String("computer", computer), slog.Any("error", err))
		return nil
	}
	return d.Causes()
}

// Retention says how much of what computers reported is kept.
type Retention struct {
	Time   time.Duration // 0: for ever
	Events int           // of one computer; how the last attempt of each update ended comes on top
}

// Prune forgets old events at once and then every few hours, until the context ends.
func (b *Backend) Prune(ctx context.Context, r Retention) {
	if r.Time == 0 {
		return
	}
	prune := func() {
		n, err := b.store.Prune(ctx, time.Now().Add(-r.Time), r.Events)
		if err != nil && ctx.Err() == nil {
			b.log.Error("old events not removed", slog.Any("error", err))
		}
		if n > 0 {
			b.log.Info("old events removed", slog.Int("events", n))
		}
	}
	prune()
	every(ctx, pruneEvery, prune)
}

const pruneEvery = 6 * time.Hour
