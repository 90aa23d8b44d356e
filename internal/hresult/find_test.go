package hresult

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/testdata"
)

func TestFind(t *testing.T) {
	for _, tt := range []struct {
		line string
		want []Found
	}{
		{"[HRESULT = 0x800f0805 - CBS_E_INVALID_PACKAGE]", []Found{{0x800F0805, 0, 11, 21}}},
		{"*FAILED* [80070003] wuauengcore.dll, C:\\__w\\1\\s\\src @1030", []Found{{PathNotFound, 0, 10, 18}}},
		{"(F) 80070002 [Warning,Facility=FACILITY_NTWIN32] #17049# (...)[gle=0x80070002]", []Found{{FileNotFound, 0, 4, 12}, {FileNotFound, 0, 67, 77}}},
		{"CSetupFilesCleanup::CleanVolume - Return status: 80070003", []Found{{PathNotFound, 0, 49, 57}}},
		{"Internal_GetProvider(hr:0x8007007e)", []Found{{0x8007007E, 0, 24, 34}}},
		{"CDFAilure hr = 0x1b7d74bb", []Found{{0x1B7D74BB, 0, 15, 25}}},
		{"{47358191B516}\t1\t8024000b\tUpdate", []Found{{0x8024000B, 0, 17, 25}}},
		{"! inf: Unable to load INF: 'C:\\x.inf'(00000003)", []Found{{PathNotFound, 0, 38, 46}}},
		{"Error: 0xe000022f: no catalog", []Found{{0xE000022F, 0, 7, 17}}},
		{"value 2147942402.", []Found{{FileNotFound, 0, 6, 16}}},
		{"ResultCode: -2147024894", []Found{{FileNotFound, 0, 12, 23}}},
		{"database error -939522285 (0xC8000713)", []Found{{0xC8000713, 0, 15, 25}, {0xC8000713, 0, 27, 37}}},
		{"0xC1900101 - 0x20017 and 0x80070003-0x20007.", []Found{{0xC1900101, 0x20017, 0, 20}, {PathNotFound, 0x20007, 25, 43}}},
		{"80070003-0x20007", []Found{{PathNotFound, 0x20007, 0, 16}}},
		{"hr=0x80070005,hr=0x80070020", []Found{{0x80070005, 0, 3, 13}, {0x80070020, 0, 17, 27}}},
		{"phase 1 (0x00000032), error 0x00000005", []Found{{0x80070005, 0, 28, 38}}},
		// Near misses.
		{"[HRESULT = 0x00000000 - S_OK]", nil},
		{"2019-03-29 00:32:48, Error [0x20ed1a3b] IBS text", nil},
		{"Loading ID: [e00a2784-f118-4224-ad5f-34438c2f3339]", nil},
		{"{80070002-1490-4647-B519-384EF75339CC}", nil},
		{"amd64_x_31bf3856ad364e35_10.0.80070002_none_c1900101c1900101", nil},
		{"C:\\Windows\\SoftwareDistribution\\Download\\80070002\\x", nil},
		{"Loaded Servicing Stack v10.0.19041.5547 20230422 134523", nil},
		{"000000fc@2018/9/29:08:45:29.414 pid 80070", nil},
		{"wrote 80079999 bytes, 80240599 left", nil},
		{"key 0x80000002 base 0x8ABC1234 mask 0xFFFFFFFF", nil},
		{"0x8007000280070002 0x800700021 x80070002 a0x80070002 0x80070002_a", nil},
		{"size 2147942401000 of 3147942402", nil},
		{"index (0000000f) (00000000) (000f0000)", []Found{{0x8007000F, 0, 7, 15}}},
	} {
		var got []Found
		for f := range Find([]byte(tt.line)) {
			got = append(got, f)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.line, diff)
		}
	}
}

// The codes of the real logs, counted by hand with grep.
func TestFindInRealLogs(t *testing.T) {
	for _, tt := range []struct {
		name string
		want map[Code]int
	}{
		{"windows/logs/dism.log", map[Code]int{0x8007007E: 2, 0xC142011C: 4, 0x8007007B: 2, PathNotFound: 4}},
		{"windows/logs/Win11_2026_CBS.log.gz", map[Code]int{0x800F0805: 376}},
		{"windows/logs/setupact.log", map[Code]int{}},
		{"windows/logs/setuperr.log", map[Code]int{}},
		{"windows/logs/setupapi.dev.log", map[Code]int{}},
		{"windows/labelled/0x80070bc9-pending.cbs.txt", map[Code]int{0x80070BC9: 4}},
		{"windows/labelled/0x80070002-clr_optimization.cbs.txt", map[Code]int{FileNotFound: 2, 0x80004005: 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := map[Code]int{}
			for line := range bytes.Lines(testdata.Open(t, tt.name)) {
				for f := range Find(line) {
					got[f.Code]++
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestFindAllocatesNothing(t *testing.T) {
	line := []byte("2023-05-17 08:25:12, Info CBS Failed [HRESULT = 0x80070002 - ERROR_FILE_NOT_FOUND] 0xC1900101-0x20017")
	n := 0
	if got := testing.AllocsPerRun(100, func() {
		for range Find(line) {
			n++
		}
	}); got != 0 {
		t.Errorf("got %v allocations a line, want none", got)
	}
	if n == 0 {
		t.Error("nothing was found")
	}
}

func BenchmarkFind(b *testing.B) {
	line := []byte("2023-05-17 08:25:12, Info                  CBS    Appl: detectParent: package: Microsoft-Windows-Foundation-Package~31bf3856ad364e35~amd64~~10.0.19041.1, parent found: Microsoft-Windows-Foundation\n")
	b.SetBytes(int64(len(line)))
	for b.Loop() {
		if _, ok := Next(line, 0); ok {
			b.Fatal("found a code where there is none")
		}
	}
}

func FuzzFind(f *testing.F) {
	f.Add([]byte("[HRESULT = 0x80070002 - ERROR_FILE_NOT_FOUND] 0xC1900101-0x20017 (00000003) -2147024894 [80070003]"))
	testdata.Seeds(f, "windows/logs/*")
	testdata.Seeds(f, "windows/labelled/*")
	f.Fuzz(func(t *testing.T, line []byte) {
		last := 0
		for found := range Find(line) {
			if found.Start < last || found.End <= found.Start || found.End > len(line) {
				t.Fatalf("%d to %d behind %d in %q", found.Start, found.End, last, line)
			}
			if found.Code == OK {
				t.Fatalf("success found in %q", line)
			}
			last = found.End
		}
	})
}
