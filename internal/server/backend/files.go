package backend

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/redx-update/redx/internal/catalog"
	"github.com/redx-update/redx/internal/content"
	"github.com/redx-update/redx/internal/intake"
	"github.com/redx-update/redx/internal/server"
	"github.com/redx-update/redx/internal/store"
)

// NewKeeper makes a Keeper that knows what the store knows, and tells the store what it finds.
func NewKeeper(ctx context.Context, s store.Files, files content.Store, log *slog.Logger) (*content.Keeper, error) {
	k := content.NewKeeper(files, time.Now, func(ctx context.Context, f content.Found) error { return tell(ctx, s, log, f) })
	states, err := s.FileStates(ctx)
	k.Track(tracked(states))
	return k, err
}

// tell keeps what was found of a file, and says so in the log when it is not sound.
func tell(ctx context.Context, s store.Files, log *slog.Logger, f content.Found) error {
	state := store.FileState{Condition: condition(f.Condition), Problem: f.Problem, Checked: f.Checked, Stamp: string(f.Stamp)}
	err := s.SetFileState(ctx, f.Want.SHA1, state)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err == nil && f.Condition != content.Sound {
		log.WarnContext(ctx, "file withdrawn", slog.String("path", f.Want.Path()), slog.String("name", f.Want.Name), slog.String("problem", f.Problem))
	}
	return err
}

func condition(c content.Condition) store.Condition {
	switch c {
	case content.Sound:
		return store.Verified
	case content.Damaged:
		return store.Damaged
	default:
		return store.Missing
	}
}

// tracked is what the store knows of files as the Keeper wants to hear it. One that was never looked at is unknown.
func tracked(files map[[20]byte]store.FileState) []content.Found {
	all := make([]content.Found, 0, len(files))
	for _, f := range files {
		found := content.Found{Want: intake.Want(f.File), Problem: f.Problem, Stamp: content.Stamp(f.Stamp), Checked: f.Checked}
		switch {
		case f.Checked.IsZero():
		case f.Condition == store.Verified:
			found.Condition = content.Sound
		case f.Condition == store.Damaged:
			found.Condition = content.Damaged
		default:
			found.Condition = content.Missing
		}
		all = append(all, found)
	}
	return all
}

// Files implements server.Updates.
func (b *Backend) Files(_ context.Context, id catalog.RevisionID) ([]server.File, error) {
	var all []server.File
	for _, f := range b.Infos()[id].Files {
		all = b.offer(all, f.SHA1)
	}
	return all, nil
}

// FilesByDigest implements server.Updates.
func (b *Backend) FilesByDigest(_ context.Context, digests [][]byte) ([]server.File, error) {
	var all []server.File
	for _, d := range digests {
		if len(d) == 20 {
			all = b.offer(all, [20]byte(d))
		}
	}
	return all, nil
}

// offer adds a file that can be downloaded.
func (b *Backend) offer(all []server.File, sum [20]byte) []server.File {
	f, ok := b.keeper.Get(sum)
	if !ok || f.Condition != content.Sound {
		return all
	}
	return append(all, server.File{SHA1: sum[:], Path: f.Want.Path()})
}
