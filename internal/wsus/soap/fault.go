package soap

import (
	"fmt"
	"strings"
)

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
	// Sender says that the message itself is at fault, and the same again will not be taken (SOAP 1.1 4.4.1, 1.2 5.4.6). The
	// update services say so of every fault; it is read only, and counts where Code is none of theirs.
	Sender bool
}

// Known tells whether the code is one of the protocol's.
func (f *Fault) Known() bool {
	switch f.Code {
	case InvalidCookie, ServerChanged, ConfigChanged, CookieExpired, RegistrationRequired, FileLocationChanged,
		InternalServerError, ServerBusy, InvalidParameters, InvalidAuthorizationCookie, RegistrationNotRequired:
		return true
	}
	return false
}

func (f *Fault) Error() string {
	if f.Message == "" {
		return fmt.Sprintf("soap fault %.80s", f.Code)
	}
	return fmt.Sprintf("soap fault %.80s: %.500s", f.Code, f.Message)
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
	Code11 string `soap:"faultcode"`
	Code12 struct {
		Value string `soap:"Value"`
	} `soap:"Code"`
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
	out := &Fault{Code: ErrorCode(strings.TrimSpace(d.ErrorCode)), Message: d.Message, ID: d.ID, Method: unquote(d.Method)}
	out.Sender = sender(f.Code11 + f.Code12.Value)
	return out, nil
}

// sender reads a qualified name such as s:Client, or s:Client.Authentication, whose prefix may be any.
func sender(code string) bool {
	_, local, found := strings.Cut(strings.TrimSpace(code), ":")
	if !found {
		local = strings.TrimSpace(code)
	}
	class, _, _ := strings.Cut(local, ".")
	return class == "Client" || class == "Sender" || class == "VersionMismatch" || class == "MustUnderstand"
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
