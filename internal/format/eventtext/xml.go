package eventtext

import (
	"encoding/xml"
	"strconv"
	"strings"
	"time"

	"github.com/redx-update/redx/internal/format/evtx"
)

// startsXML reports the head of an event as Event Viewer and wevtutil write it.
func startsXML(text string) bool {
	i := strings.Index(text, "<Event ")
	return i >= 0 && strings.Contains(text[i:], "schemas.microsoft.com/win/2004/08/events/event")
}

// xmlEvent is the part of an event's XML that is used.
type xmlEvent struct {
	System struct {
		Provider struct {
			Name string `xml:"Name,attr"`
		}
		EventID string
		Time    struct {
			At string `xml:"SystemTime,attr"`
		} `xml:"TimeCreated"`
	}
	Data []struct {
		Name string `xml:"Name,attr"`
		Text string `xml:",chardata"`
	} `xml:"EventData>Data"`
	User struct {
		Fields []xmlField `xml:",any"`
	} `xml:"UserData"`
}

// xmlField is an element of UserData: what it holds, or its text.
type xmlField struct {
	XMLName xml.Name
	Text    string     `xml:",chardata"`
	Inner   []xmlField `xml:",any"`
}

// maxFields is far more than any event has.
const maxFields = 256

func readXML(line int, text string) (Record, bool) {
	var e xmlEvent
	if xml.Unmarshal([]byte(text), &e) != nil {
		return Record{}, false
	}
	id, _ := strconv.ParseUint(strings.TrimSpace(e.System.EventID), 10, 16)
	rec := evtx.Record{Provider: e.System.Provider.Name, EventID: uint16(id)}
	if !known(rec.Provider, rec.EventID) {
		return Record{}, false
	}
	if at, err := time.Parse(time.RFC3339Nano, e.System.Time.At); err == nil {
		rec.Time = at.UTC()
	}
	for i, d := range e.Data[:min(len(e.Data), maxFields)] {
		name := d.Name
		if name == "" {
			name = "param" + strconv.Itoa(i+1)
		}
		rec.Data = append(rec.Data, evtx.Field{Name: name, Value: strings.TrimSpace(d.Text)})
	}
	for _, f := range e.User.Fields {
		rec.Data = leaves(rec.Data, f.Inner, 0)
	}
	return Record{Line: line, Record: rec}, true
}

// leaves gives the elements that hold no others.
func leaves(out []evtx.Field, in []xmlField, deep int) []evtx.Field {
	const deepest = 8
	for _, f := range in {
		switch {
		case len(out) >= maxFields || deep > deepest:
			return out
		case len(f.Inner) > 0:
			out = leaves(out, f.Inner, deep+1)
		default:
			out = append(out, evtx.Field{Name: f.XMLName.Local, Value: strings.TrimSpace(f.Text)})
		}
	}
	return out
}
