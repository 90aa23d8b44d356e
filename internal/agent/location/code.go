package location

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"os"

	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/wsus/soap"
)

// The codes by which Windows' own agent calls these failures.
const (
	codeFault      hresult.Code = 0x80244007 // WU_E_PT_SOAPCLIENT_SOAPFAULT
	codeSOAPServer hresult.Code = 0x8024400E // WU_E_PT_SOAP_SERVER
	codeParse      hresult.Code = 0x8024400A // WU_E_PT_SOAPCLIENT_PARSE
	codeTrips      hresult.Code = 0x80244010 // WU_E_PT_EXCEEDED_MAX_SERVER_TRIPS
	codeBusy       hresult.Code = 0x8024402D // WU_E_PT_LOAD_SHEDDING
	codeName       hresult.Code = 0x8024402C // WU_E_PT_WINHTTP_NAME_NOT_RESOLVED
	codeNotMapped  hresult.Code = 0x8024402B // WU_E_PT_HTTP_STATUS_NOT_MAPPED
	codeTimeout    hresult.Code = 0x80072EE2 // ERROR_WINHTTP_TIMEOUT
	codeConnect    hresult.Code = 0x80072EFD // ERROR_WINHTTP_CANNOT_CONNECT
	codeSecure     hresult.Code = 0x80072F8F // ERROR_WINHTTP_SECURE_FAILURE
	codeRedirect   hresult.Code = 0x80072F7C // ERROR_WINHTTP_REDIRECT_FAILED
	codeUnexpected hresult.Code = 0x80244FFF // WU_E_PT_UNEXPECTED
)

// statusCodes are those of HTTP answers.
var statusCodes = map[int]hresult.Code{
	http.StatusBadRequest: 0x80244016, http.StatusUnauthorized: 0x80244017, http.StatusForbidden: 0x80244018,
	http.StatusNotFound: StatusNotFound, http.StatusMethodNotAllowed: 0x8024401A, http.StatusProxyAuthRequired: 0x8024401B,
	http.StatusRequestTimeout: 0x8024401C, http.StatusConflict: 0x8024401D, http.StatusGone: 0x8024401E,
	http.StatusInternalServerError: 0x8024401F, http.StatusNotImplemented: 0x80244020, http.StatusBadGateway: 0x80244021,
	http.StatusServiceUnavailable: 0x80244022, http.StatusGatewayTimeout: 0x80244023,
	http.StatusHTTPVersionNotSupported: 0x80244024,
}

// StatusNotFound is WU_E_PT_HTTP_STATUS_NOT_FOUND.
const StatusNotFound hresult.Code = 0x80244019

// Code is how Windows' own agent would call an error of this package or of a download.
func Code(err error) hresult.Code {
	var f *soap.Fault
	var status *StatusError
	var answer *AnswerError
	switch {
	case err == nil:
		return hresult.OK
	case errors.As(err, &f):
		return faultCode(f.Code)
	case errors.As(err, &status):
		return StatusCode(status.Status)
	case errors.Is(err, ErrTrips):
		return codeTrips
	case errors.Is(err, ErrRedirect):
		return codeRedirect
	case errors.As(err, &answer):
		return codeParse
	}
	return networkCode(err)
}

// StatusCode is the code of an HTTP status.
func StatusCode(status int) hresult.Code {
	if c, ok := statusCodes[status]; ok {
		return c
	}
	return codeNotMapped
}

func faultCode(c soap.ErrorCode) hresult.Code {
	switch c {
	case soap.ServerBusy:
		return codeBusy
	case soap.InternalServerError:
		return codeSOAPServer
	}
	return codeFault
}

func networkCode(err error) hresult.Code {
	var dns *net.DNSError
	var op *net.OpError
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var verification *tls.CertificateVerificationError
	var timeout net.Error
	switch {
	case errors.As(err, &dns):
		return codeName
	case errors.As(err, &authority), errors.As(err, &host), errors.As(err, &invalid), errors.As(err, &verification):
		return codeSecure
	case errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return codeTimeout
	case errors.As(err, &op):
		return codeConnect
	}
	return codeUnexpected
}
