package check

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/history"
	"github.com/redx-update/redx/internal/hresult"
)

// installerCodes are the results of an update whose own installer is Windows Installer and failed. 0x80070643 alone
// proves nothing: mostly it is another installer's.
var installerCodes = []hresult.Code{
	evidence.InstallSourceAbsent,
	0x80070643, // ERROR_INSTALL_FAILURE
	0x80070663, // ERROR_PATCH_PACKAGE_OPEN_FAILED
}

// InstallerCacheMissing finds a product whose kept package is gone from Windows\Installer: its updates fail.
func InstallerCacheMissing() doctor.Check {
	return doctor.Check{
		ID:    "installer-cache-missing",
		Title: "The kept package of a product is missing",
		Reads: []evidence.Kind{evidence.InstallerSourceMissing, evidence.InstallerCache, evidence.FileState, evidence.Attempt},
		Run:   installerCacheMissing,
	}
}

func installerCacheMissing(x *doctor.Exam) []doctor.Finding {
	attempt := installerAttempt(x.Attempts)
	var faults []fault
	for e := range x.Evidence.Of(evidence.InstallerSourceMissing) {
		f := fault{event: e}
		cache, state := keptPackage(x.Evidence, e.Field(evidence.Name))
		switch {
		case state != nil:
			f.path, f.sure = cache.Field(evidence.Path), true
			f.more = []*evidence.Event{cache, state}
			f.thing = doctor.Missing{Kind: doctor.MissingFile, Name: f.path}
		case cache != nil:
			continue // it was looked for, and is there
		case e.Field(evidence.Path) != "":
			f.path = e.Field(evidence.Path)
			f.thing = doctor.Missing{Kind: doctor.MissingFile, Name: f.path}
		}
		if attempt != nil {
			f.more = append(f.more, attempt)
		}
		faults = append(faults, f)
	}
	if len(faults) == 0 && attempt != nil && attempt.Code == evidence.InstallSourceAbsent {
		if cache, state := keptPackage(x.Evidence, ""); state != nil {
			path := cache.Field(evidence.Path)
			faults = append(faults, fault{
				event: attempt, sure: true, path: path, more: []*evidence.Event{cache, state},
				thing: doctor.Missing{Kind: doctor.MissingFile, Name: path},
			})
		}
	}
	if len(faults) == 0 && attempt != nil && attempt.Code == evidence.InstallSourceAbsent && !knowsPackages(x.Evidence) {
		faults = append(faults, fault{event: attempt})
	}
	out := gathered(faults, describeInstaller)
	for i := range out {
		if attempt != nil && out[i].Update.IsZero() {
			out[i].Update = attempt.Update
			describeInstaller(&out[i])
			if out[i].Confidence == doctor.Proven {
				out[i].Surer = ""
			}
		}
	}
	return out
}

// knowsPackages reports that the registry's list of kept packages was read.
func knowsPackages(set *evidence.Set) bool {
	for range set.Of(evidence.InstallerCache) {
		return true
	}
	return set.Machine.Present
}

// installerAttempt gives the newest standing attempt that failed in Windows Installer, nil when there is none.
func installerAttempt(all []history.Attempts) *evidence.Event {
	for _, group := range all {
		if last, failing := group.Standing(); failing && slices.Contains(installerCodes, last.Code) {
			return last.Proof[0]
		}
	}
	return nil
}

// keptPackage gives the kept package of a product, or of any when none is named, that was looked for; with what shows
// that it is not there, if it is not.
func keptPackage(set *evidence.Set, product string) (cache, absence *evidence.Event) {
	all := set.Of(evidence.InstallerCache)
	if product != "" {
		all = set.Named(evidence.InstallerCache, product)
	}
	for c := range all {
		switch s, there, absent := looked(set, c.Field(evidence.Path)); {
		case absent:
			return c, s
		case there:
			cache = c
		}
	}
	return cache, nil
}

func describeInstaller(f *doctor.Finding) {
	product, version, from := "", "", ""
	for _, e := range f.Proof {
		if e.Kind == evidence.InstallerSourceMissing || e.Kind == evidence.InstallerCache {
			product = cmp.Or(product, e.Field(evidence.Name))
			version, from = cmp.Or(version, e.Field(evidence.Version)), cmp.Or(from, e.Field(evidence.From))
		}
	}
	f.Title = "The installer package of " + cmp.Or(product, "a product") + " is missing" + failsOn(f)
	f.Detail = "Windows Installer keeps the package (.msi, .msp) of each product in %windir%\\Installer, and needs it to update the product. It is " +
		"gone, usually because somebody has cleaned that folder up. Find the setup of exactly that version" + knownSetup(version, from) +
		", copy its package to the path above, under that name, and check for updates. Or repair the product, or install it again, with that " +
		"setup at hand. Never empty that folder. Renaming SoftwareDistribution does not help here."
	f.Surer = "the disk itself: redx diagnose --image DIR"
	f.Next = []string{`reg query HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Installer\UserData\S-1-5-18\Products /s /v InstallSource`, "appwiz.cpl", openWindowsUpdate}
	// Not on a network: whoever made the disk could have had the name of a server of his put there, to be logged in to.
	if from = strings.TrimRight(from, `\`); onDrive.MatchString(from) && quotable(from) {
		f.Next[0] = `dir "` + from + `\*.msi"`
	}
}

var onDrive = regexp.MustCompile(`^[A-Za-z]:(\\|$)`)

// knownSetup is what the registry knows of a product's setup.
func knownSetup(version, from string) string {
	switch {
	case version != "" && from != "":
		return " (" + version + ", which was installed from " + from + ")"
	case version != "":
		return " (" + version + ")"
	}
	return ""
}
