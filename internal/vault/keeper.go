package vault

import (
	"context"
	"fmt"

	"github.com/redx-update/redx/internal/evidence"
)

// Keeper saves what is known of a machine's history at that moment; it is what a repair calls before anything moves,
// and an undo before anything moves back.
type Keeper struct {
	// Folder is redx's own folder as this computer names it: ProgramData\redx of the machine or below a mounted image.
	Folder string
	// Gather reads all there is, the vault too.
	Gather func(context.Context) (*evidence.Set, error)
	// Told is what is told of each saving; nil for nobody.
	Told func(Saved)
}

// Save gathers and saves. When it returns nil, the disk has it.
func (k *Keeper) Save(ctx context.Context) error {
	set, err := k.Gather(ctx)
	if err != nil {
		return fmt.Errorf("gather the history to keep: %w", err)
	}
	saved, err := Save(ctx, k.Folder, set)
	if err == nil && k.Told != nil {
		k.Told(saved)
	}
	return err
}
