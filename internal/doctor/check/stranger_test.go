package check_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/doctor/check"
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/hresult"
)

// steals ends a quotation, in PowerShell's eyes, and runs what follows.
const steals = "\u201d$(calc)"

// A saved set is whatever its file says: events may lack every field, or have what no reader gives. No check fails on
// that, and none makes a command of it that runs another.
func TestEventsOfAStranger(t *testing.T) {
	var kinds []evidence.Kind
	for _, c := range check.All() {
		kinds = append(kinds, c.Reads...)
	}
	slices.Sort(kinds)
	kinds = slices.Compact(kinds)
	keys := []string{
		evidence.Path, evidence.Name, evidence.Component, evidence.URL, evidence.Status, evidence.State, evidence.Result,
		evidence.Phase, evidence.Needed, evidence.Service, evidence.Start, evidence.Extend, evidence.Size,
	}
	values := []string{"", evidence.Damaged, evidence.Absent, evidence.NoFolder, evidence.StartMissing, "failed", `\`, "http://%zz/", `C:\` + steals}
	codes := []hresult.Code{0, hresult.FileNotFound, 0x80070005, 0x80070570, 0x80190194}
	for _, kind := range kinds {
		for _, code := range codes {
			for _, value := range values {
				for only := range len(keys) + 1 { // one of the fields, or all of them
					b := evidence.NewBuilder()
					fields := map[string]string{}
					for i, k := range keys {
						if value != "" && (i == only || only == len(keys)) {
							fields[k] = value
						}
					}
					for n, k := range []evidence.Kind{kind, evidence.Attempt, evidence.ServicingEnd} {
						b.Add(evidence.Event{
							Kind: k, Code: code, Fields: fields, Text: "x", Source: evidence.Source{Path: "e", Line: n + 1},
							Time: time.Date(2026, 1, 1, 0, n, 0, 0, time.UTC),
						})
					}
					for _, f := range doctor.Examine(b.Set(), check.All()) {
						if next := strings.Join(f.Next, "\n"); strings.Contains(next, steals) {
							t.Errorf("%s advises %s", f.Check, next)
						}
					}
					if value == "" {
						break
					}
				}
			}
		}
	}
}
