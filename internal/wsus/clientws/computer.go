package clientws

import "time"

// RegisterComputer tells the server about the computer (2.2.2.2.3).
type RegisterComputer struct {
	Cookie       *Cookie       `soap:"cookie"`
	ComputerInfo *ComputerInfo `soap:"computerInfo"`
}

// Element implements soap.Body.
func (*RegisterComputer) Element() (space, name string) { return Namespace, "RegisterComputer" }

// RegisterComputerResponse answers RegisterComputer. It is empty.
type RegisterComputerResponse struct{}

// Element implements soap.Body.
func (*RegisterComputerResponse) Element() (space, name string) {
	return Namespace, "RegisterComputerResponse"
}

// ComputerInfo describes a computer. All of it is the client's word.
type ComputerInfo struct {
	DNSName                  string    `soap:"DnsName"`
	OSMajorVersion           int32     `soap:"OSMajorVersion"`
	OSMinorVersion           int32     `soap:"OSMinorVersion"`
	OSBuildNumber            int32     `soap:"OSBuildNumber"`
	OSServicePackMajorNumber int32     `soap:"OSServicePackMajorNumber"`
	OSServicePackMinorNumber int32     `soap:"OSServicePackMinorNumber"`
	OSLocale                 string    `soap:"OSLocale,omitempty"`
	ComputerManufacturer     string    `soap:"ComputerManufacturer,omitempty"`
	ComputerModel            string    `soap:"ComputerModel,omitempty"`
	BiosVersion              string    `soap:"BiosVersion,omitempty"`
	BiosName                 string    `soap:"BiosName,omitempty"`
	BiosReleaseDate          time.Time `soap:"BiosReleaseDate"`
	ProcessorArchitecture    string    `soap:"ProcessorArchitecture,omitempty"`
	SuiteMask                int32     `soap:"SuiteMask"`
	OldProductType           int32     `soap:"OldProductType"`
	NewProductType           int32     `soap:"NewProductType"`
	SystemMetrics            int32     `soap:"SystemMetrics"`
	ClientVersionMajorNumber int32     `soap:"ClientVersionMajorNumber"`
	ClientVersionMinorNumber int32     `soap:"ClientVersionMinorNumber"`
	ClientVersionBuildNumber int32     `soap:"ClientVersionBuildNumber"`
	ClientVersionQFENumber   int32     `soap:"ClientVersionQfeNumber"`
	OSDescription            string    `soap:"OSDescription,omitempty"`
	OEM                      string    `soap:"OEM,omitempty"`
	DeviceType               string    `soap:"DeviceType,omitempty"`
	FirmwareVersion          string    `soap:"FirmwareVersion,omitempty"`
	MobileOperator           string    `soap:"MobileOperator,omitempty"`
}

// StartCategoryScan asks which categories to name in SyncUpdates to scan for some products only (2.2.2.2.8).
type StartCategoryScan struct {
	RequestedCategories []CategoryRelationship `soap:"requestedCategories>CategoryRelationship"`
}

// Element implements soap.Body.
func (*StartCategoryScan) Element() (space, name string) { return Namespace, "StartCategoryScan" }

// CategoryRelationship is a category asked for. Those with one index belong together: all of them must be met.
type CategoryRelationship struct {
	IndexOfAndGroup int32  `soap:"IndexOfAndGroup"`
	CategoryID      string `soap:"CategoryId"`
}

// StartCategoryScanResponse answers StartCategoryScan.
type StartCategoryScanResponse struct {
	PreferredCategoryIDs        []string `soap:"preferredCategoryIds>guid"`
	RequestedCategoryIDsInError []string `soap:"requestedCategoryIdsInError>guid"`
}

// Element implements soap.Body.
func (*StartCategoryScanResponse) Element() (space, name string) {
	return Namespace, "StartCategoryScanResponse"
}
