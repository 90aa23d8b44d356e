package store

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/update"
)

// told makes events of "minute:id" words; those after "|" are about another update.
func told(words string) []Event {
	var all []Event
	g := byte(1)
	for w := range strings.FieldsSeq(words) {
		if w == "|" {
			g++
			continue
		}
		var minute, id, code int
		if n, _ := fmt.Sscanf(w, "%d:%d:%x", &minute, &id, &code); n < 2 {
			panic(w)
		}
		all = append(all, Event{
			Instance: guid.GUID{0: byte(len(all))}, Time: time.Unix(int64(minute)*60, 0), EventID: id, Code: hresult.Code(uint32(code)),
			Update: update.ID{GUID: guid.GUID{15: g}, Revision: 1},
		})
	}
	return all
}

func summary(all []Try) string {
	var out []string
	for _, t := range all {
		out = append(out, fmt.Sprintf("%d %s %s %s %s/%d", t.Update.GUID[15], t.Operation, t.Phase, t.Result, t.Standing, len(t.Events)))
	}
	return strings.Join(out, "; ")
}

func TestTries(t *testing.T) {
	for name, tc := range map[string]struct{ events, want string }{
		"whole":                       {"0:168 1:167 2:170 3:162 4:181 5:183", "1 install install succeeded installed/6"},
		"download under way":          {"0:167 1:169", "1 install download  /2"},
		"downloaded":                  {"0:167 3:162", "1 install download  downloaded/2"},
		"download failed, then again": {"0:167 1:161:80072EE2 5:167 6:162 7:181 8:183", "1 install install succeeded installed/4; 1 install download failed failed/2"},
		"failed twice":                {"0:181 1:182:80070002 2:181 3:182:80070002", "1 install install failed failed/2; 1 install install failed failed/2"},
		"failed twice, no beginning":  {"0:182:80070002 60:182:80070002", "1 install install failed failed/1; 1 install install failed failed/1"},
		"one failure told twice":      {"0:181 1:182:80070002 2:195:80070002", "1 install install failed failed/3"},
		"two codes":                   {"0:182:80070002 1:182:80070003", "1 install install failed failed/1; 1 install install failed failed/1"},
		"restart":                     {"0:167 1:162 2:181 3:184 9:183", "1 install install succeeded installed/5"},
		"failed after the restart":    {"2:181 3:184 9:203:80070002", "1 install restart failed failed/3"},
		"commit":                      {"2:181 3:184 9:521 10:523", "1 install commit succeeded installed/4"},
		"waits for the restart":       {"2:181 3:184", "1 install install succeeded restart-due/2"},
		"lost power":                  {"0:181 60:181 61:183", "1 install install succeeded installed/2; 1 install install  /1"},
		"cancelled, then done":        {"0:181 1:186 2:181 3:183", "1 install install succeeded installed/2; 1 install install cancelled needed/2"},
		"installed, then removed":     {"0:183 9:222", "1 uninstall uninstall succeeded not-needed/1; 1 install install succeeded installed/1"},
		"removed and installed again": {"0:222 9:167 10:162 11:183", "1 install install succeeded installed/3; 1 uninstall uninstall succeeded not-needed/1"},
		"two updates at once":         {"0:181 2:182:80070002 | 1:181 3:183", "2 install install succeeded installed/2; 1 install install failed failed/2"},
		"not in order":                {"5:183 0:167 4:181 3:162", "1 install install succeeded installed/4"},
		"all in one moment":           {"0:183 0:162 0:181 0:167", "1 install install succeeded installed/4"},
		"nothing of an attempt":       {"0:147 0:156 0:185 0:99999", ""},
	} {
		if got := summary(Tries(told(tc.events))); got != tc.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// TestTriesOfAClockAhead: what a clock tells that is ahead came in one moment, and yet in the order that it says.
func TestTriesOfAClockAhead(t *testing.T) {
	events := told("3:162 2:167 1:161:80072EE2 0:167")
	for i := range events {
		events[i].Received = time.Unix(-60, 0)
	}
	want := "1 install download  downloaded/2; 1 install download failed failed/2"
	if got := summary(Tries(events)); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestTryHasItsTimesAndCode(t *testing.T) {
	got := Tries(told("10:167 20:162 30:181 40:182:80070002"))[0]
	if got.Began.Unix() != 600 || got.Last.Unix() != 2400 || got.Code != 0x80070002 || got.Events[3].EventID != 182 {
		t.Errorf("%+v", got)
	}
}

// TestTriesKeepEvents: whatever a computer sends in whichever order, each of its events is in one attempt at most, and no
// failure is lost.
func TestTriesKeepEvents(t *testing.T) {
	ids := []int{147, 161, 162, 163, 167, 168, 170, 181, 182, 183, 184, 186, 195, 203, 221, 222, 521, 522, 523, 546, 541, -1}
	rapid.Check(t, func(t *rapid.T) {
		var words []string
		for range rapid.IntRange(0, 30).Draw(t, "n") {
			words = append(words, fmt.Sprintf("%d:%d:%x", rapid.IntRange(0, 99).Draw(t, "minute"), rapid.SampledFrom(ids).Draw(t, "id"), rapid.IntRange(0, 2).Draw(t, "code")))
		}
		events := told(strings.Join(words, " "))
		seen, failed := map[guid.GUID]int{}, 0
		tries := Tries(events)
		for _, v := range tries {
			for i := range v.Events {
				seen[v.Events[i].Instance]++
				if a, ok := v.Events[i].Attempt(); ok && a.Result == update.Failed {
					failed++
				}
			}
		}
		for i := range events {
			a, ok := events[i].Attempt()
			if n := seen[events[i].Instance]; n > 1 || ok && n == 0 {
				t.Fatalf("event %+v is in %d attempts", events[i], n)
			}
			if ok && a.Result == update.Failed {
				failed--
			}
		}
		if failed != 0 || !slices.IsSortedFunc(tries, func(a, b Try) int { return b.Last.Compare(a.Last) }) {
			t.Fatalf("%d failures too many, or not sorted: %s", failed, summary(tries))
		}
	})
}
