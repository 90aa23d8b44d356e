// Package reporting has the messages of the reporting web service (MS-WUSP 2.2.2.3), in which clients tell what became of
// updates. It holds shapes, and the meaning of the numbers of events; all values are the client's word.
package reporting

import (
	"time"

	"github.com/redx-update/redx/internal/wsus/clientws"
)

// Namespace is that of the messages, and the first part of the SOAP action.
const Namespace = "http://www.microsoft.com/SoftwareDistribution"

// ReportEventBatch brings events (2.2.2.3.1).
type ReportEventBatch struct {
	Cookie     *clientws.Cookie `soap:"cookie"`
	ClientTime time.Time        `soap:"clientTime"`
	EventBatch []Event          `soap:"eventBatch>ReportingEvent"`
}

// Element implements soap.Body.
func (*ReportEventBatch) Element() (space, name string) { return Namespace, "ReportEventBatch" }

// ReportEventBatchResponse answers ReportEventBatch.
type ReportEventBatchResponse struct {
	Result bool `soap:"ReportEventBatchResult"`
}

// Element implements soap.Body.
func (*ReportEventBatchResponse) Element() (space, name string) {
	return Namespace, "ReportEventBatchResponse"
}

// Event is one event; the schema calls it ReportingEvent.
type Event struct {
	BasicData    BasicData     `soap:"BasicData"`
	ExtendedData *ExtendedData `soap:"ExtendedData"`
	PrivateData  *PrivateData  `soap:"PrivateData"`
}

// BasicData is what every event has.
type BasicData struct {
	TargetID        ComputerTargetIdentifier  `soap:"TargetID"`
	SequenceNumber  int32                     `soap:"SequenceNumber"` // unused
	TimeAtTarget    time.Time                 `soap:"TimeAtTarget"`   // when the client saw it
	EventInstanceID string                    `soap:"EventInstanceID"`
	NamespaceID     int32                     `soap:"NamespaceID"` // 1
	EventID         int32                     `soap:"EventID"`
	SourceID        int32                     `soap:"SourceID"` // 101: the update agent
	UpdateID        *UpdateRevisionIdentifier `soap:"UpdateID"`
	Win32HResult    int32                     `soap:"Win32HResult"` // "Win32Hresult" in the WSDL
	AppName         string                    `soap:"AppName"`
}

// ComputerTargetIdentifier names the computer: the client id given to GetAuthorizationCookie.
type ComputerTargetIdentifier struct {
	SID string `soap:"Sid"`
}

// UpdateRevisionIdentifier names the update; the nil GUID when it is about none.
type UpdateRevisionIdentifier struct {
	UpdateID       string `soap:"UpdateID"`
	RevisionNumber int32  `soap:"RevisionNumber"`
}

// ExtendedData is what some events have.
type ExtendedData struct {
	ReplacementStrings    []string        `soap:"ReplacementStrings>string"` // for the places %1, %2, ... of the message
	MiscData              []string        `soap:"MiscData>string"`           // "tag=value"
	ComputerBrand         string          `soap:"ComputerBrand"`
	ComputerModel         string          `soap:"ComputerModel"`
	BiosRevision          string          `soap:"BiosRevision"`
	ProcessorArchitecture string          `soap:"ProcessorArchitecture"`
	OSVersion             DetailedVersion `soap:"OSVersion"`
	OSLocaleID            int32           `soap:"OSLocaleID"`
	DeviceID              string          `soap:"DeviceID"`
}

// DetailedVersion is that of the operating system.
type DetailedVersion struct {
	Major            int32 `soap:"Major"`
	Minor            int32 `soap:"Minor"`
	Build            int32 `soap:"Build"`
	Revision         int32 `soap:"Revision"`
	ServicePackMajor int32 `soap:"ServicePackMajor"`
	ServicePackMinor int32 `soap:"ServicePackMinor"`
}

// PrivateData is there and empty.
type PrivateData struct {
	ComputerDNSName string `soap:"ComputerDnsName"`
	UserAccountName string `soap:"UserAccountName"`
}
