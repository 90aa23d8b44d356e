// Package hive writes registry hive files (regf) and transaction logs, for lab images and fixtures. The bytes
// depend on nothing but what is given.
//
// It is never used on a real PC's hives: it writes whole files of its own, with one security descriptor for all
// keys, and changes none.
package hive

import (
	"encoding/binary"
	"strings"
	"time"

	"github.com/redx-update/redx/internal/registry"
	"github.com/redx-update/redx/internal/winbin"
)

// Key is a key to be written. The root's name does not matter to Windows.
type Key struct {
	Name   string
	Time   time.Time // last write; zero is written as zero
	Values []registry.Value
	Keys   []*Key // in any order; written sorted as Windows wants it
}

// Sub gives the key at a path with backslashes below this one; keys that are not there are made, with this key's
// time.
func (k *Key) Sub(path string) *Key {
	for _, name := range registry.SplitPath(path) {
		k = k.child(name)
	}
	return k
}

func (k *Key) child(name string) *Key {
	for _, c := range k.Keys {
		if strings.EqualFold(c.Name, name) {
			return c
		}
	}
	c := &Key{Name: name, Time: k.Time}
	k.Keys = append(k.Keys, c)
	return c
}

// Set sets a value to data of a type, and gives the key back.
func (k *Key) Set(name string, t registry.Type, data []byte) *Key {
	v := registry.Value{Name: name, Type: t, Data: data}
	for i := range k.Values {
		if strings.EqualFold(k.Values[i].Name, name) {
			k.Values[i] = v
			return k
		}
	}
	k.Values = append(k.Values, v)
	return k
}

// SZ sets a REG_SZ.
func (k *Key) SZ(name, s string) *Key {
	return k.Set(name, registry.SZ, winbin.PutUTF16(s+"\x00"))
}

// ExpandSZ sets a REG_EXPAND_SZ.
func (k *Key) ExpandSZ(name, s string) *Key {
	return k.Set(name, registry.ExpandSZ, winbin.PutUTF16(s+"\x00"))
}

// DWord sets a REG_DWORD.
func (k *Key) DWord(name string, n uint32) *Key {
	return k.Set(name, registry.DWord, binary.LittleEndian.AppendUint32(nil, n))
}

// QWord sets a REG_QWORD.
func (k *Key) QWord(name string, n uint64) *Key {
	return k.Set(name, registry.QWord, binary.LittleEndian.AppendUint64(nil, n))
}

// MultiSZ sets a REG_MULTI_SZ.
func (k *Key) MultiSZ(name string, list ...string) *Key {
	var b []byte
	for _, s := range list {
		b = append(b, winbin.PutUTF16(s+"\x00")...)
	}
	return k.Set(name, registry.MultiSZ, append(b, 0, 0))
}
