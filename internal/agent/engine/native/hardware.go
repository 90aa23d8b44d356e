package native

import (
	"fmt"

	"github.com/redx-update/redx/internal/agent/location"
	"github.com/redx-update/redx/internal/agent/scan"
	"github.com/redx-update/redx/internal/applicability"
	"github.com/redx-update/redx/internal/wsus/clientws"
)

// hardware looks at the devices of the computer, for a server that ranks drivers. It is asked within a scan.
func (e *Engine) hardware() (*location.Hardware, error) {
	devices, err := e.now.Devices()
	if err != nil {
		return nil, err
	}
	w := &e.computer.windows
	h := &location.Hardware{FeatureScoreKey: fmt.Sprintf("%s.%d.%d", architectures[w.Architecture][0], w.Major, w.Minor)}
	for _, g := range e.now.HardwareIDs() {
		h.ComputerIDs = append(h.ComputerIDs, g.String())
	}
	for i := range devices {
		h.Devices = append(h.Devices, deviceOf(&devices[i]))
	}
	return h, nil
}

func deviceOf(d *applicability.Device) clientws.Device {
	out := clientws.Device{HardwareIDs: d.HardwareIDs, CompatibleIDs: d.CompatibleIDs}
	if in := d.Driver; in != nil {
		out.InstalledDriver = &clientws.InstalledDriver{
			MatchingID: in.MatchingID, DriverVerDate: in.Date, DriverVerVersion: packed(in.Version), Class: in.Class,
			Manufacturer: in.Manufacturer, Provider: in.Provider, Model: in.Model, DriverRank: int32(in.Rank),
		}
	}
	return out
}

// packed has 16 bits for each part of a version, the first on top.
func packed(v applicability.Version) int64 {
	var n uint64
	for _, part := range v {
		n = n<<16 | uint64(uint16(part))
	}
	return int64(n)
}

func (e *Engine) categories() []scan.Category {
	all := make([]scan.Category, len(e.o.Categories))
	for i, c := range e.o.Categories {
		all[i] = scan.Category(c)
	}
	return all
}
