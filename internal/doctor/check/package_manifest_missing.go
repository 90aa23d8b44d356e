package check

import (
	"fmt"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/servicing"
	"github.com/redx-update/redx/internal/update"
)

// PackageManifestMissing finds a package that servicing knows and whose .mum or .cat is gone: 0x800F0831 of every
// update that builds on it.
func PackageManifestMissing() doctor.Check {
	return doctor.Check{
		ID:    "package-manifest-missing",
		Title: "The manifest of an installed package is missing",
		Reads: []evidence.Kind{
			evidence.PackageManifestMissing, evidence.PackageManifestRepaired, evidence.ServicingEnd, evidence.StoreScan, evidence.FileState,
			evidence.Attempt,
		},
		Run: packageManifestMissing,
	}
}

// storeCorruption is CBS_E_STORE_CORRUPTION, which servicing says where the manifest of a package is not there.
const storeCorruption hresult.Code = 0x800F0831

func packageManifestMissing(x *doctor.Exam) []doctor.Finding {
	var faults []fault
	repairs := wholeRepairs(x.Evidence)
	again := mended(x.Evidence, evidence.PackageManifestRepaired, evidence.Name)
	for _, e := range unsettled(x, evidence.PackageManifestMissing) {
		if repairs.after(e) || again[e.Field(evidence.Name)].after(e) {
			continue
		}
		if f, ok := packageFault(x.Evidence, e); ok {
			faults = append(faults, f)
		}
	}
	if len(faults) == 0 {
		faults = attemptsAlone(x, storeCorruption)
	}
	return gathered(faults, func(f *doctor.Finding) { describePackages(f, addPackage(x.Evidence)) })
}

// packageFault tells which of a package's two files is missing; false when both are there.
func packageFault(set *evidence.Set, e *evidence.Event) (fault, bool) {
	name := e.Field(evidence.Name)
	if name == "" {
		return fault{event: e}, true // a number of them, and none by name
	}
	f := fault{event: e, thing: doctor.Missing{Kind: doctor.MissingPackage, Name: name}, sure: true}
	seen := 0
	for _, ending := range []string{".mum", ".cat"} {
		path := underWindows(set, `servicing\Packages\`+name+ending)
		state, there, absent := looked(set, path)
		if there {
			seen++
		}
		if absent {
			f.more = append(f.more, state)
			f.path = path
			f.thing = doctor.Missing{Kind: doctor.MissingFile, Name: path}
			return f, true
		}
	}
	f.path = underWindows(set, `servicing\Packages\`+name+".mum")
	return f, seen < 2 || e.Field(evidence.Status) == evidence.Damaged
}

func describePackages(f *doctor.Finding, add []string) {
	kbs := packageKBs(f.Proof)
	what, state := "A record that Windows keeps of an installed package", "missing"
	if len(f.Proof) > 0 && f.Proof[0].Field(evidence.Status) == evidence.Damaged && len(f.Missing) > 0 && f.Missing[0].Kind == doctor.MissingPackage {
		state, f.Missing = "damaged", nil
	}
	again := "that package"
	if len(kbs) > 0 {
		what, again = "A record that Windows keeps of the installed "+string(kbs[0]), string(kbs[0])
	}
	is := " is "
	if len(kbs) > 1 {
		what, is, again = fmt.Sprintf("Records that Windows keeps of %d installed packages, %s first,", len(kbs), kbs[0]), " are ", "those packages"
	}
	f.Title = what + is + state + failsOn(f)
	then := "the update that failed"
	if f.Update.KB != "" {
		then = string(f.Update.KB)
	}
	f.Detail = "Windows keeps two small files of every package that it has installed, a manifest (.mum) and a catalog (.cat), and needs them " +
		"for each new update. One of them is " + state + ". Install " + again + " once more, which brings it back, then " + then + ". On the " +
		"catalog's page take the one for that PC's Windows and processor (amd64 in the name above is x64). Renaming SoftwareDistribution does not " +
		"help here."
	for _, kb := range kbs {
		f.Next = append(f.Next, catalogPage(kb))
	}
	f.Next = append(f.Next, add...)
	if len(kbs) == 0 {
		f.Next = []string{restoreHealth}
	}
	f.Next = append(f.Next, openWindowsUpdate)
}

// packageKBs gives the updates that the packages named by the events belong to, each once.
func packageKBs(events []*evidence.Event) []update.KB {
	var out []update.KB
	seen := map[update.KB]bool{"": true}
	for _, e := range events {
		p, _ := servicing.ParsePackage(e.Field(evidence.Name))
		if kb := p.KB(); !seen[kb] {
			seen[kb] = true
			out = append(out, kb)
		}
	}
	return out
}

// Commands that several checks advise.
const (
	restoreHealth = "DISM /Online /Cleanup-Image /RestoreHealth"
	scanNow       = "sfc /scannow"
)

// addPackage installs a package from the file that the catalog's page gives: an .msu, which DISM takes on Windows 11 and not
// before. FILE and FOLDER are for whoever types it to fill in.
func addPackage(set *evidence.Set) []string {
	const msu = `DISM /Online /Add-Package /PackagePath:FILE.msu`
	var major, minor, build int
	if n, _ := fmt.Sscanf(set.Machine.Build, "%d.%d.%d", &major, &minor, &build); n == 3 && build < firstWindows11 {
		return []string{"expand -f:* FILE.msu FOLDER", `DISM /Online /Add-Package /PackagePath:FOLDER\FILE.cab`}
	}
	return []string{msu}
}

// firstWindows11 is the build of the first Windows 11.
const firstWindows11 = 22000
