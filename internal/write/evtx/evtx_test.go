package evtx_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	read "github.com/redx-update/redx/internal/format/evtx"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/testdata"
	"github.com/redx-update/redx/internal/write/evtx"
)

var when = time.Date(2024, 3, 5, 7, 9, 11, 123456700, time.UTC)

// log has an event of each shape: typed EventData, UserData, classic strings, and none.
func log(n int) []evtx.Event {
	var events []evtx.Event
	for i := range n {
		e := evtx.Event{
			Provider: "Microsoft-Windows-WindowsUpdateClient", ID: 20, Level: 2, Time: when.Add(time.Duration(i) * time.Second),
			ProviderGUID: guid.MustParse("945a8954-c147-4acd-923f-40c45405a658"), Keywords: 0x8000000000000028,
			Channel: "System", Computer: "PC-17", PID: 4711, TID: 815, UserSID: "S-1-5-18",
			Data: []evtx.Field{
				{Name: "errorCode", Value: evtx.Hex32(0x80070002)},
				{Name: "updateTitle", Value: "Fix <&> \"№\" \U0001f600"},
				{Name: "updateGuid", Value: guid.MustParse("00112233-4455-6677-8899-aabbccddeeff")},
				{Name: "updateRevisionNumber", Value: uint32(200)},
			},
		}
		switch i % 4 {
		case 1:
			e.Provider, e.ID, e.Channel, e.Data = "Microsoft-Windows-Servicing", 3, "Setup", nil
			e.UserData = evtx.UserData{Element: "CbsPackageChangeState", Namespace: "urn:setup", Fields: []evtx.Field{
				{Name: "PackageIdentifier", Value: "KB5005716"},
				{Name: "ErrorCode", Value: "0x800f081f"},
				{Name: "Client", Value: "WindowsUpdateAgent"},
			}}
		case 2:
			e.Provider, e.ProviderGUID, e.ID, e.Qualifiers, e.UserSID = "ESENT", guid.GUID{}, 454, 0xc000, ""
			e.Data = []evtx.Field{{Value: "svchost"}, {Value: "4711,R,98"}, {}, {Value: "-546"}, {Name: "Binary", Value: []byte{1, 0xab}}}
			e.Data[2].Value = ""
		case 3:
			e.ID, e.Data, e.ActivityID = 27, nil, guid.MustParse("00112233-4455-6677-8899-aabbccddeeff")
		}
		events = append(events, e)
	}
	return events
}

func write(t testing.TB, events []evtx.Event, o evtx.Options) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := evtx.Write(&b, events, o); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestReadBack(t *testing.T) {
	b := write(t, log(4), evtx.Options{First: 7})
	f, err := read.Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for r, err := range f.Records(nil) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%d %s %s %s %d/%d level %d %x %s %s %d %d %s %s %q", r.Number, r.Time.Format(time.RFC3339Nano),
			r.Provider, r.ProviderGUID, r.EventID, r.Qualifiers, r.Level, r.Keywords, r.Channel, r.Computer, r.PID, r.TID, r.UserSID,
			r.ActivityID, r.Data))
	}
	const nilGUID = "00000000-0000-0000-0000-000000000000"
	want := []string{
		`7 2024-03-05T07:09:11.1234567Z Microsoft-Windows-WindowsUpdateClient 945a8954-c147-4acd-923f-40c45405a658 20/0 level 2 8000000000000028 System PC-17 4711 815 S-1-5-18 ` + nilGUID + ` [{"errorCode" "0x80070002"} {"updateTitle" "Fix <&> \"№\" 😀"} {"updateGuid" "{00112233-4455-6677-8899-AABBCCDDEEFF}"} {"updateRevisionNumber" "200"}]`,
		`8 2024-03-05T07:09:12.1234567Z Microsoft-Windows-Servicing 945a8954-c147-4acd-923f-40c45405a658 3/0 level 2 8000000000000028 Setup PC-17 4711 815 S-1-5-18 ` + nilGUID + ` [{"PackageIdentifier" "KB5005716"} {"ErrorCode" "0x800f081f"} {"Client" "WindowsUpdateAgent"}]`,
		`9 2024-03-05T07:09:13.1234567Z ESENT ` + nilGUID + ` 454/49152 level 2 8000000000000028 System PC-17 4711 815  ` + nilGUID + ` [{"param1" "svchost"} {"param2" "4711,R,98"} {"param3" ""} {"param4" "-546"} {"Binary" "01AB"}]`,
		`10 2024-03-05T07:09:14.1234567Z Microsoft-Windows-WindowsUpdateClient 945a8954-c147-4acd-923f-40c45405a658 27/0 level 2 8000000000000028 System PC-17 4711 815 S-1-5-18 00112233-4455-6677-8899-aabbccddeeff []`,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
}

// TestForeignTools has evtxexport and evtxinfo read what we write: all records, and no complaint.
func TestForeignTools(t *testing.T) {
	export, info := testdata.Tool(t, "evtxexport"), testdata.Tool(t, "evtxinfo")
	for _, tc := range []struct {
		name string
		o    evtx.Options
		want int
	}{
		{"sound", evtx.Options{}, 500},
		{"small chunks and reserve", evtx.Options{PerChunk: 7, Reserved: 2}, 500},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "log.evtx")
			if err := os.WriteFile(path, write(t, log(tc.want), tc.o), 0o600); err != nil {
				t.Fatal(err)
			}
			out, err := exec.Command(export, "-f", "xml", path).CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			if n := strings.Count(string(out), "<Event "); n != tc.want {
				t.Errorf("evtxexport reads %d records, want %d", n, tc.want)
			}
			if n := strings.Count(string(out), `<Data Name="errorCode">0x80070002</Data>`); n != tc.want/4 {
				t.Errorf("evtxexport reads %d codes, want %d", n, tc.want/4)
			}
			out, err = exec.Command(info, path).CombinedOutput()
			if err != nil || strings.Contains(string(out), "corrupted") || strings.Contains(string(out), "dirty") {
				t.Errorf("evtxinfo: %v: %s", err, out)
			}
		})
	}
}

// TestEveryLength has evtxexport read records that end at every place between two multiples of their alignment.
func TestEveryLength(t *testing.T) {
	export := testdata.Tool(t, "evtxexport")
	var events []evtx.Event
	for n := range 12 {
		e := log(1)[0]
		e.Data[1].Value = strings.Repeat("x", n)
		events = append(events, e)
	}
	path := filepath.Join(t.TempDir(), "log.evtx")
	for i := range events {
		if err := os.WriteFile(path, write(t, events[i:], evtx.Options{}), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(export, "-f", "xml", path).CombinedOutput()
		if n := strings.Count(string(out), "<Event "); err != nil || n != len(events)-i {
			t.Errorf("evtxexport reads %d records, want %d: %v", n, len(events)-i, err)
		}
	}
}

func TestDeterministic(t *testing.T) {
	o := evtx.Options{PerChunk: 5}
	if !bytes.Equal(write(t, log(50), o), write(t, log(50), o)) {
		t.Error("two writes of the same events differ")
	}
}

func TestRefused(t *testing.T) {
	for name, f := range map[string]evtx.Field{
		"unknown type":  {Name: "x", Value: struct{}{}},
		"too long text": {Name: "x", Value: strings.Repeat("x", 40000)},
		"too large":     {Name: "x", Value: make([]byte, 65000)},
	} {
		var b bytes.Buffer
		if err := evtx.Write(&b, []evtx.Event{{Data: []evtx.Field{f}}}, evtx.Options{}); err == nil || b.Len() > 0 {
			t.Errorf("%s: error %v after %d bytes, want an error and none", name, err, b.Len())
		}
	}
}
