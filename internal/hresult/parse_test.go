package hresult

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseSpellings(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want []Found
	}{
		{"0x80070002", []Found{{FileNotFound, 0, 0, 10}}},
		{"0X80070002", []Found{{FileNotFound, 0, 0, 10}}},
		{"80070002", []Found{{FileNotFound, 0, 0, 8}}},
		{" 8024000b\r\n", []Found{{0x8024000B, 0, 1, 9}}},
		{"240006", []Found{{0x00240006, 0, 0, 6}}},
		{"-2147024894", []Found{{FileNotFound, 0, 0, 11}}},
		{"2147942402", []Found{{FileNotFound, 0, 0, 10}}},
		{"(00000003)", []Found{{PathNotFound, 0, 1, 9}}},
		{"[80070003]", []Found{{PathNotFound, 0, 1, 9}}},
		{"0x2", []Found{{FileNotFound, 0, 0, 3}}},
		{"0x00000001", []Found{{1, 0, 0, 10}}},
		{"0", []Found{{0, 0, 0, 1}}},
		{"2", []Found{{FileNotFound, 0, 0, 1}}},
		{"1392", []Found{{0x80070570, 0, 0, 4}}},
		{"404", []Found{{0x80190194, 0, 0, 3}, {0x80070194, 0, 0, 3}}},
		{"206", []Found{{0x800700CE, 0, 0, 3}, {0x801900CE, 0, 0, 3}}},
		{"-1811", []Found{{0xFFFFF8ED, 0, 0, 5}}},
		{"0x80070003-0x20007", []Found{{PathNotFound, 0x20007, 0, 18}}},
		{"0xC1900101 - 0x4000d", []Found{{0xC1900101, 0x4000D, 0, 20}}},
		{"c1900101-0x20017", []Found{{0xC1900101, 0x20017, 0, 16}}},
		{"error_file_not_found", []Found{{FileNotFound, 0, 0, 20}}},
		{"WU_E_DM_DOWNLOADFILEMISSING", []Found{{0x80246012, 0, 0, 27}}},
		{"jet_errFileNotFound", []Found{{0xC8000713, 0, 0, 19}}},
		{"0xD0000034", []Found{{0xD0000034, 0, 0, 10}}},
	} {
		got, err := Parse(tt.in)
		if err != nil || got.Line {
			t.Errorf("%q: got line %t, %v", tt.in, got.Line, err)
		}
		if diff := cmp.Diff(tt.want, got.Codes); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.in, diff)
		}
	}
}

func TestParseLine(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want []Found
	}{
		{"Failed to find file: x86_a_31bf3856ad364e35_7.1.7601.23545_none_229deeb1ba2a85d3DWrite.dll [HRESULT = 0x80070002 - ERROR_FILE_NOT_FOUND]", []Found{{FileNotFound, 0, 102, 112}}},
		{"exit CBS_E_STORE_CORRUPTION, then error_sxs_assembly_missing", []Found{{0x800F0831, 0, 5, 27}, {0x80073701, 0, 34, 60}}},
		{"[HRESULT = 0x00000000 - S_OK]", []Found{{0, 0, 24, 28}}},
	} {
		got, err := Parse(tt.in)
		if err != nil || !got.Line {
			t.Errorf("%q: got line %t, %v", tt.in, got.Line, err)
		}
		if diff := cmp.Diff(tt.want, got.Codes); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.in, diff)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, in := range []string{
		"", " ", "-", "0x", "0x123456789", "4294967296", "-0", "-2147483649", "70000", "file not found", "NO_SUCH_NAME",
		"{C4DE7720-1490-4647-B519-384EF75339CC}", "10.0.19041.5547", "2023-05-17", "999999999999",
	} {
		if got, err := Parse(in); !errors.Is(err, ErrNoCode) {
			t.Errorf("%q: got %v, %v, want ErrNoCode", in, got, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"0x80070002", "-2147024894", "(00000003)", "0x80070003-0x20007", "404", "error_file_not_found", "hr = 0x80070002"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := Parse(s)
		if err != nil {
			if !errors.Is(err, ErrNoCode) {
				t.Fatalf("another error: %v", err)
			}
			return
		}
		if len(p.Codes) == 0 {
			t.Fatal("neither a code nor an error")
		}
		for _, c := range p.Codes {
			if c.Start < 0 || c.Start >= c.End || c.End > len(s) {
				t.Fatalf("%q: place %d to %d", s, c.Start, c.End)
			}
			var back Code
			text, _ := c.Code.MarshalText()
			if err := back.UnmarshalText(text); err != nil || normalize(uint32(c.Code)) != back {
				t.Fatalf("%s does not come back: %s, %v", c.Code, back, err)
			}
			_ = Explain(c.Code)
			_ = c.Extend.String()
		}
	})
}
