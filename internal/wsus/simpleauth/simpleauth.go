// Package simpleauth has the messages of the SimpleAuth web service (MS-WUSP 2.2.2.1), which says who a client is before it
// talks to the client web service. It holds shapes; what a server does with them stands in internal/server.
package simpleauth

// Namespace is that of the messages, and the first part of the SOAP action.
const Namespace = "http://www.microsoft.com/SoftwareDistribution/Server/SimpleAuthWebService"

// GetAuthorizationCookie asks for a cookie to identify with (2.2.2.1.1).
type GetAuthorizationCookie struct {
	ClientID        string `soap:"clientId"`
	TargetGroupName string `soap:"targetGroupName,omitempty"` // the groups that the client claims, with ";" between
	DNSName         string `soap:"dnsName"`
}

// Element implements soap.Body.
func (*GetAuthorizationCookie) Element() (space, name string) {
	return Namespace, "GetAuthorizationCookie"
}

// GetAuthorizationCookieResponse answers GetAuthorizationCookie.
type GetAuthorizationCookieResponse struct {
	Result *AuthorizationCookie `soap:"GetAuthorizationCookieResult"`
}

// Element implements soap.Body.
func (*GetAuthorizationCookieResponse) Element() (space, name string) {
	return Namespace, "GetAuthorizationCookieResponse"
}

// AuthorizationCookie is opaque to clients (2.2.3.4).
type AuthorizationCookie struct {
	PlugInID   string `soap:"PlugInId"`
	CookieData []byte `soap:"CookieData"`
}
