// Package clientws has the messages of the client web service (MS-WUSP 2.2.2.2), in which a computer learns what updates
// there are for it. Types and fields carry the specification's names; fields that real clients send and the published WSDL
// lacks are marked so.
//
// It holds shapes and no behaviour: what a server does with them stands in internal/server. Where the schema has xs:short
// the fields are wider, as the numbers of today's clients come close to its end.
package clientws

import "time"

// Namespace is that of the messages, and the first part of the SOAP action.
const Namespace = "http://www.microsoft.com/SoftwareDistribution/Server/ClientWebService"

// Cookie carries the server's state about a client (2.2.3.5). EncryptedData is opaque to clients; a client that has no
// cookie yet may send one without it.
type Cookie struct {
	Expiration    time.Time `soap:"Expiration"`
	EncryptedData []byte    `soap:"EncryptedData"`
}

// UpdateIdentity names a revision globally (2.2.3.6).
type UpdateIdentity struct {
	UpdateID       string `soap:"UpdateID"`
	RevisionNumber int32  `soap:"RevisionNumber"`
}

// GetConfig asks how the server wants to be talked to (2.2.2.2.1).
type GetConfig struct {
	ProtocolVersion string `soap:"protocolVersion"`
}

// Element implements soap.Body.
func (*GetConfig) Element() (space, name string) { return Namespace, "GetConfig" }

// GetConfigResponse answers GetConfig.
type GetConfigResponse struct {
	Result *Config `soap:"GetConfigResult"`
}

// Element implements soap.Body.
func (*GetConfigResponse) Element() (space, name string) { return Namespace, "GetConfigResponse" }

// Config is the server's configuration.
type Config struct {
	LastChange             time.Time               `soap:"LastChange"`
	IsRegistrationRequired bool                    `soap:"IsRegistrationRequired"`
	AuthInfo               []AuthPlugInInfo        `soap:"AuthInfo>AuthPlugInInfo"`
	AllowedEventIDs        []int32                 `soap:"AllowedEventIds>int"`
	Properties             []ConfigurationProperty `soap:"Properties>ConfigurationProperty"`
}

// AuthPlugInInfo is a way to get an authorization cookie. There is one, SimpleTargeting; its ServiceURL is relative.
type AuthPlugInInfo struct {
	PlugInID   string `soap:"PlugInID"`
	ServiceURL string `soap:"ServiceUrl"`
	Parameter  string `soap:"Parameter"` // unused
}

// ConfigurationProperty is a named value, such as MaxExtendedUpdatesPerRequest.
type ConfigurationProperty struct {
	Name  string `soap:"Name"`
	Value string `soap:"Value"`
}

// GetCookie asks for a cookie, or for a new one in place of an old (2.2.2.2.2).
type GetCookie struct {
	AuthCookies     []AuthorizationCookie `soap:"authCookies>AuthorizationCookie"`
	OldCookie       *Cookie               `soap:"oldCookie"`
	LastChange      time.Time             `soap:"lastChange"`
	CurrentTime     time.Time             `soap:"currentTime"`
	ProtocolVersion string                `soap:"protocolVersion"`
}

// Element implements soap.Body.
func (*GetCookie) Element() (space, name string) { return Namespace, "GetCookie" }

// AuthorizationCookie is what the SimpleAuth web service gave, under this service's namespace (2.2.3.4).
type AuthorizationCookie struct {
	PlugInID   string `soap:"PlugInId"`
	CookieData []byte `soap:"CookieData"`
}

// GetCookieResponse answers GetCookie.
type GetCookieResponse struct {
	Result *Cookie `soap:"GetCookieResult"`
}

// Element implements soap.Body.
func (*GetCookieResponse) Element() (space, name string) { return Namespace, "GetCookieResponse" }
