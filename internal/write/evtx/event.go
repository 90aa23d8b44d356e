package evtx

import (
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/winbin"
)

// Value types (MS-EVEN6 2.2.12).
const (
	typeNull     = 0x00
	typeString   = 0x01
	typeUint8    = 0x04
	typeUint16   = 0x06
	typeInt32    = 0x07
	typeUint32   = 0x08
	typeUint64   = 0x0a
	typeBool     = 0x0d
	typeBinary   = 0x0e
	typeGUID     = 0x0f
	typeFiletime = 0x11
	typeSID      = 0x13
	typeHex32    = 0x14
	typeHex64    = 0x15
	typeBinXML   = 0x21
	typeStrings  = 0x81
)

// value is one substitution; inner stands for bytes that can be written only where they will stay.
type value struct {
	typ   byte
	b     []byte
	inner *Event
}

func encode(v any) (value, error) {
	le := binary.LittleEndian
	switch v := v.(type) {
	case nil:
		return value{}, nil
	case value:
		return v, nil
	case string:
		b := winbin.PutUTF16(v)
		if len(b) > 0xfffe {
			return value{}, fmt.Errorf("text of %d bytes is too long", len(b))
		}
		return value{typ: typeString, b: b}, nil
	case bool:
		b := make([]byte, 4)
		if v {
			b[0] = 1
		}
		return value{typ: typeBool, b: b}, nil
	case uint8:
		return value{typ: typeUint8, b: []byte{v}}, nil
	case uint16:
		return value{typ: typeUint16, b: le.AppendUint16(nil, v)}, nil
	case int32:
		return value{typ: typeInt32, b: le.AppendUint32(nil, uint32(v))}, nil
	case uint32:
		return value{typ: typeUint32, b: le.AppendUint32(nil, v)}, nil
	case uint64:
		return value{typ: typeUint64, b: le.AppendUint64(nil, v)}, nil
	case Hex32:
		return value{typ: typeHex32, b: le.AppendUint32(nil, uint32(v))}, nil
	case Hex64:
		return value{typ: typeHex64, b: le.AppendUint64(nil, uint64(v))}, nil
	case guid.GUID:
		return value{typ: typeGUID, b: v.LE()}, nil
	case time.Time:
		return value{typ: typeFiletime, b: stamp(v)}, nil
	case []byte:
		return value{typ: typeBinary, b: v}, nil
	}
	return value{}, fmt.Errorf("cannot encode a %T", v)
}

// event writes the BinXml of a record: the template of System with its values, the last of which is the inner
// fragment with the event's data.
func (c *chunk) event(e *Event, number uint64) error {
	vals, err := e.system(number)
	if err != nil {
		return err
	}
	c.fragment()
	c.instance(e.outer(), vals)
	c.u8(tokenEndOfStream)
	return nil
}

// outer is the template of an event without its data. The indexes are those of system.
func (e *Event) outer() element {
	provider := element{name: "Provider", attrs: []attr{{"Name", text(e.Provider)}}}
	if !e.ProviderGUID.IsZero() {
		g := "{" + strings.ToUpper(e.ProviderGUID.String()) + "}"
		provider.attrs = append(provider.attrs, attr{"Guid", text(g)})
	}
	leaf := func(name string, v content) element { return element{name: name, value: v} }
	with := func(name string, attrs ...attr) element { return element{name: name, attrs: attrs} }
	id := leaf("EventID", optional(3, typeUint16))
	id.attrs = []attr{{"Qualifiers", optional(4, typeUint16)}}
	system := element{name: "System", children: []element{
		provider, id,
		leaf("Version", optional(11, typeUint8)), leaf("Level", optional(0, typeUint8)),
		leaf("Task", optional(2, typeUint16)), leaf("Opcode", optional(1, typeUint8)),
		leaf("Keywords", optional(5, typeHex64)),
		with("TimeCreated", attr{"SystemTime", optional(6, typeFiletime)}),
		leaf("EventRecordID", optional(10, typeUint64)),
		with("Correlation", attr{"ActivityID", optional(7, typeGUID)}),
		with("Execution", attr{"ProcessID", optional(8, typeUint32)}, attr{"ThreadID", optional(9, typeUint32)}),
		leaf("Channel", text(e.Channel)), leaf("Computer", text(e.Computer)),
		with("Security", attr{"UserID", optional(12, typeSID)}),
	}}
	return element{
		name:     "Event",
		attrs:    []attr{{"xmlns", text("http://schemas.microsoft.com/win/2004/08/events/event")}},
		children: []element{system, {name: "", value: optional(13, typeBinXML)}},
	}
}

func (e *Event) system(number uint64) ([]value, error) {
	var qualifiers, activity any
	if e.Qualifiers != 0 {
		qualifiers = e.Qualifiers
	}
	if !e.ActivityID.IsZero() {
		activity = e.ActivityID
	}
	user := value{}
	if e.UserSID != "" {
		b, err := parseSID(e.UserSID)
		if err != nil {
			return nil, err
		}
		user = value{typ: typeSID, b: b}
	}
	inner := value{typ: typeBinXML, inner: e}
	vals := make([]value, 0, 14)
	for _, v := range []any{
		e.Level, e.Opcode, e.Task, e.ID, qualifiers, Hex64(e.Keywords), e.Time, activity, e.PID, e.TID, number, e.Version,
		user, inner,
	} {
		enc, err := encode(v)
		if err != nil {
			return nil, err
		}
		vals = append(vals, enc)
	}
	return vals, nil
}

// data is the template of the event's data, with its values.
func (e *Event) data() (element, []value) {
	if e.UserData.Element != "" {
		return e.UserData.fragment()
	}
	root := element{name: "EventData"}
	var vals []value
	row := -1 // index of the array that takes the fields without names
	for _, f := range e.Data {
		v, _ := encode(f.Value) // bound has tried it
		unnamed := f.Name == "" && v.typ == typeString
		if unnamed {
			v = value{typ: typeStrings, b: append(v.b, 0, 0)}
		}
		if unnamed && row >= 0 {
			vals[row].b = append(vals[row].b, v.b...)
			continue
		}
		if row = -1; unnamed {
			row = len(vals)
		}
		child := element{name: "Data", value: subst(len(vals), v.typ)}
		if f.Name == "Binary" {
			child.name = f.Name
		} else if f.Name != "" {
			child.attrs = []attr{{"Name", text(f.Name)}}
		}
		root.children = append(root.children, child)
		vals = append(vals, v)
	}
	return root, vals
}

func (u *UserData) fragment() (element, []value) {
	own := element{name: u.Element}
	if u.Namespace != "" {
		own.attrs = []attr{{"xmlns", text(u.Namespace)}}
	}
	var vals []value
	for _, f := range u.Fields {
		v, _ := encode(f.Value) // bound has tried it
		own.children = append(own.children, element{name: f.Name, value: subst(len(vals), v.typ)})
		vals = append(vals, v)
	}
	return element{name: "UserData", children: []element{own}}, vals
}
