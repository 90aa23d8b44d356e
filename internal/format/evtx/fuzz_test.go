package evtx_test

import (
	"bytes"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/redx-update/redx/internal/format/evtx"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/testdata"
	write "github.com/redx-update/redx/internal/write/evtx"
)

// FuzzOpen walks all that the reader offers, and bounds what comes out for each byte that goes in.
func FuzzOpen(f *testing.F) {
	f.Add(fixture(f, write.Options{PerChunk: 6, Dirty: true, HeaderChunks: 1, BadRecord: []int{0}, Lag: []int{1}}))
	seeds(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		log, err := evtx.Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		// A record takes at least 28 bytes, and costs at most its share of the budget in the decoder.
		const perByte, perRecord = 64, 512 << 10
		steps := 0
		for _, want := range []evtx.Filter{nil, {"Microsoft-Windows-WindowsUpdateClient": {19, 20}}} {
			for r, err := range log.Records(want) {
				if r == nil && err == nil {
					t.Fatal("neither a record nor an error")
				}
				if steps++; steps > len(b)+64 {
					t.Fatal("more steps than bytes")
				}
				if r != nil {
					check(t, r, perRecord+perByte*len(b))
				}
			}
		}
		for r := range log.Stale(nil) {
			check(t, r, perRecord+perByte*len(b))
		}
	})
}

// seeds adds the first and the last chunk of each real log, one by one: whole logs of a megabyte leave no time to try
// anything.
func seeds(f *testing.F) {
	if os.Getenv(testdata.Env) == "" {
		return
	}
	const head, chunk = 4096, 65536
	for _, name := range samples {
		b := testdata.Open(f, name)
		last := head
		for off := head; off+chunk <= len(b) && b[off] != 0; off += chunk {
			last = off
		}
		f.Add(b[:head+chunk])
		f.Add(slices.Concat(b[:head], b[last:last+chunk]))
	}
}

func check(t *testing.T, r *evtx.Record, limit int) {
	size := 0
	for _, f := range r.Data {
		size += len(f.Value)
	}
	x, _ := r.AppendXML(nil)
	if size > limit || len(x) > limit {
		t.Fatalf("record %d: %d bytes of data and %d of XML", r.Number, size, len(x))
	}
}

// fixture is a small log with events of each shape.
func fixture(t testing.TB, o write.Options) []byte {
	t.Helper()
	var events []write.Event
	for i := range 12 {
		e := write.Event{
			Provider: "Microsoft-Windows-WindowsUpdateClient", ID: 20, Level: 2, Channel: "System", Computer: "PC-17", PID: 4711,
			Time: time.Date(2024, 3, 5, 7, 9, i, 0, time.UTC), UserSID: "S-1-5-18",
			ProviderGUID: guid.MustParse("945a8954-c147-4acd-923f-40c45405a658"),
			Data: []write.Field{
				{Name: "errorCode", Value: write.Hex32(0x80070002)},
				{Name: "updateTitle", Value: "Update <1> & \"2\""},
				{Name: "updateGuid", Value: guid.MustParse("00112233-4455-6677-8899-aabbccddeeff")},
			},
		}
		switch i % 3 {
		case 1:
			e.Provider, e.ID, e.Data = "ESENT", 454, []write.Field{{Value: "svchost"}, {Value: "-546"}, {Name: "Binary", Value: []byte{1}}}
		case 2:
			e.Provider, e.ID, e.Data = "Microsoft-Windows-Servicing", 3, nil
			e.UserData = write.UserData{Element: "CbsPackageChangeState", Fields: []write.Field{{Name: "ErrorCode", Value: "0x1"}}}
		}
		events = append(events, e)
	}
	var b bytes.Buffer
	if err := write.Write(&b, events, o); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
