package lab

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/write/evtx"
)

// eventLogFile is the readable form of an event log. Data are pairs of name and value; a value that looks like a
// code, a number or a GUID is written as one.
type eventLogFile struct {
	Channel  string
	Computer string
	Event    []struct {
		Provider string
		ID       uint16
		Level    uint8
		Version  uint8
		Time     time.Time
		Data     [][2]string
		// UserData names the element that takes the place of EventData, as the servicing provider has it.
		UserData string `toml:"user_data"`
	}
}

// providers are the identities of the providers that scenarios write for (observed in real event logs).
var providers = map[string]guid.GUID{
	"Microsoft-Windows-WindowsUpdateClient": guid.MustParse("945a8954-c147-4acd-923f-40c45405a658"),
	"Microsoft-Windows-Bits-Client":         guid.MustParse("ef1cc15b-46c1-414e-bb95-e76b077bd51e"),
	"Microsoft-Windows-Servicing":           guid.MustParse("bd12f3b8-fc40-4a61-a307-b7a013a069c1"),
}

func eventLog(_ string, data []byte) ([]byte, error) {
	var in eventLogFile
	if err := strictTOML(data, &in); err != nil {
		return nil, err
	}
	var events []evtx.Event
	for _, e := range in.Event {
		level := e.Level
		if level == 0 {
			level = 4
		}
		out := evtx.Event{
			Provider: e.Provider, ProviderGUID: providers[e.Provider], ID: e.ID, Level: level, Version: e.Version,
			Time: e.Time.UTC(), Channel: in.Channel, Computer: in.Computer, PID: 1204, TID: 4410,
		}
		for _, d := range e.Data {
			out.Data = append(out.Data, evtx.Field{Name: d[0], Value: eventValue(d[1])})
		}
		if e.UserData != "" {
			out.UserData = evtx.UserData{
				Element: e.UserData, Fields: out.Data,
				Namespace: "http://manifests.microsoft.com/win/2004/08/windows/setup_provider",
			}
			out.Data = nil
		}
		events = append(events, out)
	}
	var out bytes.Buffer
	err := evtx.Write(&out, events, evtx.Options{})
	return out.Bytes(), err
}

func eventValue(s string) any {
	if strings.HasPrefix(s, "0x") && len(s) <= 10 {
		if n, err := strconv.ParseUint(s[2:], 16, 32); err == nil {
			return evtx.Hex32(n)
		}
	}
	if n, err := strconv.ParseUint(s, 10, 32); err == nil {
		return uint32(n)
	}
	if g, err := guid.Parse(s); err == nil {
		return g
	}
	return s
}

// strictTOML refuses keys that it does not know, with their place, so that a scenario cannot silently say nothing.
func strictTOML(data []byte, into any) error {
	meta, err := toml.Decode(string(data), into)
	if err != nil {
		return err
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return fmt.Errorf("unknown key %s", unknown[0])
	}
	return nil
}
