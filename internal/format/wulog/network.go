package wulog

import "strings"

// ParseNetwork reads what the agent says of the computer's network: "Network state: Disconnected" and
// "IdleTimer::NetworkStateChanged. Network connected? No" (observed in traces of Windows 11). ok is false for all other
// texts.
func ParseNetwork(text string) (connected, ok bool) {
	if _, state, found := strings.Cut(text, "Network state: "); found {
		return !strings.HasPrefix(state, "Disconnected"), strings.HasPrefix(state, "Disconnected") || strings.HasPrefix(state, "Connected")
	}
	if _, answer, found := strings.Cut(text, "Network connected? "); found {
		return strings.HasPrefix(answer, "Yes"), strings.HasPrefix(answer, "Yes") || strings.HasPrefix(answer, "No")
	}
	return false, false
}
