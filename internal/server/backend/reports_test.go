package backend

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/redx-update/redx/internal/wsus/reporting"
)

// TestEventsAreBounded: only an event that reports on all updates may be large.
func TestEventsAreBounded(t *testing.T) {
	long := strings.Repeat("x", 100_000)
	many := make([]string, 500)
	for i := range many {
		many[i] = long
	}
	size := func(id int32) int {
		e := event(&reporting.Event{
			BasicData:    reporting.BasicData{EventID: id, AppName: long, UpdateID: &reporting.UpdateRevisionIdentifier{UpdateID: "11111111-1111-1111-1111-111111111111"}},
			ExtendedData: &reporting.ExtendedData{ReplacementStrings: many, MiscData: many},
		})
		b, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		return len(b)
	}
	if n := size(182); n > 40_000 {
		t.Errorf("an event about an update has %d bytes", n)
	}
	if n := size(156); n < len(long)*maxStrings {
		t.Errorf("a report on all updates is cut to %d bytes", n)
	}
}

// TestTextsStayText: what is cut off of a text is whole characters.
func TestTextsStayText(t *testing.T) {
	e := event(&reporting.Event{BasicData: reporting.BasicData{AppName: "x" + strings.Repeat("ä", maxText)}})
	if !utf8.ValidString(e.App) || len(e.App) > maxText || len(e.App) < maxText-utf8.UTFMax {
		t.Errorf("%d bytes: %q", len(e.App), e.App)
	}
}
