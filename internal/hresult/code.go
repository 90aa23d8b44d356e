// Package hresult turns Windows' result codes into words: symbol, family, meaning, usual causes, next step. It also
// finds them in a line of a log, in every spelling that Windows uses.
// It is pure tables and parsing; it knows nothing of where a code was found, and it never says more than the code
// does: 0x80070002 names no cause by itself.
package hresult

import (
	"encoding"
	"fmt"
)

// Code is a 32-bit result code as Windows prints it: an HRESULT, an NTSTATUS, or a setup result.
type Code uint32

var (
	_ encoding.TextMarshaler   = Code(0)
	_ encoding.TextUnmarshaler = (*Code)(nil)
)

// Codes that redx itself branches on.
const (
	OK           Code = 0
	FileNotFound Code = 0x80070002
	PathNotFound Code = 0x80070003
)

// Hex gives the code as 0x and eight digits, in the way it is printed everywhere in redx.
func (c Code) Hex() string { return fmt.Sprintf("0x%08X", uint32(c)) }

// Failed reports the severity bit.
func (c Code) Failed() bool { return c&0x80000000 != 0 }

// Signed gives the code as WMI, PowerShell and the update API print it: -2147024894.
func (c Code) Signed() int32 { return int32(c) }

// Symbol gives the best-known name, such as ERROR_FILE_NOT_FOUND, or "" when there is none.
func (c Code) Symbol() string { return symbol(uint32(c)) }

// String gives hex and symbol: "0x80070002 ERROR_FILE_NOT_FOUND". It is the one way to print a code for a person.
func (c Code) String() string {
	if s := c.Symbol(); s != "" {
		return c.Hex() + " " + s
	}
	return c.Hex()
}

// MarshalText gives the form of JSON and CSV: "0x80070002".
func (c Code) MarshalText() ([]byte, error) { return []byte(c.Hex()), nil }

// UnmarshalText takes every spelling of a single code that Parse takes.
func (c *Code) UnmarshalText(text []byte) error {
	f, ok := parseOne(string(text))
	if !ok {
		return fmt.Errorf("%w: %.40q", ErrNoCode, text)
	}
	*c = f.Code
	return nil
}

// FromWin32 makes the HRESULT of a system error code: 2 is 0x80070002. 0 stays 0, and what is larger than 16 bits is
// taken for a whole code already (HRESULT_FROM_WIN32 of winerror.h).
func FromWin32(n uint32) Code {
	if n == 0 || n > 0xFFFF {
		return Code(n)
	}
	return Code(0x80070000 | n)
}
