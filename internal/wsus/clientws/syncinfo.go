package clientws

// SyncUpdatesResponse answers SyncUpdates.
type SyncUpdatesResponse struct {
	Result *SyncInfo `soap:"SyncUpdatesResult"`
}

// Element implements soap.Body.
func (*SyncUpdatesResponse) Element() (space, name string) { return Namespace, "SyncUpdatesResponse" }

// SyncPrinterCatalogResponse answers SyncPrinterCatalog.
type SyncPrinterCatalogResponse struct {
	Result *SyncInfo `soap:"SyncPrinterCatalogResult"`
}

// Element implements soap.Body.
func (*SyncPrinterCatalogResponse) Element() (space, name string) {
	return Namespace, "SyncPrinterCatalogResponse"
}

// SyncInfo says what a client has to change in its cache (2.2.2.2.4).
type SyncInfo struct {
	NewUpdates                    []UpdateInfo `soap:"NewUpdates>UpdateInfo"`
	OutOfScopeRevisionIDs         []int32      `soap:"OutOfScopeRevisionIDs>int"`
	ChangedUpdates                []UpdateInfo `soap:"ChangedUpdates>UpdateInfo"`
	Truncated                     bool         `soap:"Truncated"` // there is more: ask again
	NewCookie                     *Cookie      `soap:"NewCookie"`
	DeployedOutOfScopeRevisionIDs []int32      `soap:"DeployedOutOfScopeRevisionIds>int"`
	DriverSyncNotNeeded           string       `soap:"DriverSyncNotNeeded,omitempty"` // "true" or "false"
}

// UpdateInfo is a revision and how it is deployed to this client.
type UpdateInfo struct {
	ID         int32       `soap:"ID"` // the revision id
	Deployment *Deployment `soap:"Deployment"`
	IsLeaf     bool        `soap:"IsLeaf"`        // nothing has it for a prerequisite
	XML        string      `soap:"Xml,omitempty"` // the core fragment; not in ChangedUpdates
}

// Deployment says what a client is to do with a revision.
type Deployment struct {
	ID                   int32            `soap:"ID"`
	Action               DeploymentAction `soap:"Action"`
	Deadline             string           `soap:"Deadline,omitempty"` // xs:dateTime
	IsAssigned           bool             `soap:"IsAssigned"`
	LastChangeTime       string           `soap:"LastChangeTime"` // xs:date: the day only
	DownloadPriority     string           `soap:"DownloadPriority,omitempty"`
	HardwareIDs          []string         `soap:"HardwareIds>string"`             // for drivers, from protocol version 1.6
	AutoSelect           string           `soap:"AutoSelect,omitempty"`           // "0", from protocol version 1.8
	AutoDownload         string           `soap:"AutoDownload,omitempty"`         // "0", from protocol version 1.8
	SupersedenceBehavior string           `soap:"SupersedenceBehavior,omitempty"` // "0", from protocol version 1.8
	FlagBitmask          string           `soap:"FlagBitmask,omitempty"`          // "0", from protocol version 1.8
	// RedxWindow is the approval's maintenance window (package maintenance). It is no part of the specification: a redx
	// server writes it to redx's own agents and to nobody else.
	RedxWindow string `soap:"RedxWindow,omitempty"`
}

// DeploymentAction is what a client does with a revision.
type DeploymentAction string

// The actions of the specification.
const (
	OptionalInstall    DeploymentAction = "OptionalInstall"
	Install            DeploymentAction = "Install"
	Uninstall          DeploymentAction = "Uninstall"
	PreDeploymentCheck DeploymentAction = "PreDeploymentCheck" // report whether it is needed, do not offer it
	Block              DeploymentAction = "Block"
	Evaluate           DeploymentAction = "Evaluate" // needed to judge others: neither offer nor report it
	Bundle             DeploymentAction = "Bundle"   // comes with another one
)

// RefreshCache asks for this server's revision ids of revisions that another one gave (2.2.2.2.5).
type RefreshCache struct {
	Cookie    *Cookie          `soap:"cookie"`
	GlobalIDs []UpdateIdentity `soap:"globalIDs>UpdateIdentity"`
}

// Element implements soap.Body.
func (*RefreshCache) Element() (space, name string) { return Namespace, "RefreshCache" }

// RefreshCacheResponse answers RefreshCache. Revisions that are not deployed to the client are left out.
type RefreshCacheResponse struct {
	Results []RefreshCacheResult `soap:"RefreshCacheResult>RefreshCacheResult"`
}

// Element implements soap.Body.
func (*RefreshCacheResponse) Element() (space, name string) { return Namespace, "RefreshCacheResponse" }

// RefreshCacheResult is a revision's id on this server.
type RefreshCacheResult struct {
	RevisionID int32           `soap:"RevisionID"`
	GlobalID   *UpdateIdentity `soap:"GlobalID"`
	IsLeaf     bool            `soap:"IsLeaf"`
	Deployment *Deployment     `soap:"Deployment"`
}
