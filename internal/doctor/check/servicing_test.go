package check

import (
	"testing"

	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/update"
)

const (
	manifestFile = `%windir%\WinSxS\Manifests\` + component + ".manifest"
	mumFile      = `%windir%\servicing\Packages\Package_1_for_KB5032189~31bf3856ad364e35~amd64~~10.0.1.7`
	mum          = "Package_1_for_KB5032189~31bf3856ad364e35~amd64~~10.0.1.7"
	stackFolder  = `C:\Windows\WinSxS\amd64_stack`
	links        = `C:\ProgramData\Microsoft\Windows\Start Menu\Programs\System Tools`
)

// went is a package that servicing ended well.
func went(line int) evidence.Event {
	return logged(evidence.ServicingEnd, line, kb, 0, evidence.Name, "Package_2")
}

// scanned is a check of the store that repaired all that it found.
func scanned(line int) evidence.Event {
	return said(evidence.StoreScan, line, 0, evidence.Detected, "1", evidence.Repaired, "1", evidence.Result, "0x0")
}

func key(name, state string) evidence.Event {
	return undated(said(evidence.KeyState, 0, 0, evidence.Name, name, evidence.State, state, evidence.Path, `HKLM\SYSTEM\Services\`+name))
}

func fails(kind evidence.Kind, code hresult.Code, fields ...string) evidence.Event {
	return logged(kind, 1, kb, code, fields...)
}

// texted gives an event its line.
func texted(e evidence.Event, text string) evidence.Event {
	e.Text = text
	return e
}

var (
	noMUM   = fails(evidence.PackageManifestMissing, 0x800f0831, evidence.Name, mum)
	noParts = fails(evidence.ComponentManifestMissing, 0x80073701, evidence.Component, component)
	broken  = fails(evidence.ManifestDamaged, 0x80070570, evidence.Component, component)
	noBase  = fails(evidence.DeltaBaseMissing, 0x800f0984, evidence.Component, component, evidence.Name, "ntfs.sys")
	noStack = said(evidence.StackMissing, 1, hresult.PathNotFound, evidence.Path, stackFolder)
	noINF   = fails(evidence.DriverFailed, hresult.PathNotFound, evidence.Name, "usb.inf")
	noKey   = fails(evidence.DriverFailed, hresult.FileNotFound, evidence.Name, "usb.inf")
	noNgen  = fails(evidence.ServiceStartFailed, hresult.FileNotFound, evidence.Name, "clr_optimization_v4.0.30319_32")
	noLinks = fails(evidence.ShellFolderMissing, hresult.FileNotFound, evidence.Path, links)
	noMount = said(evidence.WIMMountBroken, 1, hresult.FileNotFound)
	waits   = fails(evidence.PendingUnresolved, 0x80070bc9)
	refused = fails(evidence.FeatureRefused, 0x800f0954)
	invalid = fails(evidence.PackageInvalid, 0x80070490, evidence.Name, mum)
)

var examinedServicing = map[string]examination{
	"package: its manifest is gone": {[]evidence.Event{noMUM}, []string{"package-manifest-missing proven KB5034122 package:" + mum}},
	"package: seen to be gone":      {[]evidence.Event{noMUM, fileState(mumFile+".mum", evidence.Absent)}, []string{"package-manifest-missing proven KB5034122 file:" + mumFile + ".mum"}},
	"package: both files are there": {[]evidence.Event{noMUM, fileState(mumFile+".mum", evidence.Present), fileState(mumFile+".cat", evidence.Present)}, nil},
	"package: repaired by name":     {[]evidence.Event{noMUM, said(evidence.PackageManifestRepaired, 2, 0, evidence.Name, mum)}, nil},
	"package: another was repaired": {[]evidence.Event{noMUM, said(evidence.PackageManifestRepaired, 2, 0, evidence.Name, "Package_9")}, []string{"package-manifest-missing proven KB5034122 package:" + mum}},
	"package: repaired before":      {[]evidence.Event{said(evidence.PackageManifestRepaired, 0, 0, evidence.Name, mum), noMUM}, []string{"package-manifest-missing proven KB5034122 package:" + mum}},
	"component: of which package": {
		[]evidence.Event{
			fails(evidence.ComponentManifestMissing, 0x80073701, evidence.Name, mum),
			texted(fails(evidence.ComponentManifestMissing, 0x80073701, evidence.Name, "Package_for_RollupFix"), "Failed to resolve execution package: Package_for_RollupFix"),
		}, []string{"component-manifest-missing proven KB5034122 package:" + mum},
	},
	"component: only what is installed is named": {
		[]evidence.Event{texted(fails(evidence.ComponentManifestMissing, 0x80073701, evidence.Name, mum), "Failed to resolve execution package: "+mum)},
		[]string{"component-manifest-missing proven KB5034122 package:" + mum},
	},
	"component: its manifest is gone":    {[]evidence.Event{noParts}, []string{"component-manifest-missing proven KB5034122 file:" + manifestFile}},
	"component: its manifest is there":   {[]evidence.Event{noParts, fileState(manifestFile, evidence.Present)}, nil},
	"component: the store was repaired":  {[]evidence.Event{noParts, scanned(2)}, nil},
	"component: its update came later":   {[]evidence.Event{noParts, install(3, 0)}, nil},
	"manifest: damaged":                  {[]evidence.Event{broken}, []string{"manifest-hash-mismatch likely KB5034122"}},
	"manifest: damaged, and gone":        {[]evidence.Event{broken, fileState(manifestFile, evidence.Absent)}, []string{"component-manifest-missing proven KB5034122 file:" + manifestFile}},
	"manifest: repaired by name":         {[]evidence.Event{broken, said(evidence.ManifestRepaired, 2, 0, evidence.Component, component)}, nil},
	"delta: its base is gone":            {[]evidence.Event{noBase}, []string{`delta-base-missing proven KB5034122 file:%windir%\WinSxS\` + component + `\ntfs.sys`}},
	"delta: its base is there":           {[]evidence.Event{noBase, fileState(`%windir%\WinSxS\`+component+`\ntfs.sys`, evidence.Present)}, nil},
	"stack: its folder is gone":          {[]evidence.Event{noStack}, []string{"servicing-stack-missing proven  directory:" + stackFolder}},
	"stack: its folder is there":         {[]evidence.Event{noStack, fileState(stackFolder, evidence.Present)}, nil},
	"stack: it was loaded later":         {[]evidence.Event{noStack, said(evidence.StackLoaded, 2, 0, evidence.Name, "10.0.1.1")}, nil},
	"driver: its folder is gone":         {[]evidence.Event{noINF}, []string{`driver-package-missing proven KB5034122 directory:%windir%\System32\DriverStore\FileRepository\usb.inf_*`}},
	"driver: its update came later":      {[]evidence.Event{noINF, install(3, 0)}, nil},
	"driver: its service's key is gone":  {[]evidence.Event{noKey, undated(said(evidence.DriverService, 0, 0, evidence.Name, "usb.inf", evidence.Service, "usb")), key("usb", evidence.Absent)}, []string{`driver-service-key-missing likely KB5034122 registry-key:HKLM\SYSTEM\Services\usb`}},
	"driver: its service's key is there": {[]evidence.Event{noKey, undated(said(evidence.DriverService, 0, 0, evidence.Name, "usb.inf", evidence.Service, "usb")), key("usb", evidence.Present)}, nil},
	"ngen: the service is gone":          {[]evidence.Event{noNgen, key("clr_optimization_v4.0.30319_32", evidence.Absent)}, []string{"dotnet-ngen-missing proven KB5034122 service:clr_optimization_v4.0.30319_32"}},
	"ngen: another service":              {[]evidence.Event{fails(evidence.ServiceStartFailed, hresult.FileNotFound, evidence.Name, "contoso")}, nil},
	"folder of links: said to be gone":   {[]evidence.Event{noLinks}, []string{"shell-folder-missing likely KB5034122 directory:" + links}},
	"folder of links: seen to be gone":   {[]evidence.Event{noLinks, fileState(links, evidence.Absent)}, []string{"shell-folder-missing proven KB5034122 directory:" + links}},
	"folder of links: made again":        {[]evidence.Event{noLinks, fileState(links, evidence.Present)}, nil},
	"mount: its driver's key is gone":    {[]evidence.Event{noMount, key("WIMMount", evidence.Absent)}, []string{`wimmount-broken likely  registry-key:HKLM\SYSTEM\Services\WIMMount`}},
	"waits: nothing went since":          {[]evidence.Event{waits}, []string{"pending-operation-interrupted proven KB5034122"}},
	"waits: a package went since":        {[]evidence.Event{waits, went(2)}, nil},
	"waits: a package went before":       {[]evidence.Event{went(0), waits}, []string{"pending-operation-interrupted proven KB5034122"}},
	"feature: the server is known":       {[]evidence.Event{refused, server("http://wsus:8530")}, []string{"feature-on-demand-blocked likely KB5034122"}},
	"feature: the policy has changed":    {[]evidence.Event{refused, undated(said(evidence.FeatureSource, 0, 0, evidence.Status, evidence.SourceWindowsUpdate))}, nil},
	"state: servicing calls it invalid":  {[]evidence.Event{invalid}, []string{"package-state-bad likely KB5034122"}},
	"state: its update came later":       {[]evidence.Event{invalid, install(3, 0)}, nil},
	"two updates, one fault each": {
		[]evidence.Event{noMUM, logged(evidence.PackageManifestMissing, 2, update.Ref{KB: "KB5000001"}, 0x800f0831, evidence.Name, "Package_8")},
		[]string{"package-manifest-missing proven KB5034122 package:" + mum, "package-manifest-missing proven KB5000001 package:Package_8"},
	},
}

func TestServicingChecks(t *testing.T) { examineAll(t, examinedServicing) }
