package location

import (
	"context"
	"errors"
	"log/slog"

	"github.com/redx-update/redx/internal/wsus/clientws"
	"github.com/redx-update/redx/internal/wsus/soap"
)

// Hardware is what a driver synchronisation tells of the computer (MS-WUSP 2.2.2.2.4).
type Hardware struct {
	Devices []clientws.Device
	// ComputerIDs are the ids of the computer itself, the most specific first; FeatureScoreKey is such as "AMD64.10.0".
	ComputerIDs     []string
	FeatureScoreKey string
}

// driver is the update type of drivers.
const driver = "Driver"

// drivers asks which drivers are better than those that the devices have. The server alone ranks them, so what it does not
// name any more is forgotten. It is asked once, after the software, since drivers too have prerequisites.
func (s *synchronisation) drivers(ctx context.Context) error {
	switch {
	case s.c.o.Hardware == nil, s.noDrivers && len(s.filter) == 0:
		s.c.forgetDrivers()
		return nil
	case s.noDrivers:
		return nil // of these categories; those of others may be known from before
	}
	hardware, err := s.c.o.Hardware()
	if err != nil {
		s.c.o.Log.WarnContext(ctx, "no drivers asked for: the devices are not known", slog.Any("error", err))
		s.c.forgetDrivers()
		return nil
	}
	for {
		fresh, more, err := s.askDrivers(ctx, hardware)
		if f := (*soap.Fault)(nil); errors.As(err, &f) {
			// A server that can do software alone is no reason to do nothing.
			s.c.o.Log.WarnContext(ctx, "the update location ranks no drivers", slog.Any("error", err))
			s.c.forgetDrivers()
			return nil
		}
		if err != nil || !more || !fresh {
			return err
		}
	}
}

func (s *synchronisation) askDrivers(ctx context.Context, h *Hardware) (fresh, more bool, err error) {
	info, err := s.ask(ctx, func() *clientws.SyncUpdateParameters {
		p := &clientws.SyncUpdateParameters{
			SkipSoftwareSync: true, InstalledNonLeafUpdateIDs: s.rounds()[0], CachedDriverIDs: []int32{}, SystemSpec: h.Devices,
			FeatureScoreMatchingKey: h.FeatureScoreKey, ComputerSpec: &clientws.ComputerHardwareSpecification{HardwareIDs: h.ComputerIDs},
			FilterCategoryIDs: s.filter,
		}
		for _, id := range s.c.cached() {
			if s.c.state.Revisions[id].Core.Type == driver {
				p.CachedDriverIDs = append(p.CachedDriverIDs, id)
			}
		}
		return p
	})
	if err != nil {
		return false, false, err
	}
	fresh, err = s.c.apply(ctx, info)
	return fresh, info.Truncated, err
}

func (c *Client) forgetDrivers() {
	for _, id := range c.cached() {
		if c.state.Revisions[id].Core.Type == driver {
			c.state.forget(id)
		}
	}
}
