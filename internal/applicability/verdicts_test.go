package applicability_test

import "github.com/redx-update/redx/internal/applicability"

const (
	inX     = ` Key="HKEY_LOCAL_MACHINE" Subkey="SOFTWARE\X" `
	hiddenK = ` Key="HKEY_LOCAL_MACHINE" Subkey="HIDDEN" `
	aFile   = ` Path="a.dll" Csidl="37" `
)

// office is Office 2010, whose packed GUID 00004109110000000100000000F01FEC stands in many registries.
const office = "{90140000-0011-0000-1000-0000000FF1CE}"

// verdicts are the rules one by one, against pc.
var verdicts = map[string]applicability.Truth{
	`<True />`:  applicability.True,
	`<False />`: applicability.False,

	`<b.WindowsVersion MajorVersion="10" />`:                                                   applicability.True,
	`<b.WindowsVersion Comparison="GreaterThanOrEqualTo" MajorVersion="6" MinorVersion="3" />`: applicability.True,
	`<b.WindowsVersion Comparison="LessThan" MajorVersion="10" MinorVersion="0" />`:            applicability.False,
	`<b.WindowsVersion MajorVersion="10" BuildNumber="19041" />`:                               applicability.False,
	`<b.WindowsVersion Comparison="GreaterThan" BuildNumber="19041" />`:                        applicability.True,
	`<b.WindowsVersion ProductType="3" />`:                                                     applicability.False,
	`<b.WindowsVersion ProductType="1" SuiteMask="768" />`:                                     applicability.True,
	`<b.WindowsVersion SuiteMask="768" AllSuitesMustBePresent="true" />`:                       applicability.False,
	`<b.WindowsVersion MajorVersion="ten" />`:                                                  applicability.Unknown,
	`<b.Platform PlatformID="2" />`:                                                            applicability.True,
	`<b.Processor Architecture="9" />`:                                                         applicability.True,
	`<b.Processor Architecture="12" />`:                                                        applicability.False,
	`<b.Processor Architecture="5" Level="6" />`:                                               applicability.False,
	`<b.NumberOfProcessors Comparison="GreaterThan" Number="2" />`:                             applicability.True,
	`<b.NumberOfProcessors Comparison="GreaterThan" Number="4" />`:                             applicability.False,
	`<b.ClusteredOS />`:                                                                                                  applicability.False,
	`<b.Processor Architecture="9" Level="6" />`:                                                                         applicability.Unknown,
	`<b.WindowsLanguage Language="de" />`:                                                                                applicability.True,
	`<b.WindowsLanguage Language="en" />`:                                                                                applicability.False,
	`<b.InstalledOnce />`:                                                                                                applicability.True,
	`<b.SystemMetric Index="86" Comparison="EqualTo" Value="1" />`:                                                       applicability.Unknown,
	`<b.WmiQuery WqlQuery="select * from Win32_ComputerSystem" />`:                                                       applicability.Unknown,
	`<b.FileExists` + aFile + `/>`:                                                                                       applicability.True,
	`<b.FileExists` + aFile + `Size="100" Version="10.0.19041.3636" />`:                                                  applicability.True,
	`<b.FileExists` + aFile + `Size="101" />`:                                                                            applicability.False,
	`<b.FileExists Path="\\a.dll" Csidl="36" />`:                                                                         applicability.False,
	`<b.FileExists Path="C:\gone" />`:                                                                                    applicability.False,
	`<b.FileExists Path="C:\hidden" />`:                                                                                  applicability.Unknown,
	`<b.FileVersion` + aFile + `Comparison="LessThan" Version="10.0.19041.3803" />`:                                      applicability.True,
	`<b.FileVersion` + aFile + `Comparison="GreaterThanOrEqualTo" Version="10.0.19041.3803" />`:                          applicability.False,
	`<b.FileVersion` + aFile + `Comparison="About" Version="1" />`:                                                       applicability.Unknown,
	`<b.FileSize` + aFile + `Comparison="GreaterThan" Size="99" />`:                                                      applicability.True,
	`<b.FileModified` + aFile + `Comparison="LessThan" Modified="2024-01-03T00:00:00Z" />`:                               applicability.True,
	`<b.FileCreated` + aFile + `Comparison="LessThan" Created="2024-01-03T00:00:00Z" />`:                                 applicability.Unknown,
	`<b.FileVersionPrependRegSz Path="mpasdlta.vdm" Comparison="EqualTo" Version="1.459.530.0"` + inX + `Value="dir" />`: applicability.True,
	`<b.FileVersionPrependRegSz Path="mpasdlta.vdm" Comparison="EqualTo" Version="1.0.0.0"` + inX + `Value="no" />`:      applicability.False,

	`<b.RegKeyExists` + inX + `/>`:                                                       applicability.True,
	`<b.RegKeyExists Key="HKEY_LOCAL_MACHINE" Subkey="SOFTWARE\Y" />`:                    applicability.False,
	`<b.RegKeyExists` + hiddenK + `/>`:                                                   applicability.Unknown,
	`<b.RegValueExists` + inX + `Value="n" Type="REG_DWORD" />`:                          applicability.True,
	`<b.RegValueExists` + inX + `Value="n" Type="REG_SZ" />`:                             applicability.False,
	`<b.RegValueExists` + inX + `/>`:                                                     applicability.True,
	`<b.RegDword` + inX + `Value="n" Comparison="EqualTo" Data="7" />`:                   applicability.True,
	`<b.RegDword` + inX + `RegType32="true" Value="n" Comparison="EqualTo" Data="32" />`: applicability.True,
	`<b.RegDword` + inX + `Value="s" Comparison="EqualTo" Data="7" />`:                   applicability.False,
	`<b.RegDword` + inX + `Value="gone" Comparison="LessThan" Data="7" />`:               applicability.False,
	`<b.RegSz` + inX + `Value="s" Comparison="BeginsWith" Data="hello" />`:               applicability.True,
	`<b.RegSz` + inX + `Value="wide" Comparison="BeginsWith" Data="Ⱥb" />`:               applicability.True, // a capital of two bytes
	`<b.RegSz` + inX + `Value="wide" Comparison="EndsWith" Data="bȺ" />`:                 applicability.True, // and its small letter of three
	`<b.RegSz` + inX + `Value="s" Comparison="EndsWith" Data="WORLD" />`:                 applicability.True,
	`<b.RegSz` + inX + `Value="s" Comparison="Contains" Data="lo W" />`:                  applicability.True,
	`<b.RegSz` + inX + `Value="s" Comparison="EqualTo" Data="Hello" />`:                  applicability.False,
	`<b.RegExpandSz` + inX + `Value="e" Comparison="EqualTo" Data="%windir%" />`:         applicability.True,
	`<b.RegSzToVersion` + inX + `Value="v" Comparison="GreaterThan" Data="3.2" />`:       applicability.True,
	`<b.RegSzToVersion` + inX + `Value="s" Comparison="GreaterThan" Data="3.2" />`:       applicability.False,
	`<b.WUv4RegKeySubstring` + inX + `Value="s" Data="o w" />`:                           applicability.True,
	`<b.RegKeyLoop` + inX + `TrueIf="Any"><b.RegKeyExists` + inX + `/></b.RegKeyLoop>`:   applicability.Unknown,
	`<b.LicenseDword Value="Kernel-X" Comparison="GreaterThan" Data="2" />`:              applicability.True,
	`<b.LicenseDword Value="none" Comparison="EqualTo" Data="1" />`:                      applicability.False,
	`<b.LicenseDword Value="secret" Comparison="EqualTo" Data="1" />`:                    applicability.Unknown,
	`<b.LicenseValueExists Value="Kernel-X" />`:                                          applicability.True,

	`<m.MsiProductInstalled ProductCode="` + office + `" />`:                                                                      applicability.True,
	`<m.MsiProductInstalled ProductCode="` + office + `" VersionMin="15.0.258" VersionMax="15.0.258" />`:                          applicability.True,
	`<m.MsiProductInstalled ProductCode="` + office + `" VersionMin="15.0.258" ExcludeVersionMin="true" />`:                       applicability.False,
	`<m.MsiProductInstalled ProductCode="` + office + `" VersionMax="14.9" />`:                                                    applicability.False,
	`<m.MsiProductInstalled ProductCode="` + office + `" Language="1031" />`:                                                      applicability.True,
	`<m.MsiProductInstalled ProductCode="` + office + `" Language="1033" />`:                                                      applicability.False,
	`<m.MsiProductInstalled ProductCode="{00000000-0000-0000-0000-000000000001}" />`:                                              applicability.False,
	`<m.MsiProductInstalled ProductCode="office" />`:                                                                              applicability.Unknown,
	`<m.MsiPatchInstalledForProduct ProductCode="` + office + `" PatchCode="{00000000-0000-0000-0000-000000000001}" />`:           applicability.True,
	`<m.MsiPatchInstalledForProduct ProductCode="` + office + `" PatchCode="{00000000-0000-0000-0000-000000000009}" />`:           applicability.False,
	`<m.MsiFeatureInstalledForProduct><Feature>main</Feature><Product>` + office + `</Product></m.MsiFeatureInstalledForProduct>`: applicability.True,
	`<m.MsiFeatureInstalledForProduct AllFeaturesRequired="true"><Feature>main</Feature><Feature>gone</Feature><Product>` + office +
		`</Product></m.MsiFeatureInstalledForProduct>`: applicability.False,
	`<m.MsiComponentInstalledForProduct><Component>{00000000-0000-0000-0000-000000000002}</Component><Product>` + office +
		`</Product></m.MsiComponentInstalledForProduct>`: applicability.True,
	`<m.MsiPatchInstallable />`: applicability.Unknown,

	`<CbsPackageInstalledByIdentity PackageIdentity="Parent~31bf3856ad364e35~amd64~~10.0.19041.1" />`: applicability.True,
	`<CbsPackageInstalledByIdentity PackageIdentity="Staged~31bf3856ad364e35~amd64~~10.0.19041.1" />`: applicability.False,
	`<CbsPackageInstalledByIdentity PackageIdentity="None~31bf3856ad364e35~amd64~~10.0.19041.1" />`:   applicability.False,
	`<CbsPackageInstalledByIdentity PackageIdentity="Parent" />`:                                      applicability.Unknown,
	`<CbsPackageInstallable />`: applicability.Unknown,
}
