package facts

import (
	"encoding/binary"
	"fmt"
	"io/fs"
	"strings"

	"github.com/redx-update/redx/internal/registry"
	"github.com/redx-update/redx/internal/winbin"
)

// The block ProductPolicy: a head of 20 bytes (size of all, of the values, of the end; two numbers), then values of
// {size u16, name size u16, type u16, data size u16, flags u32, 0 u32, name UTF-16, data}, the next behind its size.
const (
	policyHead = 20
	valueHead  = 16
)

// policyValue finds one value in the block. Names compare without case. fs.ErrNotExist if it is not there; any other
// error says at which byte the block is damaged.
func policyValue(block []byte, name string) (registry.Value, error) {
	if len(block) < policyHead {
		return registry.Value{}, fmt.Errorf("licensing policy of %d bytes", len(block))
	}
	values := block[policyHead:]
	if n := binary.LittleEndian.Uint32(block[4:]); uint64(n) < uint64(len(values)) {
		values = values[:n]
	}
	for at := 0; len(values)-at >= valueHead; {
		v, size, err := readPolicyValue(values[at:])
		if err != nil {
			return registry.Value{}, fmt.Errorf("licensing policy at byte %d: %w", policyHead+at, err)
		}
		if strings.EqualFold(v.Name, name) {
			return v, nil
		}
		at += size
	}
	return registry.Value{}, fmt.Errorf("licensing value %s: %w", name, fs.ErrNotExist)
}

func readPolicyValue(b []byte) (v registry.Value, size int, err error) {
	size = int(binary.LittleEndian.Uint16(b))
	names, data := int(binary.LittleEndian.Uint16(b[2:])), int(binary.LittleEndian.Uint16(b[6:]))
	if size < valueHead+names+data || size > len(b) {
		return v, 0, fmt.Errorf("a value of %d bytes with %d of name and %d of data", size, names, data)
	}
	v.Name = winbin.UTF16Z(b[valueHead : valueHead+names])
	v.Type = registry.Type(binary.LittleEndian.Uint16(b[4:]))
	v.Data = b[valueHead+names : valueHead+names+data]
	return v, size, nil
}
