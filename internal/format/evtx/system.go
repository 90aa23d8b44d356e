package evtx

import (
	"encoding/binary"
	"strconv"
	"time"

	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/winbin"
)

// The values of System that a Record has.
const (
	slotProvider = iota
	slotGUID
	slotEventID
	slotQualifiers
	slotVersion
	slotLevel
	slotTask
	slotOpcode
	slotKeywords
	slotTime
	slotNumber
	slotActivity
	slotPID
	slotTID
	slotChannel
	slotComputer
	slotUser
	slotCount
)

// slotOf gives the slot of an element of System, or of one of its attributes, or -1.
func slotOf(element, attr string) int {
	switch element + " " + attr {
	case "Provider Name":
		return slotProvider
	case "Provider Guid":
		return slotGUID
	case "EventID ":
		return slotEventID
	case "EventID Qualifiers":
		return slotQualifiers
	case "Version ":
		return slotVersion
	case "Level ":
		return slotLevel
	case "Task ":
		return slotTask
	case "Opcode ":
		return slotOpcode
	case "Keywords ":
		return slotKeywords
	case "TimeCreated SystemTime":
		return slotTime
	case "EventRecordID ":
		return slotNumber
	case "Correlation ActivityID":
		return slotActivity
	case "Execution ProcessID":
		return slotPID
	case "Execution ThreadID":
		return slotTID
	case "Channel ":
		return slotChannel
	case "Computer ":
		return slotComputer
	case "Security UserID":
		return slotUser
	}
	return -1
}

func (b *builder) setSlot(element, attr string, parts []part) {
	if s := slotOf(element, attr); s >= 0 && len(parts) > 0 && !b.t.has[s] {
		b.t.slots[s], b.t.has[s] = parts[0], true
	}
}

// slotValue gives a slot's value: literal text, or a substitution.
func (d *decoder) slotValue(t *template, slot, base int) (string, value) {
	if !t.has[slot] {
		return "", value{}
	}
	p := t.slots[slot]
	if p.sub < 0 {
		return p.text, value{}
	}
	return "", d.val(base, p.sub)
}

func (d *decoder) slotString(t *template, slot, base int) string {
	s, v := d.slotValue(t, slot, base)
	if s != "" || v.null() {
		return s
	}
	d.scratch = v.append(d.scratch[:0], false)
	return d.intern(d.scratch)
}

func (d *decoder) slotUint(t *template, slot, base int) uint64 {
	s, v := d.slotValue(t, slot, base)
	if v.typ == typeString {
		s = d.slotString(t, slot, base)
	}
	if s != "" {
		n, _ := strconv.ParseUint(s, 0, 64)
		return n
	}
	return v.uint()
}

func (d *decoder) slotGUID(t *template, slot, base int) guid.GUID {
	s, v := d.slotValue(t, slot, base)
	if v.typ == typeGUID {
		return guid.FromLE(v.b)
	}
	if v.typ == typeString {
		s = d.slotString(t, slot, base)
	}
	g, _ := guid.Parse(s)
	return g
}

func (d *decoder) slotTime(t *template, slot, base int) time.Time {
	s, v := d.slotValue(t, slot, base)
	switch {
	case v.typ == typeFiletime && len(v.b) == 8:
		return winbin.Filetime(binary.LittleEndian.Uint64(v.b))
	case v.typ == typeSystemtime && len(v.b) == 16:
		return systemtime(v.b)
	}
	if v.typ == typeString {
		s = d.slotString(t, slot, base)
	}
	when, _ := time.Parse(time.RFC3339Nano, s)
	return when
}

// system fills what the System part says.
func (d *decoder) system(r *Record, t *template, base int) {
	r.Provider = d.slotString(t, slotProvider, base)
	r.ProviderGUID = d.slotGUID(t, slotGUID, base)
	r.EventID = uint16(d.slotUint(t, slotEventID, base))
	r.Qualifiers = uint16(d.slotUint(t, slotQualifiers, base))
	r.Version = uint8(d.slotUint(t, slotVersion, base))
	r.Level = uint8(d.slotUint(t, slotLevel, base))
	r.Task = uint16(d.slotUint(t, slotTask, base))
	r.Opcode = uint8(d.slotUint(t, slotOpcode, base))
	r.Keywords = d.slotUint(t, slotKeywords, base)
	r.Channel = d.slotString(t, slotChannel, base)
	r.Computer = d.slotString(t, slotComputer, base)
	r.PID = uint32(d.slotUint(t, slotPID, base))
	r.TID = uint32(d.slotUint(t, slotTID, base))
	r.UserSID = d.slotString(t, slotUser, base)
	r.ActivityID = d.slotGUID(t, slotActivity, base)
	if n := d.slotUint(t, slotNumber, base); n != 0 {
		r.Number = n
	}
	if when := d.slotTime(t, slotTime, base); !when.IsZero() {
		r.Time = when
	}
}
