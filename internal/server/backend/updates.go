package backend

import (
	"context"
	"errors"
	"fmt"

	"github.com/redx-update/redx/internal/catalog"
	"github.com/redx-update/redx/internal/store"
	"github.com/redx-update/redx/internal/wsus/fragment"
)

// Core implements server.Updates.
func (b *Backend) Core(ctx context.Context, ids []catalog.RevisionID) ([]string, error) {
	found, err := b.store.Cores(ctx, ids)
	if err != nil {
		return nil, err
	}
	all := make([]string, len(ids))
	for i, id := range ids {
		core, ok := found[id]
		if !ok {
			return nil, fmt.Errorf("core fragment of revision %d: %w", id, store.ErrNotFound)
		}
		all[i] = core
	}
	return all, nil
}

// Fragments implements server.Updates.
func (b *Backend) Fragments(ctx context.Context, id catalog.RevisionID) (*fragment.Fragments, error) {
	f, err := b.store.Fragments(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil //nolint:nilnil // the interface's word for nothing
	}
	if err != nil {
		return nil, err
	}
	out := &fragment.Fragments{Extended: f.Extended}
	for _, l := range f.Localized {
		out.Localized = append(out.Localized, fragment.Localized(l))
	}
	for _, e := range f.EULAs {
		out.EULAs = append(out.EULAs, fragment.EULA(e))
	}
	return out, nil
}
