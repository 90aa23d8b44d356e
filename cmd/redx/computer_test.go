package main

import (
	"strings"
	"testing"
	"time"

	"github.com/redx-update/redx/internal/deploy"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/store"
)

// TestComputerParts: what is still to do stands between blank lines, and where there is nothing to do there is no gap.
func TestComputerParts(t *testing.T) {
	one, two := guid.GUID{1}, guid.GUID{2}
	titles := map[guid.GUID]string{one: "Fix one", two: "Fix two"}
	done := store.State{Update: one, Standing: store.Installed, Time: time.Unix(0, 0)}
	open := store.State{Update: two, Standing: store.FailedState, Time: time.Unix(0, 0)}
	for name, tt := range map[string]struct {
		states []store.State
		gaps   int
		says   string
	}{
		"nothing to do":   {[]store.State{done}, 1, ""},
		"one thing to do": {[]store.State{done, open}, 2, "Fix two"},
	} {
		var out strings.Builder
		if err := printComputer(&out, shown{States: tt.states}, map[deploy.GroupID]string{}, titles); err != nil {
			t.Fatal(err)
		}
		got := out.String()
		if n := strings.Count(got, "\n\n"); n != tt.gaps || strings.Contains(got, "\n\n\n") || !strings.Contains(got, tt.says) || strings.Contains(got, "Fix one") {
			t.Errorf("%s: %q", name, got)
		}
	}
}
