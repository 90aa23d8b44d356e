package doctor_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/history"
	"github.com/redx-update/redx/internal/update"
)

func TestNarrow(t *testing.T) {
	day := func(d int) []*evidence.Event {
		return []*evidence.Event{{Time: time.Date(2024, 1, d, 0, 0, 0, 0, time.UTC)}, {}}
	}
	one, two := update.Ref{KB: "KB5000001"}, update.Ref{KB: "KB5000002"}
	all := []doctor.Finding{
		{ID: "server", Update: two, Proof: day(1)},
		{ID: "missing", Update: one, Proof: day(5), BecauseOf: []string{"server"}},
		{ID: "machine", Proof: day(3)},
		{ID: "other", Update: two, Proof: day(9)},
		{ID: "undated", Update: two},
	}
	tests := []struct {
		by   history.Filter
		want []string
	}{
		{history.Filter{}, []string{"server", "missing", "machine", "other", "undated"}},
		{history.Filter{Update: "5000001"}, []string{"server", "missing", "machine"}},
		{history.Filter{Update: "KB5000002"}, []string{"server", "missing", "machine", "other", "undated"}},
		{history.Filter{Update: "KB5000003"}, []string{"machine"}},
		{history.Filter{Since: time.Date(2024, 1, 5, 0, 0, 0, 0, time.UTC)}, []string{"server", "missing", "other", "undated"}},
		{history.Filter{Since: time.Date(2024, 1, 9, 0, 0, 0, 0, time.UTC), Update: "KB5000001"}, nil},
	}
	for _, tt := range tests {
		var got []string
		for _, f := range doctor.Narrow(all, tt.by) {
			got = append(got, f.ID)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", tt.by, diff)
		}
	}
}
