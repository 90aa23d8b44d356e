package update_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/update"
)

var (
	one = guid.MustParse("5c2a3f60-7d41-4be9-9a0e-2f6f8e5b1d07")
	two = guid.MustParse("5c2a3f60-7d41-4be9-9a0e-2f6f8e5b1d08")
)

func TestFindKB(t *testing.T) {
	for text, want := range map[string]update.KB{
		"2024-01 Cumulative Update (KB5034122)":                   "KB5034122",
		"kb 890830, Windows Malicious Software Removal Tool":      "KB890830",
		"Package_for_KB5034122~31bf3856ad364e35~amd64~~10.0.1.2":  "KB5034122",
		"Package_123_for_KB3192392~31bf3856ad364e35":              "KB3192392",
		"KB5034122 and KB5034441":                                 "KB5034122",
		"KB12345":                                                 "",
		"KB123456789":                                             "",
		"WKB5034122":                                              "",
		"Package_for_RollupFix~31bf3856ad364e35~amd64~~19041.1.1": "",
		"": "",
	} {
		if got := update.FindKB(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestParseKB(t *testing.T) {
	for text, want := range map[string]update.KB{
		"KB5034441": "KB5034441", " kb5034441 ": "KB5034441", "5034441": "KB5034441",
		"": "", "KB": "", "KB5034441x": "", "5034441 and more": "", "12345": "", "KBKB5034441": "", "KB 5034441": "",
	} {
		if got, ok := update.ParseKB(text); got != want || ok != (want != "") {
			t.Errorf("%q: got %q, %v, want %q", text, got, ok, want)
		}
	}
}

func TestSame(t *testing.T) {
	id := func(g guid.GUID, rev uint32) update.ID { return update.ID{GUID: g, Revision: rev} }
	for name, tt := range map[string]struct {
		a, b update.Ref
		want bool
	}{
		"one GUID, other revision":    {update.Ref{ID: id(one, 1)}, update.Ref{ID: id(one, 2)}, true},
		"other GUID, one KB":          {update.Ref{ID: id(one, 1), KB: "KB1"}, update.Ref{ID: id(two, 1), KB: "KB1"}, false},
		"one has a GUID, one KB":      {update.Ref{ID: id(one, 1), KB: "KB1"}, update.Ref{KB: "KB1"}, true},
		"other KB, one title":         {update.Ref{KB: "KB1", Title: "t"}, update.Ref{KB: "KB2", Title: "t"}, false},
		"one title, another case":     {update.Ref{Title: "An Update"}, update.Ref{KB: "KB1", Title: "an update"}, true},
		"nothing in common":           {update.Ref{ID: id(one, 1)}, update.Ref{KB: "KB1"}, false},
		"nothing known is not a name": {update.Ref{}, update.Ref{}, false},
	} {
		if got := tt.a.Same(tt.b); got != tt.want {
			t.Errorf("%s: got %v", name, got)
		}
		if got := tt.b.Same(tt.a); got != tt.want {
			t.Errorf("%s, the other way: got %v", name, got)
		}
	}
}

func TestMerge(t *testing.T) {
	full := update.Ref{ID: update.ID{GUID: one, Revision: 3}, KB: "KB5034122", Title: "t"}
	for name, tt := range map[string]struct{ a, b, want update.Ref }{
		"into nothing":            {update.Ref{}, full, full},
		"what is known stays":     {full, update.Ref{ID: update.ID{GUID: two, Revision: 9}, KB: "KB2", Title: "u"}, full},
		"a revision":              {update.Ref{ID: update.ID{GUID: one}}, full, full},
		"not another's revision":  {update.Ref{ID: update.ID{GUID: two}, KB: "k", Title: "u"}, full, update.Ref{ID: update.ID{GUID: two}, KB: "k", Title: "u"}},
		"nothing into what there": {full, update.Ref{}, full},
	} {
		if diff := cmp.Diff(tt.want, tt.a.Merge(tt.b)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if !(update.Ref{}).IsZero() || full.IsZero() {
		t.Error("IsZero is wrong")
	}
}

func TestMatches(t *testing.T) {
	r := update.Ref{ID: update.ID{GUID: one}, KB: "KB5034122", Title: "2024-01 Cumulative Update for .NET"}
	for word, want := range map[string]bool{
		"KB5034122": true, "5034122": true, "kb5034122": true, "KB5034123": false,
		one.String(): true, "{" + one.String() + "}": true, two.String(): false,
		".net": true, "CUMULATIVE": true, "office": false,
	} {
		if got := r.Matches(word); got != want {
			t.Errorf("%q: got %v", word, got)
		}
	}
	if (update.Ref{KB: "KB1"}).Matches("x") {
		t.Error("an update without a title matches a part of one")
	}
}
