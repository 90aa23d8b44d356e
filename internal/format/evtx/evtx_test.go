package evtx_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/format"
	"github.com/redx-update/redx/internal/format/evtx"
	write "github.com/redx-update/redx/internal/write/evtx"
)

const (
	head  = 4096
	chunk = 65536
)

// read gives the numbers of the records and the texts of the damage.
func read(t testing.TB, b []byte, want evtx.Filter) (numbers []uint64, damage []string) {
	t.Helper()
	f, err := evtx.Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	for r, err := range f.Records(want) {
		if err != nil {
			var e *format.Error
			if !errors.As(err, &e) {
				t.Errorf("%v is no *format.Error", err)
			}
			damage = append(damage, err.Error())
		}
		if r != nil {
			numbers = append(numbers, r.Number)
		}
	}
	return numbers, damage
}

func upTo(n uint64, without ...uint64) (numbers []uint64) {
	for i := uint64(1); i <= n; i++ {
		if !slices.Contains(without, i) {
			numbers = append(numbers, i)
		}
	}
	return numbers
}

func TestDamage(t *testing.T) {
	cut := func(b []byte) []byte { return b[:head+chunk+1024] }
	zero := func(from, n int) func([]byte) []byte {
		return func(b []byte) []byte { clear(b[from : from+n]); return b }
	}
	for _, tc := range []struct {
		name   string
		o      write.Options
		change func([]byte) []byte
		want   []uint64
		damage []string
	}{
		{"sound", write.Options{PerChunk: 4}, nil, upTo(12), nil},
		{"reserved chunks", write.Options{Reserved: 3}, nil, upTo(12), nil},
		{"dirty, header lags", write.Options{PerChunk: 4, Dirty: true, HeaderChunks: 1}, nil, upTo(12), nil},
		{"chunk header lags", write.Options{PerChunk: 4, Dirty: true, Lag: []int{1, 2}}, nil, upTo(12), nil},
		{"checksums", write.Options{PerChunk: 6, BadChecksum: []int{0}}, nil, upTo(12), []string{
			"offset 0x1000: chunk header checksum is wrong", "offset 0x1000: checksum of the chunk's records is wrong",
		}},
		{"record header", write.Options{PerChunk: 6, BadRecord: []int{1}}, nil, upTo(12, 8), []string{
			"offset 0x11000: checksum of the chunk's records is wrong", "no whole record where one should be",
		}},
		{"file header", write.Options{}, zero(8, 1), upTo(12), nil},
		{"no file header", write.Options{}, zero(0, head), upTo(12), []string{"offset 0x0: file header is damaged"}},
		{"no chunk header", write.Options{}, zero(head, 128), upTo(12), []string{"offset 0x1000: chunk has no signature"}},
		{"impossible end", write.Options{}, zero(head+48, 4), upTo(12), []string{
			"chunk header checksum is wrong", "impossible end of records", "no whole record where one should be",
		}},
		{"cut", write.Options{PerChunk: 6}, cut, upTo(6), []string{"chunk is cut off", "no whole record"}},
		{"cut in a chunk header", write.Options{PerChunk: 6}, func(b []byte) []byte { return b[:head+chunk+100] }, upTo(6), []string{
			"chunk is cut off inside its header",
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := fixture(t, tc.o)
			if tc.change != nil {
				b = tc.change(b)
			}
			got, damage := read(t, b, nil)
			if d := cmp.Diff(tc.want, got); d != "" {
				t.Errorf("records -want +got\n%s", d)
			}
			if len(damage) < len(tc.damage) || len(tc.damage) == 0 && len(damage) > 0 {
				t.Fatalf("damage %q, want %q", damage, tc.damage)
			}
			for i := range tc.damage {
				if !strings.Contains(damage[i], tc.damage[i]) {
					t.Errorf("damage %q, want %q", damage[i], tc.damage[i])
				}
			}
		})
	}
}

func TestNotThis(t *testing.T) {
	for _, b := range [][]byte{nil, []byte("ElfFile"), make([]byte, 2*chunk), []byte("LfLe")} {
		if _, err := evtx.Open(bytes.NewReader(b), int64(len(b))); !errors.Is(err, format.ErrNotThis) {
			t.Errorf("%.8q: %v, want ErrNotThis", b, err)
		}
	}
}

func TestHeader(t *testing.T) {
	b := fixture(t, write.Options{PerChunk: 4, Dirty: true, HeaderChunks: 2})
	f, err := evtx.Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	want := evtx.Header{LastChunk: 1, NextRecord: 9, Major: 3, Minor: 1, Chunks: 2, Dirty: true, ChecksumOK: true}
	if f.Header != want {
		t.Errorf("got %+v, want %+v", f.Header, want)
	}
}

// TestFilter also has the data of the unwanted events damaged, which must not be looked at.
func TestFilter(t *testing.T) {
	b := fixture(t, write.Options{})
	name := []byte("B\x00i\x00n\x00a\x00r\x00y\x00") // of ESENT's template
	b = bytes.Replace(b, name, bytes.Repeat([]byte("<\x00"), len(name)/2), 1)
	if _, damage := read(t, b, nil); len(damage) < 4 {
		t.Fatalf("damage %q, want that of four records", damage)
	}
	const provider = "Microsoft-Windows-WindowsUpdateClient"
	for _, tc := range []struct {
		want evtx.Filter
		got  []uint64
	}{
		{evtx.Filter{}, nil},
		{evtx.Filter{provider: nil}, []uint64{1, 4, 7, 10}},
		{evtx.Filter{provider: {19, 20}}, []uint64{1, 4, 7, 10}},
		{evtx.Filter{provider: {19}, "Microsoft-Windows-Servicing": {3}}, []uint64{3, 6, 9, 12}},
	} {
		got, damage := read(t, b, tc.want)
		if d := cmp.Diff(tc.got, got); d != "" {
			t.Errorf("%v: -want +got\n%s", tc.want, d)
		}
		for _, what := range damage {
			if !strings.Contains(what, "checksum") {
				t.Errorf("%v: unwanted record was looked at: %s", tc.want, what)
			}
		}
	}
}

// TestStale puts the end of the records before the last ones, and older numbers behind it.
func TestStale(t *testing.T) {
	b := fixture(t, write.Options{First: 100, Lag: []int{0}})
	last := bytes.LastIndex(b, []byte("**\x00\x00"))
	b[last+8] = 50
	f, err := evtx.Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for r, err := range f.Stale(nil) {
		got = append(got, fmt.Sprint(r.Provider, " ", r.EventID, " ", r.Offset == int64(last), " ", err))
	}
	if want := []string{"Microsoft-Windows-Servicing 3 true <nil>"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if numbers, _ := read(t, b, nil); len(numbers) != 11 {
		t.Errorf("live records %v, want 11", numbers)
	}
}

func TestKeep(t *testing.T) {
	b := fixture(t, write.Options{})
	var kept []*evtx.Record
	var want []string
	for r := range records(t, b, nil) {
		kept = append(kept, r.Clone())
		want = append(want, fmt.Sprint(r.Number, r.Data))
	}
	for i, r := range kept {
		if got := fmt.Sprint(r.Number, r.Data); got != want[i] {
			t.Errorf("kept %s, want %s", got, want[i])
		}
		if _, err := r.AppendXML(nil); err == nil {
			t.Error("a copy renders as XML")
		}
	}
}

func TestXML(t *testing.T) {
	for r := range records(t, fixture(t, write.Options{}), nil) {
		got, err := r.AppendXML([]byte("> "))
		if err != nil {
			t.Fatal(err)
		}
		const want = `> <Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event"><System>` +
			`<Provider Name="Microsoft-Windows-WindowsUpdateClient" Guid="{945A8954-C147-4ACD-923F-40C45405A658}"/>` +
			`<EventID>20</EventID><Version>0</Version><Level>2</Level><Task>0</Task><Opcode>0</Opcode><Keywords>0x0</Keywords>` +
			`<TimeCreated SystemTime="2024-03-05T07:09:00.000000000Z"/><EventRecordID>1</EventRecordID><Correlation/>` +
			`<Execution ProcessID="4711" ThreadID="0"/><Channel>System</Channel><Computer>PC-17</Computer>` +
			`<Security UserID="S-1-5-18"/></System><EventData><Data Name="errorCode">0x80070002</Data>` +
			`<Data Name="updateTitle">Update &lt;1&gt; &amp; &quot;2&quot;</Data>` +
			`<Data Name="updateGuid">{00112233-4455-6677-8899-AABBCCDDEEFF}</Data></EventData></Event>`
		if d := cmp.Diff(want, string(got)); d != "" {
			t.Errorf("-want +got\n%s", d)
		}
		return
	}
	t.Error("no record")
}

// TestGarbage bounds what a record costs the collector, so that memory does not grow with the log.
func TestGarbage(t *testing.T) {
	b := fixture(t, write.Options{})
	all := bytes.Clone(b)
	for range 50 {
		all = append(all, b[head:]...)
	}
	f, err := evtx.Open(bytes.NewReader(all), int64(len(all)))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	allocs := testing.AllocsPerRun(3, func() {
		n = 0
		for range f.Records(nil) {
			n++
		}
	})
	// Each chunk's four templates are made anew, so 12 records share about 250.
	if per := allocs / float64(n); n != 51*12 || per > 30 {
		t.Errorf("%d records cost %.0f allocations each, want at most 30", n, per)
	}
}

// badSector fails at all that lies behind a place.
type badSector struct {
	io.ReaderAt
	at  int64
	err error
}

func (r badSector) ReadAt(b []byte, off int64) (int, error) {
	if left := r.at - off; left < int64(len(b)) {
		n, _ := r.ReaderAt.ReadAt(b[:max(left, 0)], off)
		return n, r.err
	}
	return r.ReaderAt.ReadAt(b, off)
}

// TestBadSector reads a chunk of which the disk gives a part: its records are read, and why there are no more is told.
func TestBadSector(t *testing.T) {
	b := fixture(t, write.Options{PerChunk: 6})
	const second = 4096 + 65536
	disk := errors.New("disk")
	log, err := evtx.Open(badSector{bytes.NewReader(b), second + 3000, disk}, int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	records, told := 0, false
	for r, err := range log.Records(nil) {
		if r != nil {
			records++
		}
		told = told || errors.Is(err, disk)
	}
	if records <= 6 || records >= 12 || !told {
		t.Errorf("%d records, told of the disk: %v", records, told)
	}
}
