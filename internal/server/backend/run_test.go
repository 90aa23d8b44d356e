package backend_test

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/redx-update/redx/internal/content/file"
	"github.com/redx-update/redx/internal/server"
	"github.com/redx-update/redx/internal/server/backend"
	"github.com/redx-update/redx/internal/store"
)

// busyStore does not take synchronisations while it is busy.
type busyStore struct {
	store.Store
	busy bool
}

func (s *busyStore) Synced(ctx context.Context, all []store.Synced) error {
	if s.busy {
		return errors.New("the disk is full")
	}
	return s.Store.Synced(ctx, all)
}

// TestSynchronisationsAreKept keeps what could not be written, unless there is something newer of the computer.
func TestSynchronisationsAreKept(t *testing.T) {
	_, under := fleet(t, 2)
	s := &busyStore{Store: under, busy: true}
	files, err := file.Open(filepath.Join(t.TempDir(), "Content"))
	if err != nil {
		t.Fatal(err)
	}
	defer files.Close()
	b, err := backend.New(t.Context(), s, files, server.Settings{}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	first, second := time.UnixMilli(1_000_000).UTC(), time.UnixMilli(2_000_000).UTC()
	b.Synced(name(0), first, nil)
	b.Synced(name(1), first, nil)
	if err := b.Flush(t.Context()); err == nil {
		t.Fatal("a full disk took it")
	}
	b.Synced(name(1), second, nil)
	s.busy = false
	if err := b.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	for n, want := range []time.Time{first, second} {
		if c, err := under.Computer(t.Context(), name(n)); err != nil || !c.LastSync.Equal(want) {
			t.Errorf("%s: %v, %v", c.ID, c.LastSync, err)
		}
	}
}
