package bench

import (
	"bytes"
	"path/filepath"
	"testing"
	"time"

	"github.com/Velocidex/ordereddict"
	peer "www.velocidex.com/golang/evtx"

	"github.com/redx-update/redx/internal/format/evtx"
	"github.com/redx-update/redx/internal/testdata"
	write "github.com/redx-update/redx/internal/write/evtx"
)

// TestEVTXPeer holds the records of real logs, and of one of our writer's, against Velocidex's reader: none fewer, and
// the same number, event ID, provider and channel of each.
func TestEVTXPeer(t *testing.T) {
	for _, name := range []string{
		"Win10_Belkasoft_Microsoft-Windows-Bits-Client-Operational.evtx.gz",
		"Win10_Belkasoft_Microsoft-Windows-WindowsUpdateClient-Operational.evtx",
		"Win10_Rathbun_Setup.evtx", "Win10_Rathbun_System.evtx.gz", "Win10_omerbenamram_system.evtx.gz",
	} {
		t.Run(name, func(t *testing.T) { samePeerEvents(t, testdata.Open(t, filepath.Join("windows/evtx", name))) })
	}
	t.Run("written", func(t *testing.T) { samePeerEvents(t, written(t)) })
}

func written(t *testing.T) []byte {
	var events []write.Event
	for i := range 300 {
		events = append(events, write.Event{
			Provider: "Microsoft-Windows-WindowsUpdateClient", ID: uint16(19 + i%2), Channel: "System", Computer: "PC-17",
			Time: time.Date(2024, 3, 5, 7, 9, i, 0, time.UTC), UserSID: "S-1-5-18",
			Data: []write.Field{{Name: "errorCode", Value: write.Hex32(0x80070002)}, {Name: "updateTitle", Value: "An update"}},
		})
	}
	var b bytes.Buffer
	if err := write.Write(&b, events, write.Options{}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

type peerEvent struct {
	number            uint64
	id                uint64
	provider, channel string
}

func samePeerEvents(t *testing.T, b []byte) {
	want := peerEvents(t, b)
	log, err := evtx.Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	var got []peerEvent
	for r, err := range log.Records(nil) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, peerEvent{r.Number, uint64(r.EventID), r.Provider, r.Channel})
	}
	if len(got) < len(want) || len(want) == 0 {
		t.Fatalf("%d records, the peer has %d", len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("record %d is %+v, the peer has %+v", i, got[i], want[i])
		}
	}
}

func peerEvents(t *testing.T, b []byte) (events []peerEvent) {
	chunks, err := peer.GetChunks(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range chunks {
		records, err := c.Parse(0)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range records {
			events = append(events, peerSystem(t, r))
		}
	}
	return events
}

func peerSystem(t *testing.T, r *peer.EventRecord) peerEvent {
	e := peerEvent{number: r.Header.RecordID}
	event, ok := r.Event.(*ordereddict.Dict)
	if !ok {
		t.Fatalf("record %d: the peer gives a %T", e.number, r.Event)
	}
	system, _ := ordereddict.GetMap(event, "Event.System")
	e.provider, _ = ordereddict.GetString(system, "Provider.Name")
	e.channel, _ = ordereddict.GetString(system, "Channel")
	id, ok := ordereddict.GetInt(system, "EventID.Value")
	if !ok {
		id, _ = ordereddict.GetInt(system, "EventID")
	}
	e.id = uint64(id)
	return e
}
