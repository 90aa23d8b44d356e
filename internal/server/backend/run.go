package backend

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// Rhythm says how often the Backend does what nobody asks for.
type Rhythm struct {
	Refresh time.Duration // look for changes that other processes made; also the time that a synchronisation is only in memory
	Look    time.Duration // look whether files have changed
	Scrub   time.Duration // read all files; 0: never by itself
}

// Run keeps the Backend up to date until the context ends, then writes what is only in memory. Nothing of it uses the store
// any more when it is back.
func (b *Backend) Run(ctx context.Context, r Rhythm) error {
	var all sync.WaitGroup
	defer all.Wait()
	all.Go(func() {
		b.keeper.Watch(ctx, func(err error) { b.log.Error("file not looked at", slog.Any("error", err)) })
	})
	all.Go(func() { b.look(ctx, r.Look, false) })
	if r.Scrub > 0 {
		all.Go(func() { b.look(ctx, r.Scrub, true) })
	}
	every(ctx, r.Refresh, func() {
		if err := errors.Join(b.Refresh(ctx), b.Flush(ctx)); err != nil && ctx.Err() == nil {
			b.log.Error("store not read", slog.Any("error", err))
		}
	})
	return b.Flush(context.WithoutCancel(ctx))
}

// look checks the files at once, since they may have changed while the server was off, and then in turns. A full look
// waits for its first turn.
func (b *Backend) look(ctx context.Context, turn time.Duration, full bool) {
	check := func() {
		bad, err := b.keeper.Check(ctx, full)
		if err != nil && ctx.Err() == nil {
			b.log.Error("files not looked at", slog.Any("error", err))
		}
		if full {
			b.log.Info("files verified", slog.Int("not_sound", len(bad)))
		}
	}
	if !full {
		check()
	}
	every(ctx, turn, check)
}

func every(ctx context.Context, turn time.Duration, do func()) {
	t := time.NewTicker(turn)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			do()
		}
	}
}
