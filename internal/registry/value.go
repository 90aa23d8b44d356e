package registry

import (
	"encoding/binary"
	"fmt"

	"github.com/redx-update/redx/internal/winbin"
)

// Type is how a value says its data is to be read. It is a claim: data of any length and shape occurs under any
// type, and some programs store numbers of their own here.
type Type uint32

// The types of winnt.h.
const (
	None           Type = 0  // REG_NONE
	SZ             Type = 1  // REG_SZ
	ExpandSZ       Type = 2  // REG_EXPAND_SZ: %VARIABLES% are not expanded
	Binary         Type = 3  // REG_BINARY
	DWord          Type = 4  // REG_DWORD, little-endian
	DWordBE        Type = 5  // REG_DWORD_BIG_ENDIAN
	Link           Type = 6  // REG_LINK
	MultiSZ        Type = 7  // REG_MULTI_SZ
	ResourceList   Type = 8  // REG_RESOURCE_LIST
	FullResource   Type = 9  // REG_FULL_RESOURCE_DESCRIPTOR
	ResourceDemand Type = 10 // REG_RESOURCE_REQUIREMENTS_LIST
	QWord          Type = 11 // REG_QWORD, little-endian
)

var typeNames = [...]string{
	"REG_NONE", "REG_SZ", "REG_EXPAND_SZ", "REG_BINARY", "REG_DWORD", "REG_DWORD_BIG_ENDIAN", "REG_LINK",
	"REG_MULTI_SZ", "REG_RESOURCE_LIST", "REG_FULL_RESOURCE_DESCRIPTOR", "REG_RESOURCE_REQUIREMENTS_LIST",
	"REG_QWORD",
}

func (t Type) String() string {
	if int64(t) < int64(len(typeNames)) {
		return typeNames[t]
	}
	return fmt.Sprintf("type 0x%x", uint32(t))
}

// Value is one value of a key.
type Value struct {
	Name string // empty for the default value
	Type Type
	Data []byte // as stored; the caller owns it
}

// String gives the text of a REG_SZ, REG_EXPAND_SZ or REG_LINK up to the first NUL, or the first entry of a
// REG_MULTI_SZ; empty for every other type. Variables are not expanded.
func (v Value) String() string {
	switch v.Type {
	case SZ, ExpandSZ, MultiSZ, Link:
		return winbin.UTF16Z(v.Data)
	}
	return ""
}

// Strings gives the entries of a REG_MULTI_SZ, without the terminator of the list but with empty entries, which
// PendingFileRenameOperations gives a meaning. A single text is a list of one; any other type gives nil.
func (v Value) Strings() []string {
	if v.Type != MultiSZ {
		if s := v.String(); s != "" {
			return []string{s}
		}
		return nil
	}
	var list []string
	start := 0
	for i := 0; i+1 < len(v.Data); i += 2 {
		if v.Data[i] == 0 && v.Data[i+1] == 0 {
			list = append(list, winbin.UTF16(v.Data[start:i]))
			start = i + 2
		}
	}
	if rest := winbin.UTF16(v.Data[start:]); rest != "" {
		return append(list, rest) // unterminated
	}
	if n := len(list); n > 0 && list[n-1] == "" {
		return list[:n-1]
	}
	return list
}

// Uint64 gives the number of a REG_DWORD, REG_DWORD_BIG_ENDIAN or REG_QWORD. It is false for other types and for
// data that is too short for its type.
func (v Value) Uint64() (uint64, bool) {
	switch {
	case v.Type == DWord && len(v.Data) >= 4:
		return uint64(binary.LittleEndian.Uint32(v.Data)), true
	case v.Type == DWordBE && len(v.Data) >= 4:
		return uint64(binary.BigEndian.Uint32(v.Data)), true
	case v.Type == QWord && len(v.Data) >= 8:
		return binary.LittleEndian.Uint64(v.Data), true
	}
	return 0, false
}
