package wulog_test

import (
	"testing"

	"github.com/redx-update/redx/internal/format/wulog"
)

func TestNetwork(t *testing.T) {
	type answer struct{ connected, ok bool }
	for in, want := range map[string]answer{
		"  * Network state: Connected":                                  {true, true},
		"Network state: Disconnected":                                   {false, true},
		"IdleTimer::NetworkStateChanged. Network connected? Yes":        {true, true},
		"IdleTimer::NetworkStateChanged. Network connected? No":         {false, true},
		"Network state: what it was":                                    {true, false},
		"Network connected? Perhaps":                                    {false, false},
		"UpdateNetworkState Ipv6, cNetworkInterfaces = 0.":              {false, false},
		"Do not connect to Windows Update Internet locations: No":       {false, false},
		"Timer: X, Expires 2025-04-27, not idle-only, not network-only": {false, false},
	} {
		if connected, ok := wulog.ParseNetwork(in); ok != want.ok || ok && connected != want.connected {
			t.Errorf("%q: got %v, %v, want %+v", in, connected, ok, want)
		}
	}
}
