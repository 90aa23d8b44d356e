package clientws

import "time"

// SyncUpdates asks what is new for a client that has these revisions (2.2.2.2.4).
type SyncUpdates struct {
	Cookie     *Cookie               `soap:"cookie"`
	Parameters *SyncUpdateParameters `soap:"parameters"`
}

// Element implements soap.Body.
func (*SyncUpdates) Element() (space, name string) { return Namespace, "SyncUpdates" }

// SyncUpdateParameters say what the client has. The order is that in which native clients write.
type SyncUpdateParameters struct {
	ExpressQuery                  bool                           `soap:"ExpressQuery"`
	InstalledNonLeafUpdateIDs     []int32                        `soap:"InstalledNonLeafUpdateIDs>int"`
	OtherCachedUpdateIDs          []int32                        `soap:"OtherCachedUpdateIDs>int"`
	SystemSpec                    []Device                       `soap:"SystemSpec>Device"`
	CachedDriverIDs               []int32                        `soap:"CachedDriverIDs>int"`
	SkipSoftwareSync              bool                           `soap:"SkipSoftwareSync"`
	FilterCategoryIDs             []CategoryIdentifier           `soap:"FilterCategoryIds>CategoryIdentifier"`
	NeedTwoGroupOutOfScopeUpdates bool                           `soap:"NeedTwoGroupOutOfScopeUpdates,omitempty"`
	AlsoPerformRegularSync        string                         `soap:"AlsoPerformRegularSync,omitempty"` // "true" or "false"; not in the WSDL
	ComputerSpec                  *ComputerHardwareSpecification `soap:"ComputerSpec"`
	FeatureScoreMatchingKey       string                         `soap:"FeatureScoreMatchingKey,omitempty"`
	ProductsParameters            *ProductsParameters            `soap:"ProductsParameters"` // not in the WSDL
}

// ProductsParameters are attributes of the device that Windows' own service asks for. Not in the WSDL.
type ProductsParameters struct {
	SyncCurrentVersionOnly bool   `soap:"SyncCurrentVersionOnly"`
	DeviceAttributes       string `soap:"DeviceAttributes"` // "Name=value;" one after the other
	CallerAttributes       string `soap:"CallerAttributes"`
	Products               string `soap:"Products"`
}

// CategoryIdentifier names a category.
type CategoryIdentifier struct {
	ID string `soap:"Id"`
}

// ComputerHardwareSpecification has the GUIDs by which drivers are meant for a computer, the most specific first.
type ComputerHardwareSpecification struct {
	HardwareIDs []string `soap:"HardwareIDs>guid"`
}

// Device is a device of the computer, with the driver that it has.
type Device struct {
	HardwareIDs       []string          `soap:"HardwareIDs>string"`   // the most specific first
	CompatibleIDs     []string          `soap:"CompatibleIDs>string"` // behind the hardware ids
	InstalledDriver   *InstalledDriver  `soap:"installedDriver"`
	ExtensionDrivers  []ExtensionDriver `soap:"extensionDrivers>ExtensionDriver"` // "extensionDriver" in the specification
	DriverRecoveryIDs []string          `soap:"DriverRecoveryIDs>DriverRecoveryID"`
	DeviceFlags       int32             `soap:"DeviceFlags,omitempty"` // bit 0: not enumerated by plug and play
}

// InstalledDriver is the driver of a device. DriverVerVersion has 16 bits for each of the four parts, the first on top.
type InstalledDriver struct {
	MatchingID           string    `soap:"MatchingID"`
	DriverVerDate        time.Time `soap:"DriverVerDate"`
	DriverVerVersion     int64     `soap:"DriverVerVersion"`
	Class                string    `soap:"Class,omitempty"`
	Manufacturer         string    `soap:"Manufacturer,omitempty"`
	Provider             string    `soap:"Provider,omitempty"`
	Model                string    `soap:"Model,omitempty"`
	MatchingComputerHWID string    `soap:"MatchingComputerHWID,omitempty"`
	DriverRank           int32     `soap:"DriverRank"`
}

// ExtensionDriver extends the driver of a device.
type ExtensionDriver struct {
	ExtensionID          string    `soap:"ExtensionId"`
	DriverVerDate        time.Time `soap:"DriverVerDate"`
	DriverVerVersion     int64     `soap:"DriverVerVersion"`
	Class                string    `soap:"Class"`
	DriverRank           int32     `soap:"DriverRank"`
	MatchingComputerHWID string    `soap:"MatchingComputerHWID,omitempty"`
}

// SyncPrinterCatalog asks for the drivers of printers (2.2.2.2.9).
type SyncPrinterCatalog struct {
	Cookie                    *Cookie `soap:"cookie"`
	InstalledNonLeafUpdateIDs []int32 `soap:"installedNonLeafUpdateIDs>int"`
	PrinterUpdateIDs          []int32 `soap:"printerUpdateIDs>int"`
}

// Element implements soap.Body.
func (*SyncPrinterCatalog) Element() (space, name string) { return Namespace, "SyncPrinterCatalog" }
