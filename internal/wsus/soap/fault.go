package soap

import "strings"

// An ErrorCode tells a client what to do about a fault (MS-WUSP 2.2.2.4).
type ErrorCode string

// The codes, with what a client does about them.
const (
	InvalidCookie              ErrorCode = "InvalidCookie"        // GetConfig, GetAuthorizationCookie, GetCookie, RefreshCache
	ServerChanged              ErrorCode = "ServerChanged"        // the same four
	ConfigChanged              ErrorCode = "ConfigChanged"        // the first three
	CookieExpired              ErrorCode = "CookieExpired"        // GetAuthorizationCookie, GetCookie
	RegistrationRequired       ErrorCode = "RegistrationRequired" // RegisterComputer
	FileLocationChanged        ErrorCode = "FileLocationChanged"  // GetFileLocations
	InternalServerError        ErrorCode = "InternalServerError"  // try again later
	ServerBusy                 ErrorCode = "ServerBusy"           // try again later
	InvalidParameters          ErrorCode = "InvalidParameters"    // the message names the parameter
	InvalidAuthorizationCookie ErrorCode = "InvalidAuthorizationCookie"
	RegistrationNotRequired    ErrorCode = "RegistrationNotRequired"
)

// A Fault is what a server answers when it cannot do what was asked. It travels with HTTP status 500.
type Fault struct {
	Code    ErrorCode
	Message string // InvalidParameters: the path of the parameter
	ID      string // a GUID to find this fault by in the server's log
	Method  string // the SOAP action of the operation
}

func (f *Fault) Error() string {
	if f.Message == "" {
		return "soap fault " + string(f.Code)
	}
	return "soap fault " + string(f.Code) + ": " + f.Message
}

// detail has the elements of a fault that only the update services have. They are in no namespace.
type detail struct {
	ErrorCode string `soap:"ErrorCode"`
	Message   string `soap:"Message"`
	ID        string `soap:"ID"`
	Method    string `soap:"Method"`
}

// fault is that of SOAP 1.1 and, read only, 1.2.
type fault struct {
	Detail detail `soap:"detail"`
}

func (*fault) Element() (space, name string) { return namespace11, "Fault" }

// Fault reads the message when it is one. Its text for people is left out: what is in it depends on the server.
func (m *Message) Fault() (*Fault, error) {
	var f fault
	if err := m.Decode(&f); err != nil {
		return nil, err
	}
	d := f.Detail
	return &Fault{Code: ErrorCode(strings.TrimSpace(d.ErrorCode)), Message: d.Message, ID: d.ID, Method: unquote(d.Method)}, nil
}

// unquote takes off the quotes that real servers leave around the SOAP action.
func unquote(s string) string {
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		return s[1 : len(s)-1]
	}
	return s
}

// AppendFault writes f as a message of that version. Windows' own server gives no other text for people than this one.
func AppendFault(dst []byte, v Version, f *Fault) []byte {
	style, before, after := Client, faultHead11, "</detail></s:Fault>"
	if v == V12 {
		style, before, after = Twelve, faultHead12, "</s:Detail></s:Fault>"
	}
	dst = append(append(dst, style.head...), before...)
	dst = appendElement(dst, "ErrorCode", string(f.Code))
	dst = appendElement(dst, "Message", f.Message)
	dst = appendElement(dst, "ID", f.ID)
	dst = appendElement(dst, "Method", `"`+f.Method+`"`)
	return append(append(dst, after...), style.tail...)
}

const (
	faultHead11 = "<s:Fault><faultcode>s:Client</faultcode><faultstring>Fault occurred</faultstring><detail>"
	faultHead12 = `<s:Fault><s:Code><s:Value>s:Sender</s:Value></s:Code><s:Reason><s:Text xml:lang="en">Fault occurred` +
		`</s:Text></s:Reason><s:Detail>`
)

func appendElement(dst []byte, name, text string) []byte {
	dst, start := openTag(dst, name)
	return closeTag(AppendText(dst, text), name, start)
}
