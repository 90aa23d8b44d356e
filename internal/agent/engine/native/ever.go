package native

import (
	"context"
	"fmt"

	"github.com/redx-update/redx/internal/agent"
	"github.com/redx-update/redx/internal/agent/scan"
	"github.com/redx-update/redx/internal/applicability"
	"github.com/redx-update/redx/internal/catalog"
	"github.com/redx-update/redx/internal/gather"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/history"
	"github.com/redx-update/redx/internal/image"
	"github.com/redx-update/redx/internal/update"
)

// once notes that an update was installed, with all of its parts.
func (e *Engine) once(u agent.Update) {
	if u.Action == agent.Uninstall {
		return
	}
	e.memory.Once[idOf(u.Ref)] = true
	if o := e.offers[idOf(u.Ref)]; o != nil {
		if o.item.Core.Type == catalog.Driver {
			e.memory.Drivers[idOf(u.Ref)] = u.ID.Revision
		}
		for _, p := range o.parts {
			e.memory.Once[idOf(p.ref)] = true
		}
	}
}

// given reports a driver that was installed in this very revision, and is offered still: Windows has taken it into its store, and
// ranks another one higher, or the device is not plugged in, as the server cannot tell. Installing it again changes nothing.
func (e *Engine) given(i scan.Item) bool {
	revision, ok := e.memory.Drivers[i.Core.ID.GUID.String()]
	return ok && i.Core.Type == catalog.Driver && revision >= i.Core.ID.Revision
}

// ever answers the rule InstalledOnce. What this engine has installed it remembers, whatever becomes of the datastore; of what
// others did before, the update history of the computer tells. That is read only when a rule asks, once in a scan, since it
// takes a while.
func (e *Engine) ever(ctx context.Context, img image.Image) func(guid.GUID) (bool, error) {
	var others map[guid.GUID]bool
	return func(id guid.GUID) (bool, error) {
		if e.memory.Once[id.String()] {
			return true, nil
		}
		if others == nil {
			set, err := gather.Gather(ctx, img, gather.Options{})
			if err != nil {
				return false, fmt.Errorf("the update history: %w (%w)", applicability.ErrUnknown, err)
			}
			others = map[guid.GUID]bool{}
			for _, h := range history.Merge(set) {
				if h.Result == update.Succeeded && h.Operation == update.Install {
					others[h.Update.ID.GUID] = true
				}
			}
		}
		return others[id], nil
	}
}
