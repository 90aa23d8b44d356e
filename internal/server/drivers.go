package server

import (
	"github.com/redx-update/redx/internal/catalog"
	"github.com/redx-update/redx/internal/deploy"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/wsus/clientws"
	"github.com/redx-update/redx/internal/wsus/soap"
)

// syncDrivers finds the best driver for each device (MS-WUSP 3.1.5.7; the rules are the catalogue's).
func (s *Server) syncDrivers(c *call, view *deploy.View, p *clientws.SyncUpdateParameters) (*clientws.SyncInfo, error) {
	filter, err := categories(p.FilterCategoryIDs)
	if err != nil {
		return nil, err
	}
	view = view.Within(filter)
	sys := systemOf(p)
	sys.Removed = func(id catalog.RevisionID) bool {
		d, _ := view.Deployment(id)
		return d.Action == deploy.ActionUninstall
	}
	need := view.Scope().NeededDrivers(revisions(p.InstalledNonLeafUpdateIDs), revisions(p.CachedDriverIDs), sys)
	b := &builder{s: s, c: c, view: view, mark: c.session.Drivers, hardware: need.Hardware}
	info, err := b.info(need.Need)
	if err != nil {
		return nil, err
	}
	info.NewCookie, err = s.renewed(c, func(ses *session) {
		if len(filter) == 0 { // as for software
			ses.Drivers = view.Mark()
		}
	})
	return info, err
}

func systemOf(p *clientws.SyncUpdateParameters) *catalog.System {
	sys := &catalog.System{FeatureScoreKey: p.FeatureScoreMatchingKey}
	if p.ComputerSpec != nil {
		for _, id := range p.ComputerSpec.HardwareIDs {
			// An id that is none matches nothing; it keeps its place in the order.
			g, _ := guid.Parse(id)
			sys.Computer = append(sys.Computer, g)
		}
	}
	for i := range p.SystemSpec {
		sys.Devices = append(sys.Devices, deviceOf(&p.SystemSpec[i]))
	}
	return sys
}

func deviceOf(d *clientws.Device) catalog.Device {
	out := catalog.Device{HardwareIDs: d.HardwareIDs, CompatibleIDs: d.CompatibleIDs}
	for _, x := range d.ExtensionDrivers {
		out.Extensions = append(out.Extensions, catalog.Extension{Date: x.DriverVerDate, Version: uint64(x.DriverVerVersion)})
	}
	for _, id := range d.DriverRecoveryIDs {
		if g, err := guid.Parse(id); err == nil {
			out.Recovery = append(out.Recovery, g)
		}
	}
	in := d.InstalledDriver
	if in == nil {
		return out
	}
	computer, _ := guid.Parse(in.MatchingComputerHWID) // none is the nil GUID
	out.Installed = &catalog.InstalledDriver{
		MatchingID: in.MatchingID, Date: in.DriverVerDate, Version: uint64(in.DriverVerVersion), Class: in.Class,
		Manufacturer: in.Manufacturer, Provider: in.Provider, MatchingComputer: computer, Rank: uint32(in.DriverRank),
	}
	return out
}

// syncPrinterCatalog gives the drivers of all printers, from which the wizard that adds one lets choose (3.1.5.12).
func (s *Server) syncPrinterCatalog(c *call, r *clientws.SyncPrinterCatalog) (soap.Body, error) {
	if err := s.session(c, r.Cookie); err != nil {
		return nil, err
	}
	if len(r.InstalledNonLeafUpdateIDs) > maxNonLeaf {
		return nil, invalid("installedNonLeafUpdateIDs")
	}
	if err := s.current(c); err != nil {
		return nil, err
	}
	view := s.deps.Updates.Plan().For(c.session.Groups)
	need := view.Scope().NeededPrinters(revisions(r.InstalledNonLeafUpdateIDs), revisions(r.PrinterUpdateIDs))
	b := &builder{s: s, c: c, view: view, mark: c.session.Printers, hardware: need.Hardware}
	info, err := b.info(need.Need)
	if err != nil {
		return nil, err
	}
	info.NewCookie, err = s.renewed(c, func(ses *session) { ses.Printers = view.Mark() })
	return &clientws.SyncPrinterCatalogResponse{Result: info}, err
}
