package etl_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/format"
	"github.com/redx-update/redx/internal/format/etl"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/testdata"
	write "github.com/redx-update/redx/internal/write/etl"
)

var start = time.Date(2026, 3, 1, 7, 0, 0, 0, time.UTC)

const first = 3600e7 // the clock at start in what the writer makes

// trace gives a trace of one event, and the buffer that holds it, to be changed by a test.
func trace(t testing.TB, events ...write.Event) []byte {
	t.Helper()
	if len(events) == 0 {
		events = []write.Event{{Time: start.Add(time.Second), PID: 7, TID: 8, Component: "Agent", Text: "hello"}}
	}
	b, err := write.Encode(write.Trace{Start: start}, events)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// withRecord replaces the events of a trace by one record.
func withRecord(t testing.TB, rec []byte) []byte {
	t.Helper()
	b := trace(t)
	buf := b[4096:]
	for i := range buf[72:] {
		buf[72+i] = 0xff
	}
	copy(buf[72:], rec)
	binary.LittleEndian.PutUint32(buf[4:], uint32(72+len(rec)+7)&^7)
	return b
}

func open(t testing.TB, b []byte) *etl.File {
	t.Helper()
	f, err := etl.Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func all(f *etl.File) (events []etl.Event, errs []error) {
	for e, err := range f.Events() {
		if err != nil {
			errs = append(errs, err)
			continue
		}
		events = append(events, e)
	}
	return events, errs
}

func TestReal(t *testing.T) {
	for _, tt := range []struct {
		name        string
		events      int
		record      int
		want        etl.Event
		session     string
		firstToLast time.Duration
	}{
		{
			"windows/etl/WindowsUpdate.20251008.140245.443.8.etl", 80, 80, etl.Event{
				Record: 80, Offset: 27920, Time: time.Date(2025, 10, 8, 21, 13, 28, 993635000, time.UTC), PID: 11168, TID: 10232,
				Provider: write.WindowsUpdate, Level: 4, Component: "Shared", Text: "* END * Service exit Exit code = 0x240001",
			}, "WindowsUpdate_trace_log", 602*time.Second + 53263400,
		},
		{
			"windows/etl/SIH.20230422.034724.362.1.etl", 10, 9, etl.Event{
				Record: 9, Offset: 6352, Time: time.Date(2023, 4, 22, 10, 47, 45, 725541400, time.UTC), PID: 6412, TID: 3240,
				Provider: guid.MustParse("9906081d-e45a-4f46-ab14-e8613d1d01a8"), Level: 3, Component: "SIH",
				Text: "*FAILED* [80245108] DoWithCatchHResult caught",
			}, "SIH_trace_log", 21*time.Second + 253284200,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := open(t, testdata.Open(t, tt.name))
			events, errs := all(f)
			if len(events) != tt.events || len(errs) > 0 {
				t.Fatalf("%d events, want %d; errors %v", len(events), tt.events, errs)
			}
			got := events[tt.record-1]
			got.Provider, tt.want.Provider = guid.GUID{}, guid.GUID{}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("event (-want +got):\n%s", diff)
			}
			for _, e := range events {
				if e.Symbols || e.Component == "" || e.Text == "" || e.Time.Before(f.Info().Start) || e.Time.After(f.Info().End.Add(time.Second)) {
					t.Errorf("event %+v", e)
				}
			}
			if span := events[len(events)-1].Time.Sub(events[0].Time); span != tt.firstToLast {
				t.Errorf("from first to last %v, want %v", span, tt.firstToLast)
			}
			if s := f.Info().Session; s != tt.session {
				t.Errorf("session %q, want %q", s, tt.session)
			}
		})
	}
}

func TestNotATrace(t *testing.T) {
	for _, b := range [][]byte{nil, []byte("MSCF"), make([]byte, 8192), bytes.Repeat([]byte{0xff}, 8192)} {
		if _, err := etl.Open(bytes.NewReader(b), int64(len(b))); !errors.Is(err, format.ErrNotThis) {
			t.Errorf("%d bytes: %v, want ErrNotThis", len(b), err)
		}
	}
}

// TestClocks changes the clock of a trace and sees whether its event still has its time.
func TestClocks(t *testing.T) {
	const head = 72 + 32
	want := start.Add(time.Second)
	for _, tt := range []struct {
		name string
		make func(head, event []byte)
	}{
		{"QPC at 10 MHz", func(_, _ []byte) {}},
		{"QPC at 3 MHz", func(h, e []byte) {
			binary.LittleEndian.PutUint64(h[256:], 3e6)
			binary.LittleEndian.PutUint64(e[16:], first+3e6)
		}},
		{"system time", func(h, e []byte) {
			binary.LittleEndian.PutUint32(h[272:], 2)
			binary.LittleEndian.PutUint64(e[16:], binary.LittleEndian.Uint64(h[264:])+1e7)
		}},
		{"cycles at 2 GHz", func(h, e []byte) {
			binary.LittleEndian.PutUint32(h[272:], 3)
			binary.LittleEndian.PutUint32(h[52:], 2000)
			binary.LittleEndian.PutUint64(e[16:], first+2e9)
		}},
		{"32-bit writer", func(h, _ []byte) {
			binary.LittleEndian.PutUint32(h[44:], 4)
			copy(h[240:], bytes.Clone(h[248:280]))
		}},
	} {
		b := trace(t)
		tt.make(b[head:], b[4096+72:])
		events, errs := all(open(t, b))
		if len(errs) > 0 || len(events) != 1 || !events[0].Time.Equal(want) {
			t.Errorf("%s: %+v %v, want the time %v", tt.name, events, errs, want)
		}
	}
	b := trace(t, write.Event{Time: start.Add(-time.Minute), Text: "x"})
	if events, _ := all(open(t, b)); !events[0].Time.Equal(start.Add(-time.Minute)) {
		t.Errorf("before the start: %v", events[0].Time)
	}
}

// foreign makes one event of each kind that cannot be decoded from the file alone.
func foreign(id guid.GUID) (wpp, manifest, classic []byte) {
	le := binary.LittleEndian
	wpp = make([]byte, 8+4+16+8+8+5)
	le.PutUint16(wpp, uint16(len(wpp)))
	wpp[3] = 0x90
	le.PutUint16(wpp[6:], 1|2|8|32)
	copy(wpp[12:], id.LE())
	le.PutUint64(wpp[28:], first)
	le.PutUint32(wpp[36:], 8)
	le.PutUint32(wpp[40:], 7)
	manifest = make([]byte, 96)
	manifest[0], manifest[2], manifest[3], manifest[44] = 96, 0x13, 0xc0, 2
	le.PutUint32(manifest[8:], 8)
	le.PutUint32(manifest[12:], 7)
	le.PutUint64(manifest[16:], first)
	copy(manifest[24:], id.LE())
	classic = make([]byte, 56)
	classic[0], classic[2], classic[3], classic[5] = 56, 0x14, 0xc0, 2
	copy(classic[8:40], manifest[8:40])
	return wpp, manifest, classic
}

func TestNeedsMore(t *testing.T) {
	id := guid.MustParse("01020304-0506-0708-090a-0b0c0d0e0f10")
	wpp, manifest, classic := foreign(id)
	for _, tt := range []struct {
		rec      []byte
		kind     etl.Kind
		level    uint8
		symbols  int
		manifest int
	}{
		{wpp, etl.WPP, 0, 1, 0},
		{manifest, etl.Manifest, 2, 0, 1},
		{classic, etl.Classic, 2, 1, 0},
	} {
		t.Run(tt.kind.String(), func(t *testing.T) {
			f := open(t, withRecord(t, tt.rec))
			events, errs := all(f)
			want := []etl.Event{{
				Record: 1, Offset: 4096 + 72, Time: start, PID: 7, TID: 8, Provider: id, Level: tt.level, Kind: tt.kind, Symbols: true,
			}}
			if diff := cmp.Diff(want, events); diff != "" || len(errs) > 0 {
				t.Errorf("events (-want +got):\n%s%v", diff, errs)
			}
			c := f.Count()
			if c.Events != 1 || c.Decoded != 0 || c.Symbols[id] != tt.symbols || c.Manifest[id] != tt.manifest || c.Skipped != 1 {
				t.Errorf("counts %+v", c)
			}
			if !errors.Is(c.Err(), etl.ErrSymbols) {
				t.Errorf("Err is %v", c.Err())
			}
		})
	}
	if err := open(t, trace(t)).Count().Err(); err != nil {
		t.Errorf("a decoded trace: %v", err)
	}
}

func TestCompressed(t *testing.T) {
	b := trace(t)
	b[4096+52] |= 0x40
	events, errs := all(open(t, b))
	if len(events) != 0 || len(errs) != 1 || !errors.Is(errs[0], etl.ErrCompressed) {
		t.Errorf("%v %v, want ErrCompressed", events, errs)
	}
	b[72+32+35] |= 4
	if !open(t, b).Info().Compressed {
		t.Error("the head of the trace says that it is compressed, Info does not")
	}
}

// TestDamage damages the first of two buffers of events and wants those of the second.
func TestDamage(t *testing.T) {
	var events []write.Event
	for range 40 {
		events = append(events, write.Event{Time: start, Component: "Agent", Text: "some text of an event"})
	}
	for name, harm := range map[string]func(buf []byte){
		"record length 0":   func(b []byte) { b[72], b[73] = 0, 0 },
		"record too long":   func(b []byte) { b[72], b[73] = 0xf0, 0xff },
		"unknown kind":      func(b []byte) { b[74] = 0x77 },
		"extended items":    func(b []byte) { b[72+80] = 3 },
		"name without end":  func(b []byte) { copy(b[72+80+32+8:], bytes.Repeat([]byte{'x'}, 16)) },
		"buffer size":       func(b []byte) { b[1] = 0x20 },
		"more than a whole": func(b []byte) { b[5] = 0x20 },
	} {
		b := trace(t, events...)
		harm(b[4096:8192])
		got, errs := all(open(t, b))
		if len(errs) != 1 {
			t.Errorf("%s: errors %v, want one", name, errs)
		}
		if n := len(got); n == 0 || n == 40 || got[n-1].Offset < 8192 {
			t.Errorf("%s: %d events", name, n)
		}
	}
	b := trace(t, events...)
	cut := b[:len(b)-4000]
	if got, errs := all(open(t, cut)); len(errs) == 0 || len(got) == 0 {
		t.Errorf("cut short: %d events, errors %v", len(got), errs)
	}
	if got, errs := all(open(t, append(b, make([]byte, 4096)...))); len(errs) > 0 || len(got) != 40 {
		t.Errorf("unused buffer: %d events, errors %v", len(got), errs)
	}
}

// TestUsed has a buffer that says it uses more bytes than it has, up to what is no length on a small machine.
func TestUsed(t *testing.T) {
	for _, used := range []uint32{1 << 20, 1 << 31, 1<<32 - 1} {
		b := trace(t)
		binary.LittleEndian.PutUint32(b[4:], used)
		_, errs := all(open(t, b))
		if len(errs) != 1 || !strings.Contains(errs[0].Error(), "in use") {
			t.Errorf("%d: got %v", used, errs)
		}
	}
}
