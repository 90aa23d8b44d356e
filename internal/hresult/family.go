package hresult

// Family says whose a code is: who counts it out, and so where to look further.
type Family string

// The families, by the names that redx prints.
const (
	FamilyWindowsUpdate        Family = "Windows Update"
	FamilyWin32                Family = "Win32"
	FamilySXS                  Family = "side-by-side (component store)"
	FamilyCBS                  Family = "component-based servicing"
	FamilyPSFX                 Family = "express delta (PSFX)"
	FamilySPAPI                Family = "device installation (SetupAPI)"
	FamilyBITS                 Family = "background transfer (BITS)"
	FamilyHTTP                 Family = "HTTP status"
	FamilyDeliveryOptimization Family = "Delivery Optimization"
	FamilyMOSETUP              Family = "Windows setup (MOSETUP)"
	FamilyWIM                  Family = "image mount (WIM)"
	FamilyESE                  Family = "database engine (ESE)"
	FamilyNTSTATUS             Family = "NTSTATUS"
	FamilyHRESULT              Family = "HRESULT"
)

// Meaning is one name that a number has, in one family. Symbol is empty where the family is certain by the number's
// range and the name is not known.
type Meaning struct {
	Family Family `json:"family"`
	Symbol string `json:"symbol,omitempty"`
	// Source is the header or the publication that the name is from.
	Source string `json:"source"`
}

// The sources of the names, as Meaning.Source gives them.
const (
	srcWU        = "mingw-w64 wuerror.h"
	srcWinerror  = "mingw-w64 winerror.h"
	srcLater     = "Microsoft's list of system error codes"
	srcWininet   = "mingw-w64 wininet.h"
	srcBITS      = "mingw-w64 bitsmsg.h"
	srcNT        = "mingw-w64 ntstatus.h"
	srcESE       = "mingw-w64 esent.h"
	srcWinHTTP   = "Windows Update error lists"
	srcSetupDocs = "Windows upgrade error lists"
	srcCBSDocs   = "Windows servicing error lists; in no public header"
	srcDODocs    = "Delivery Optimization error lists"
	srcRange     = "the number's range"
)
