package winsys_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/winsys"
	writer "github.com/redx-update/redx/internal/write/hive"
)

func TestIdentity(t *testing.T) {
	sys := must[*winsys.System](t)(winsys.NewSystem(load(t, func(k *writer.Key) {
		k.Sub("Select").DWord("Current", 1)
		k.Sub(`ControlSet001\Control\ComputerName\ComputerName`).SZ("ComputerName", "DESK")
		k.Sub(`ControlSet001\Services\Tcpip\Parameters`).SZ("Hostname", "desk").SZ("Domain", "old.example").SZ("NV Domain", "new.example")
	})))
	soft := winsys.NewSoftware(load(t, func(k *writer.Key) {
		nt := k.Sub(`Microsoft\Windows NT\CurrentVersion`).SZ("RegisteredOwner", "A. Person").SZ("RegisteredOrganization", "Org")
		nt.Sub("Winlogon").SZ("DefaultUserName", "aperson").SZ("DefaultDomainName", "DESK")
	}))
	want := winsys.Identity{
		Computer: "DESK", Host: "desk", Domain: "new.example", Owner: "A. Person", Organization: "Org",
		LastUser: "aperson", LastUserDomain: "DESK",
	}
	if diff := cmp.Diff(want, must[winsys.Identity](t)(sys.Identity(soft))); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	want = winsys.Identity{Computer: "DESK", Host: "desk", Domain: "new.example"}
	if diff := cmp.Diff(want, must[winsys.Identity](t)(sys.Identity(nil))); diff != "" {
		t.Errorf("without SOFTWARE (-want +got):\n%s", diff)
	}
}

func TestPlausible(t *testing.T) {
	tests := []struct {
		zone winsys.TimeZone
		want bool
	}{
		{winsys.TimeZone{}, true},
		{winsys.TimeZone{Rule: winsys.ZoneRule{Bias: -840, Daylight: winsys.Transition{Month: 3, Day: 5, Hour: 2}}}, true},
		{winsys.TimeZone{Rule: winsys.ZoneRule{Bias: -9000}}, false},
		{winsys.TimeZone{Rule: winsys.ZoneRule{Standard: winsys.Transition{Day: 1 << 30}}}, false},
		{winsys.TimeZone{Years: map[int]winsys.ZoneRule{2024: {Daylight: winsys.Transition{Month: 13}}}}, false},
		{winsys.TimeZone{Years: map[int]winsys.ZoneRule{-1: {}}}, false},
	}
	for _, tt := range tests {
		if got := tt.zone.Plausible(); got != tt.want {
			t.Errorf("%+v: got %v", tt.zone, got)
		}
	}
}
