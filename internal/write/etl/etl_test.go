package etl_test

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	read "github.com/redx-update/redx/internal/format/etl"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/testdata"
	write "github.com/redx-update/redx/internal/write/etl"
)

// firstRecord is where the first event stands in what Encode writes: behind the header buffer.
const firstRecord = 4096 + 72

// TestRealBytes takes every event of the real traces apart, writes its values, and compares with its bytes.
func TestRealBytes(t *testing.T) {
	for name, trace := range map[string]write.Trace{
		"windows/etl/WindowsUpdate.20251008.140245.443.8.etl": {},
		"windows/etl/SIH.20230422.034724.362.1.etl":           {Traits: "SIHTraceLogging"},
	} {
		t.Run(name, func(t *testing.T) {
			raw := testdata.Open(t, name)
			f, err := read.Open(bytes.NewReader(raw), int64(len(raw)))
			if err != nil {
				t.Fatal(err)
			}
			trace.Start = f.Info().Start
			trace.First = binary.LittleEndian.Uint64(raw[72+16:])
			n := 0
			for e, err := range f.Events() {
				if err != nil {
					t.Fatal(err)
				}
				n++
				trace.Provider = e.Provider
				rec := raw[e.Offset:]
				want := rec[:binary.LittleEndian.Uint16(rec)]
				out, err := write.Encode(trace, []write.Event{{
					Time: e.Time, PID: e.PID, TID: e.TID, Component: e.Component, Text: e.Text, Level: e.Level,
					Processor: binary.LittleEndian.Uint64(rec[56:]),
				}})
				if err != nil {
					t.Fatal(err)
				}
				if got := out[firstRecord : firstRecord+len(want)]; !bytes.Equal(got, want) {
					t.Errorf("event %d:\n got %x\nwant %x", e.Record, got, want)
				}
			}
			if n == 0 {
				t.Error("no events")
			}
		})
	}
}

func TestRoundTrip(t *testing.T) {
	start := time.Date(2026, 3, 1, 7, 0, 0, 1234500, time.UTC)
	var events []write.Event
	for i := range 50 {
		events = append(events, write.Event{
			Time: start.Add(time.Duration(i) * 1234567 * time.Microsecond), PID: 4242, TID: uint32(i),
			Component: "Agent", Text: strings.Repeat("é€🙂 ", i) + "*FAILED* [80070002]", Level: 3,
		})
	}
	b, err := write.Encode(write.Trace{Start: start, LogFile: `C:\Windows\Logs\x.etl`}, events)
	if err != nil {
		t.Fatal(err)
	}
	f, err := read.Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	var got []write.Event
	for e, err := range f.Events() {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, write.Event{Time: e.Time, PID: e.PID, TID: e.TID, Component: e.Component, Text: e.Text, Level: e.Level})
		if e.Provider != write.WindowsUpdate || e.Record != len(got) {
			t.Errorf("event %d: record %d of provider %v", len(got), e.Record, e.Provider)
		}
	}
	if diff := cmp.Diff(events, got); diff != "" {
		t.Errorf("events (-written +read):\n%s", diff)
	}
	info := f.Info()
	if info.Session != "WindowsUpdate_trace_log" || info.LogFile != `C:\Windows\Logs\x.etl` || !info.Start.Equal(start) ||
		!info.End.Equal(events[49].Time) || info.Buffers*info.BufferSize != len(b) {
		t.Errorf("info: %+v for %d bytes", info, len(b))
	}
}

func TestEncodeRefuses(t *testing.T) {
	for name, e := range map[string]write.Event{
		"too long": {Text: strings.Repeat("x", 2000)},
		"NUL":      {Text: "a\x00b"},
	} {
		if _, err := write.Encode(write.Trace{Provider: guid.GUID{1}}, []write.Event{e}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := write.Encode(write.Trace{LogFile: strings.Repeat("x", 4096)}, nil); err == nil {
		t.Error("long name: no error")
	}
}
