// Package soap reads and writes the SOAP messages of the update services: document/literal, SOAP 1.1, and 1.2 when the
// other side speaks it. A message is a struct whose fields carry the specification's names; the same struct is written by
// one side and read by the other.
//
// It is not a general SOAP or XML library: there are no headers, no encoded arrays, no references, no document types, and
// element names are compared without their namespaces, as real clients vary these.
//
// Its invariant: reading takes time and memory proportional to the bytes given, whatever they say; elements that a struct
// does not have are skipped, and fields that a message does not have stay as they were.
//
// # Fields
//
// The tag soap:"Name" gives the element. Fields are written in the order of the struct, which is that of the schema, and
// read in any order. soap:"Names>Name" is an array: Names around it, one Name for each item. A nil pointer, array or []byte
// (base64) is absent; an array that is empty but not nil is an empty element. Numbers, booleans, strings and times are
// always written unless the tag adds ",omitempty". When reading, an element that is empty or has xsi:nil leaves the field
// at its zero value.
package soap

import "fmt"

const (
	// MaxDepth bounds how deep elements may be nested. The deepest message of the protocols has 9 levels.
	MaxDepth = 32
	// maxAttributes bounds the attributes of one element.
	maxAttributes = 32
)

// A SyntaxError says where a message stops to be well-formed XML of the kind that this package reads.
type SyntaxError struct {
	Offset int // in the message
	Reason string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("soap: %s at offset %d", e.Reason, e.Offset) }

// A ValueError says which field of a message holds what its type does not allow.
type ValueError struct {
	Path string // names from the operation's parameter inwards, as in "parameters.InstalledNonLeafUpdateIDs.int"
	Want string // the type of the schema
}

func (e *ValueError) Error() string { return fmt.Sprintf("soap: %s is no %s", e.Path, e.Want) }
