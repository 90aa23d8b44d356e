package findings

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/store"
	"github.com/redx-update/redx/internal/update"
)

const one = `{"findings": [
	{"id": "a", "check": "payload-missing-download", "severity": "error", "title": "gone", "codes": ["0x80070002"],
	 "update": {"id": "11111111-1111-1111-1111-111111111111", "kb": "KB5000001"}, "missing": [{"kind": "file", "name": "fix.cab"}]},
	{"id": "b", "check": "restart-pending", "severity": "warning", "title": "restart", "codes": ["0x80240016", "nonsense"]},
	{"id": "c", "check": "x", "severity": "error", "title": "consequence", "because_of": ["a"]}],
	"healing": {"healed": "still-fails", "why": "installed", "rungs": ["update-folder"], "attempts": 1}}`

func TestParse(t *testing.T) {
	d, err := Parse([]byte(one))
	if err != nil {
		t.Fatal(err)
	}
	id := guid.MustParse("11111111-1111-1111-1111-111111111111")
	want := []store.Cause{{
		Key: "", Check: "payload-missing-download", Title: "gone", KB: "KB5000001", Update: id, Missing: "fix.cab",
	}}
	got := d.Causes()
	if len(got) == 0 || len(got[0].Key) != 32 {
		t.Fatalf("causes: %+v", got)
	}
	want[0].Key = got[0].Key
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(&Healing{Healed: "still-fails", Why: "installed", Rungs: []string{"update-folder"}, Attempts: 1}, d.Healing); diff != "" {
		t.Error(diff)
	}
	a, b := &d.Findings[0], &d.Findings[1]
	if !a.About(update.Ref{ID: update.ID{GUID: id}}) || !a.About(update.Ref{KB: "KB5000001"}) || a.About(update.Ref{KB: "KB5000002"}) || b.About(update.Ref{}) {
		t.Error("about the wrong update")
	}
	if !b.Has(0x80240016) || b.Has(0x80070002) || a.Has(0x80070002) {
		t.Error("explains the wrong code")
	}
}

func TestMendedIsNoCause(t *testing.T) {
	d, err := Parse([]byte(strings.Replace(one, "still-fails", "mended", 1)))
	if err != nil || len(d.Findings) != 3 || d.Causes() != nil {
		t.Errorf("%d findings, causes %+v, %v", len(d.Findings), d.Causes(), err)
	}
}

// TestKeys: a computer that says something else of a cause has a cause of its own.
func TestKeys(t *testing.T) {
	key := func(text string) string {
		d, err := Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return d.Causes()[0].Key
	}
	if key(one) != key(strings.ReplaceAll(one, "installed", "else")) {
		t.Error("the same cause has two keys")
	}
	for _, word := range []string{`"a"`, "payload", "gone", "KB5000001", "1111", "fix"} {
		if key(one) == key(strings.Replace(one, word, strings.Replace(word, word[1:2], "7", 1), 1)) {
			t.Errorf("the same key without %s", word)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(one))
	f.Add([]byte(`{"findings": null}`))
	f.Add([]byte(`{"findings": [{"title": "` + strings.Repeat("ä", 4000) + `", "next": [` + strings.Repeat(`"x",`, 500) + `"y"]}]}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := Parse(b)
		if err != nil && len(d.Findings) > 0 {
			t.Error("gives what it calls unreadable")
		}
		out, err := json.Marshal(d)
		if err != nil || len(out) > maxFindings*6*(10*maxShort+8*maxList*maxShort+maxList*(maxLong+maxShort)+maxLong+1000) {
			t.Errorf("%d bytes of %d, %v", len(out), len(b), err)
		}
		for _, c := range d.Causes() {
			if c.Key == "" || len(c.Title) > maxShort+len("…") || !utf8.ValidString(c.Title) {
				t.Errorf("cause %+v", c)
			}
		}
	})
}
