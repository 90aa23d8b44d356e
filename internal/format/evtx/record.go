package evtx

import (
	"slices"
	"time"

	"github.com/redx-update/redx/internal/format"
	"github.com/redx-update/redx/internal/guid"
)

// Record is one event. What its System part does not state is zero.
type Record struct {
	Number  uint64    // EventRecordID
	Time    time.Time // TimeCreated, UTC; the time of writing where there is none
	Written time.Time // when the record was written to the log, UTC; zero when that is no time up to the year 9999
	Offset  int64     // where the record stands in the file, in bytes

	Provider     string // name, such as "Microsoft-Windows-WindowsUpdateClient" or "ESENT"
	ProviderGUID guid.GUID
	EventID      uint16
	Qualifiers   uint16 // the upper half of a classic event's identifier
	Version      uint8
	Level        uint8 // 1 critical, 2 error, 3 warning, 4 information, 5 verbose, 0 always
	Task         uint16
	Opcode       uint8
	Keywords     uint64
	Channel      string
	Computer     string
	PID, TID     uint32
	UserSID      string
	ActivityID   guid.GUID

	// Data is the event's own data in document order. From EventData: each Data by its Name; those without one are
	// named "param1", "param2" and so on by position, as in message texts. From UserData: each leaf element by its
	// element name, each attribute by its own.
	Data []Field

	d         *decoder
	step      uint64
	pos, size int
}

// Field is one value of an event. Values are text as Windows renders them: decimal or 0x-hexadecimal numbers as the
// provider declares them, GUIDs in braces and upper case, binary as upper-case hexadecimal, times as
// 2006-01-02T15:04:05.000000000Z, arrays joined by ", ".
type Field struct{ Name, Value string }

// Get gives the value of the first field with that name, or "".
func (r *Record) Get(name string) string {
	v, _ := r.Lookup(name)
	return v
}

// Lookup gives the value of the first field with that name, and whether there is one.
func (r *Record) Lookup(name string) (string, bool) {
	for i := range r.Data {
		if r.Data[i].Name == name {
			return r.Data[i].Value, true
		}
	}
	return "", false
}

// Clone gives a copy that stays valid when the iteration goes on. It can no longer be rendered as XML.
func (r *Record) Clone() *Record {
	c := *r
	c.Data, c.d = slices.Clone(r.Data), nil
	return &c
}

// AppendXML appends the whole event as XML without white space between elements. It works only during the record's
// own step of the iteration. On damage it appends what comes before it and gives a *format.Error.
func (r *Record) AppendXML(dst []byte) ([]byte, error) {
	if r.d == nil || r.d.step != r.step {
		return dst, format.At(r.Offset, "record %d is not the current one", r.Number)
	}
	return r.d.appendXML(dst, r)
}
