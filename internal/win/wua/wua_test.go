package wua

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/wuaclient/protocol"
)

const id = "5c2a3f60-7d41-4be9-9a0e-2f6f8e5b1d07"

func TestCriteria(t *testing.T) {
	byID := "UpdateID='" + id + "'"
	for name, tt := range map[string]struct {
		req  protocol.Request
		want []string
	}{
		"nothing":           {protocol.Request{}, []string{notInstalled}},
		"identity":          {protocol.Request{ID: id}, []string{byID}},
		"identity and KB":   {protocol.Request{ID: id, KB: "KB5034122"}, []string{byID, notInstalled, installed}},
		"KB":                {protocol.Request{KB: "KB5034122"}, []string{notInstalled, installed}},
		"title":             {protocol.Request{Title: "x"}, []string{notInstalled, installed}},
		"no identity is it": {protocol.Request{ID: "' or IsInstalled=1"}, []string{notInstalled}},
	} {
		if diff := cmp.Diff(tt.want, criteria(&tt.req)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestMatches(t *testing.T) {
	u := protocol.Update{ID: id, KB: "KB5034122", Title: "Cumulative"}
	for name, tt := range map[string]struct {
		req  protocol.Request
		want bool
	}{
		"identity":                 {protocol.Request{ID: "5C2A3F60-7D41-4BE9-9A0E-2F6F8E5B1D07"}, true},
		"another identity":         {protocol.Request{ID: "b1f9e1f4-0c6e-4f39-8c56-6d1b0e2a7c11"}, false},
		"published again":          {protocol.Request{ID: "b1f9e1f4-0c6e-4f39-8c56-6d1b0e2a7c11", KB: "KB5034122"}, true},
		"KB":                       {protocol.Request{KB: "KB5034122", Title: "named otherwise"}, true},
		"another KB":               {protocol.Request{KB: "KB1111111", Title: "Cumulative"}, false},
		"title":                    {protocol.Request{Title: "cumulative"}, true},
		"title of another by id":   {protocol.Request{ID: "b1f9e1f4-0c6e-4f39-8c56-6d1b0e2a7c11", Title: "Cumulative"}, false},
		"nothing matches with all": {protocol.Request{}, false},
	} {
		if got := matches(&tt.req, &u); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestSelection(t *testing.T) {
	for l, want := range map[protocol.Location]int{"": 0, "wsus": 1, "wu": 2, "mu": 3} {
		if got, service, ok := selection(l); !ok || got != want || (service != "") != (l == "mu") {
			t.Errorf("%q: %d, %q, %v", l, got, service, ok)
		}
	}
	if _, _, ok := selection("elsewhere"); ok {
		t.Error("an unknown location is taken")
	}
}

func TestOLEDate(t *testing.T) {
	for days, want := range map[float64]time.Time{
		0:          {},
		45302.25:   time.Date(2024, 1, 11, 6, 0, 0, 0, time.UTC),
		2.5:        time.Date(1900, 1, 1, 12, 0, 0, 0, time.UTC),
		-1.25:      time.Date(1899, 12, 29, 6, 0, 0, 0, time.UTC),
		1e300:      {},
		-1e300:     {},
		45302.0001: time.Date(2024, 1, 11, 0, 0, 9, 0, time.UTC),
	} {
		if got := oleDate(days); !got.Equal(want) {
			t.Errorf("%v: %v, want %v", days, got, want)
		}
	}
}

func TestKBOf(t *testing.T) {
	for _, tt := range []struct {
		articles []string
		title    string
		want     string
	}{
		{[]string{"5034122"}, "", "KB5034122"},
		{[]string{"", "x", "KB5034123"}, "", "KB5034123"},
		{nil, "Cumulative (KB5034124)", "KB5034124"},
		{nil, "Driver", ""},
	} {
		if got := kbOf(tt.articles, tt.title); got != tt.want {
			t.Errorf("%q %q: %q, want %q", tt.articles, tt.title, got, tt.want)
		}
	}
}
