package hresult

import (
	"slices"
	"strings"
	"testing"
)

func TestSuggest(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"ERROR_FILE_NOTFOUND", "ERROR_FILE_NOT_FOUND"},
		{"error_path_not_fuond", "ERROR_PATH_NOT_FOUND"},
		{"0x8007002", "0x80070002"},
		{"8007002", "0x80070002"},
		{"80070002h", "0x80070002"},
		{"0x8007 0002", "0x80070002"},
		{"0x800F83", ""},      // two digits short: anything could be meant
		{"0x8ABC1234", ""},    // no name
		{"banana", ""},        // no name has no underscore
		{"WU_E_NONSENSE", ""}, // nothing near
		{"", ""},
		{strings.Repeat("E_", 500), ""},
	} {
		got := Suggest(tt.in)
		if tt.want == "" && len(got) > 0 || tt.want != "" && !slices.Contains(got, tt.want) {
			t.Errorf("Suggest(%q) = %q, want %q", tt.in, got, tt.want)
		}
		if len(got) > maxSuggested {
			t.Errorf("Suggest(%q) gives %d", tt.in, len(got))
		}
	}
}

func TestDistance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"a", "", 1},
		{"abc", "abc", 0},
		{"abc", "abd", 1},
		{"abc", "ac", 1},
		{"ac", "abc", 1},
		{"ab", "ba", 2},
		{"abcdef", "uvwxyz", 3},
		{"abc", "abcdef", 3},
	} {
		if got := distance(tt.a, tt.b, 2); got != tt.want {
			t.Errorf("distance(%q, %q) = %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}
