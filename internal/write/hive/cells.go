package hive

import (
	"encoding/binary"
	"strings"
	"unicode/utf16"

	"github.com/redx-update/redx/internal/registry"
	"github.com/redx-update/redx/internal/winbin"
)

// capitals gives a name in capitals as UTF-16 units.
func capitals(name string) []uint16 { return utf16.Encode([]rune(strings.ToUpper(name))) }

// encodeName gives a name as Windows stores it: one byte a character where that can be, with true.
func encodeName(name string) ([]byte, bool) {
	b := make([]byte, 0, len(name))
	for _, r := range name {
		if r > 0xff {
			return winbin.PutUTF16(name), false
		}
		b = append(b, byte(r))
	}
	return b, true
}

// key writes a key and all below it, and gives the key's cell.
func (e *encoder) key(k *Key, parent uint32, root bool) uint32 {
	name, compressed := encodeName(k.Name)
	at := e.alloc(76 + len(name))
	values := e.values(k.Values)
	subs := sorted(k.Keys)
	list := e.subkeys(subs, at)
	var flags uint16
	if compressed {
		flags |= 0x20
	}
	if root {
		flags |= 0x0c // the root of a hive, not to be deleted
	}
	b, le := e.data(at), binary.LittleEndian
	copy(b, "nk")
	le.PutUint16(b[2:], flags)
	le.PutUint64(b[4:], winbin.PutFiletime(k.Time))
	le.PutUint32(b[16:], parent)
	le.PutUint32(b[20:], uint32(len(subs)))
	le.PutUint32(b[28:], list)
	le.PutUint32(b[32:], none)
	le.PutUint32(b[36:], uint32(len(k.Values)))
	le.PutUint32(b[40:], values)
	le.PutUint32(b[44:], e.security)
	le.PutUint32(b[48:], none)
	putLongest(b, k)
	le.PutUint16(b[72:], uint16(len(name)))
	copy(b[76:], name)
	return at
}

// putLongest notes the lengths by which Windows sizes its buffers when it enumerates a key.
func putLongest(b []byte, k *Key) {
	var sub, name, data int
	for _, c := range k.Keys {
		sub = max(sub, len(winbin.PutUTF16(c.Name)))
	}
	for _, v := range k.Values {
		name, data = max(name, len(winbin.PutUTF16(v.Name))), max(data, len(v.Data))
	}
	binary.LittleEndian.PutUint32(b[52:], uint32(sub))
	binary.LittleEndian.PutUint32(b[60:], uint32(name))
	binary.LittleEndian.PutUint32(b[64:], uint32(data))
}

// subkeys writes sub-keys and their list.
func (e *encoder) subkeys(keys []*Key, parent uint32) uint32 {
	if len(keys) == 0 {
		return none
	}
	if len(keys) <= maxInList {
		return e.leaf(keys, parent)
	}
	var lists []uint32
	for start := 0; start < len(keys); start += maxInList {
		lists = append(lists, e.leaf(keys[start:min(start+maxInList, len(keys))], parent))
	}
	b := binary.LittleEndian.AppendUint16([]byte("ri"), uint16(len(lists)))
	return e.put(appendWords(b, lists))
}

func (e *encoder) leaf(keys []*Key, parent uint32) uint32 {
	b := binary.LittleEndian.AppendUint16([]byte(e.opt.List), uint16(len(keys)))
	for _, k := range keys {
		b = binary.LittleEndian.AppendUint32(b, e.key(k, parent, false))
		switch e.opt.List {
		case "lh":
			b = binary.LittleEndian.AppendUint32(b, nameHash(k.Name))
		case "lf":
			b = append(b, nameHint(k.Name)...)
		}
	}
	return e.put(b)
}

func nameHash(name string) uint32 {
	var h uint32
	for _, u := range capitals(name) {
		h = h*37 + uint32(u)
	}
	return h
}

// nameHint is the first four characters of a name, or zeros when they are not one byte each.
func nameHint(name string) []byte {
	hint := make([]byte, 4)
	if b, compressed := encodeName(name); compressed {
		copy(hint, b)
	}
	return hint
}

func (e *encoder) values(values []registry.Value) uint32 {
	if len(values) == 0 {
		return none
	}
	cells := make([]uint32, len(values))
	for i, v := range values {
		cells[i] = e.value(v)
	}
	return e.put(appendWords(nil, cells))
}

func (e *encoder) value(v registry.Value) uint32 {
	name, compressed := encodeName(v.Name)
	b := make([]byte, 20, 20+len(name))
	le := binary.LittleEndian
	copy(b, "vk")
	le.PutUint16(b[2:], uint16(len(name)))
	le.PutUint32(b[4:], uint32(len(v.Data)))
	le.PutUint32(b[12:], uint32(v.Type))
	if compressed {
		le.PutUint16(b[16:], 1)
	}
	if len(v.Data) <= 4 {
		le.PutUint32(b[4:], uint32(len(v.Data))|1<<31)
		copy(b[8:12], v.Data)
	} else {
		le.PutUint32(b[8:], e.valueData(v.Data))
	}
	return e.put(append(b, name...))
}

// valueData writes data in one cell, or in segments where the version has them.
func (e *encoder) valueData(data []byte) uint32 {
	if len(data) <= segmentData || e.opt.Minor < 4 {
		return e.put(data)
	}
	var cells []uint32
	for start := 0; start < len(data); start += segmentData {
		part := data[start:min(start+segmentData, len(data))]
		at := e.alloc(segmentData) // the last one has the same room (observed in SYSTEM_WIN_10_1709)
		copy(e.data(at), part)
		cells = append(cells, at)
	}
	list := e.put(appendWords(nil, cells))
	b := binary.LittleEndian.AppendUint16([]byte("db"), uint16(len(cells)))
	return e.put(binary.LittleEndian.AppendUint32(b, list))
}

// putSecurity writes the one security descriptor, which all keys share: administrators own it, SYSTEM is the group,
// and both may do everything.
func (e *encoder) putSecurity() uint32 {
	admins := []byte{1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0} // S-1-5-32-544
	system := []byte{1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0}                // S-1-5-18
	var list []byte
	for _, sid := range [][]byte{admins, system} {
		ace := binary.LittleEndian.AppendUint16([]byte{0, 2}, uint16(8+len(sid))) // allowed, inherited by sub-keys
		ace = binary.LittleEndian.AppendUint32(ace, 0xf003f)                      // KEY_ALL_ACCESS
		list = append(append(list, ace...), sid...)
	}
	const ownerAt, groupAt, listAt = 20, 36, 48
	sd := appendWords([]byte{1, 0, 0x04, 0x80}, []uint32{ownerAt, groupAt, 0, listAt})
	sd = append(append(sd, admins...), system...)
	sd = append(sd, 2, 0, byte(8+len(list)), 0, 2, 0, 0, 0)
	sd = append(sd, list...)

	at := e.alloc(20 + len(sd))
	b, le := e.data(at), binary.LittleEndian
	copy(b, "sk")
	le.PutUint32(b[4:], at) // a ring of one
	le.PutUint32(b[8:], at)
	le.PutUint32(b[12:], uint32(e.keys))
	le.PutUint32(b[16:], uint32(len(sd)))
	copy(b[20:], sd)
	return at
}

func appendWords(b []byte, words []uint32) []byte {
	for _, w := range words {
		b = binary.LittleEndian.AppendUint32(b, w)
	}
	return b
}
