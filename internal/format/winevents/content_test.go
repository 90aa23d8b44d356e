package winevents_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/format/evtx"
	"github.com/redx-update/redx/internal/format/winevents"
)

func TestContent(t *testing.T) {
	const path = `E:\WSUS\WsusContent\3C\6D1C.cab`
	text := func(reason string) []evtx.Field {
		return []evtx.Field{{Value: "Content file download failed. Reason: " + reason + " Source File: /d/a-kb5034123.cab Destination File: " + path + " "}}
	}
	for name, tt := range map[string]struct {
		rec  evtx.Record
		want winevents.Event
	}{
		"not there": {
			evtx.Record{Provider: winevents.UpdateServices, EventID: 364, Data: text("HTTP status 404: x.")},
			winevents.Event{Kind: winevents.ContentFailed, Code: 0x80190194, Subject: path, Text: "The update server could not get /d/a-kb5034123.cab (0x80190194)"},
		},
		"for another reason": {
			evtx.Record{Provider: winevents.UpdateServices, EventID: 364, Data: text("Access is denied.")},
			winevents.Event{Kind: winevents.ContentFailed, Subject: path, Text: "The update server could not get /d/a-kb5034123.cab"},
		},
		"an emptied queue": {
			evtx.Record{Provider: winevents.BitsClient, EventID: 16391},
			winevents.Event{Kind: winevents.QueueCleared, Text: "The queue of transfers could not be read, and was emptied"},
		},
	} {
		got, ok := winevents.Interpret(&tt.rec)
		got.Update = tt.want.Update
		if diff := cmp.Diff(tt.want, got); diff != "" || !ok {
			t.Errorf("%s: %v %s", name, ok, diff)
		}
	}
}
