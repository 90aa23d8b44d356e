package win

import (
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
)

// pendingList writes a list as Windows does; bars stand for zeros.
func pendingList(text string) []uint16 {
	return utf16.Encode([]rune(strings.ReplaceAll(text, "|", "\x00")))
}

func TestWithoutPending(t *testing.T) {
	const from, to = `C:\Windows\SoftwareDistribution`, `C:\Windows\SDTemp`
	const pair = `\??\C:\Windows\SoftwareDistribution|\??\C:\Windows\SDTemp|`
	tests := []struct {
		name, list string
		from, to   string
		want       string // empty: not found
	}{
		{"alone", pair + "|", from, to, "|"},
		{"between others", `\??\C:\a||` + pair + `\??\C:\b|!\??\C:\c||`, from, to, `\??\C:\a||\??\C:\b|!\??\C:\c||`},
		{"twice", pair + pair + "|", from, to, "|"},
		{"in another writing", strings.ToLower(pair) + "|", from, to, "|"},
		{"without an end", strings.TrimSuffix(pair, "|"), from, to, "|"},
		{"a deletion", `\??\C:\x||` + pair + "|", `C:\x`, "", pair + "|"},
		{"another name", pair + "|", from, to + ".2", ""},
		{"the other way", pair + "|", to, from, ""},
		{"one that replaces", `\??\C:\a|!\??\C:\b||`, `C:\a`, `C:\b`, ""},
		{"behind the end", "|" + pair, from, to, ""},
		{"none", "", from, to, ""},
		{"a list that is odd", `\??\C:\a`, `C:\a`, `C:\b`, ""},
		{"shifted: the new name of one, the old of the next", `\??\C:\a|` + pair + `\??\C:\b||`, from, to, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			list := pendingList(tt.list)
			got, found := withoutPending(list, tt.from, tt.to)
			if found != (tt.want != "") {
				t.Fatalf("found is %v", found)
			}
			want := tt.want
			if !found {
				want = tt.list
			}
			if tt.name == "without an end" {
				want = ""
			}
			if diff := cmp.Diff(want, strings.ReplaceAll(string(utf16.Decode(got)), "\x00", "|")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestPendingKeepsWhatItDoesNotKnow holds that the names of others keep every unit, also those that are no letters.
func TestPendingKeepsWhatItDoesNotKnow(t *testing.T) {
	odd := []uint16{'x', 0xD800, 'y', 0, 0xDC00, 0}
	list := append(append([]uint16{}, odd...), pendingList(`\??\C:\a|\??\C:\b||`)...)
	got, found := withoutPending(list, `C:\a`, `C:\b`)
	if diff := cmp.Diff(append(odd, 0), got); !found || diff != "" {
		t.Errorf("found %v: %s", found, diff)
	}
}

func FuzzPending(f *testing.F) {
	f.Add(`\??\C:\a|\??\C:\b||`)
	f.Add(`\??\C:\a||\??\C:\c|!\??\C:\b||`)
	f.Add("||")
	f.Fuzz(func(t *testing.T, text string) {
		list := pendingList(text)
		rest, found := withoutPending(list, `C:\a`, `C:\b`)
		if len(rest) > len(list) || found == (len(rest) == len(list)) {
			t.Errorf("found %v in %q: %d units left of %d", found, text, len(rest), len(list))
		}
		for _, p := range pendingPairs(rest) {
			if p.is(`C:\a`, `C:\b`) {
				t.Errorf("still in %q", text)
			}
		}
	})
}
