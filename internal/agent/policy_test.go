package agent_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/agent"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/maintenance"
	"github.com/redx-update/redx/internal/repair"
)

func TestParsePolicy(t *testing.T) {
	got, err := agent.ParsePolicy(`
[visit]
every = "4h"
retry_after = "2m"
drivers = false
categories = ["5c2a3f60-7d41-4be9-9a0e-2f6f8e5b1d01", "5c2a3f60-7d41-4be9-9a0e-2f6f8e5b1d02 + 5c2a3f60-7d41-4be9-9a0e-2f6f8e5b1d03"]
[install]
window = ["mon-fri 22:00-05:00", "sat 08:30-20:00"]
may_restart = true
tries_per_day = 2
[download]
bytes_per_second = 1000000
[heal]
rungs = ["update-folder", "download"]
per_day = 3
within = "0s"
`)
	if err != nil {
		t.Fatal(err)
	}
	want := agent.DefaultPolicy()
	want.Every, want.RetryAfter, want.MayRestart = agent.Duration(4*hour), agent.Duration(2*time.Minute), true
	g := func(n string) guid.GUID { return guid.MustParse("5c2a3f60-7d41-4be9-9a0e-2f6f8e5b1d0" + n) }
	want.Drivers, want.Categories = false, []agent.Category{{Product: g("1")}, {Product: g("2"), Classification: g("3")}}
	want.TriesPerDay, want.Bandwidth, want.HealsPerDay, want.HealWithin = 2, 1000000, 3, 0
	want.Rungs = []repair.Rung{repair.UpdateFolder, repair.Download}
	want.Window = maintenance.Windows{
		{Days: [7]bool{1: true, 2: true, 3: true, 4: true, 5: true}, From: 22 * hour, To: 5 * hour},
		{Days: [7]bool{6: true}, From: 8*hour + 30*time.Minute, To: 20 * hour},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if got, err = agent.ParsePolicy(""); err != nil || cmp.Diff(agent.DefaultPolicy(), got) != "" {
		t.Errorf("of nothing: %+v, %v", got, err)
	}
}

func TestParsePolicyRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"[visit]\ncategories = [\"office\"]":         "neither the GUID of a product",
		"[visit]\nevery = \"1s\"":                    "visit.every",
		"[visit]\nevery = \"-1h\"":                   "negative",
		"[visit]\nretry_after = \"0s\"":              "retry_after",
		"[visit]\nevry = \"1h\"":                     "evry",
		"[install]\nwindow = [\"25:00-26:00\"]":      "window",
		"[install]\nwindow = [\"moon 20:00-22:00\"]": "window",
		"[install]\ntries_per_day = 0":               "tries_per_day",
		"[download]\nbytes_per_second = -1":          "bytes_per_second",
		"[heal]\nper_day = 1000":                     "per_day",
		"[heal]\nrungs = [\"transfer-jobs\"]":        "transfer-jobs",
		"[heal]\nrungs = [\"C:\\\\Windows\"]":        "rungs",
	} {
		if _, err := agent.ParsePolicy(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want an error about %s", text, err, want)
		}
	}
}
