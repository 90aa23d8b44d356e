package check

import (
	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/evidence"
)

// FeatureOnDemandBlocked finds a feature on demand that Windows asks of the update server, which does not have such
// features: 0x800F0954 under WSUS.
func FeatureOnDemandBlocked() doctor.Check {
	return doctor.Check{
		ID:    "feature-on-demand-blocked",
		Title: "A feature on demand cannot be had from the update server",
		Reads: []evidence.Kind{
			evidence.FeatureRefused, evidence.FeatureSource, evidence.UpdateServer, evidence.ServicingEnd,
		},
		Turn:     doctor.PolicysTurn,
		Unproven: true,
		Run:      featureOnDemandBlocked,
	}
}

func featureOnDemandBlocked(x *doctor.Exam) []doctor.Finding {
	for range x.Evidence.Of(evidence.FeatureSource) {
		return nil // the policy leads to Windows Update by now
	}
	var server *evidence.Event
	for e := range x.Evidence.Of(evidence.UpdateServer) {
		server = e
	}
	if server == nil && x.Evidence.Machine.Build != "" {
		return nil // no update server is configured any more
	}
	var faults []fault
	for _, e := range unsettled(x, evidence.FeatureRefused) {
		f := fault{event: e, sure: server != nil}
		if server != nil {
			f.more = []*evidence.Event{server}
		}
		if name := e.Field(evidence.Name); name != "" {
			f.thing = doctor.Missing{Kind: doctor.MissingPackage, Name: name}
		}
		faults = append(faults, f)
	}
	return gathered(faults, describeFeature)
}

func describeFeature(f *doctor.Finding) {
	f.Title = "A feature on demand is asked of the update server, which does not have it"
	f.Detail = "By policy this computer gets its updates from an update server, and asks it for optional features too; the server offers none. " +
		"Nothing is damaged. Whoever runs the policies can let optional features come from Windows Update (Specify settings for optional " +
		"component installation and component repair), or give a folder with the features of this version."
	f.Surer = "the policies of this computer: redx diagnose on it, or with --image DIR"
	f.Next = []string{
		`reg query HKLM\SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate /s`,
		`reg query HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\Servicing`,
		"DISM /Online /Get-Capabilities /LimitAccess",
	}
}
