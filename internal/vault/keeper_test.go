package vault_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/vault"
)

func TestKeeper(t *testing.T) {
	dir := t.TempDir()
	var told []vault.Saved
	k := vault.Keeper{
		Folder: dir,
		Gather: func(context.Context) (*evidence.Set, error) { return setOf(numbered(1), numbered(2)), nil },
		Told:   func(s vault.Saved) { told = append(told, s) },
	}
	if err := k.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(told) != 1 || told[0].New != 2 || len(kept(t, filepath.Join(dir, vault.Name))) != 2 {
		t.Errorf("told %+v", told)
	}
	k.Gather = func(context.Context) (*evidence.Set, error) { return nil, context.Canceled }
	if err := k.Save(t.Context()); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that of gathering", err)
	}
	k.Gather = func(context.Context) (*evidence.Set, error) { return setOf(numbered(3)), nil }
	k.Folder = filepath.Join(dir, "nosuch")
	if err := k.Save(t.Context()); err == nil || len(told) != 1 {
		t.Errorf("a folder that is not there: %v, told %+v", err, told)
	}
}
