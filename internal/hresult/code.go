// Package hresult turns Windows' result codes into words: symbol, family, meaning, usual causes, next step.
// It is pure tables and parsing; it knows nothing of where a code was found.
package hresult

import "fmt"

// Code is a 32-bit result code as Windows prints it: an HRESULT, an NTSTATUS, or a setup result.
type Code uint32

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
