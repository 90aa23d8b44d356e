package winsys

import (
	"fmt"
	"time"
)

// Policy is what rules where updates come from and when.
type Policy struct {
	Where string // key of the policies
	// Server and StatusServer are the WSUS server. It is asked only when UseServer is set.
	Server, StatusServer string
	UseServer            bool      // AU\UseWUServer
	TargetGroup          string    // TargetGroup, if TargetGroupEnabled
	NoInternet           bool      // DoNotConnectToWindowsUpdateInternetLocations
	NoAccess             bool      // DisableWindowsUpdateAccess
	NoAutoUpdate         bool      // AU\NoAutoUpdate
	PausedUntil          time.Time // the latest end of a pause that the user set; UTC
	PausedWhere          string    // its value
	Settings             []Setting // all that is set there
}

// Setting is one value of a policy or setting.
type Setting struct {
	Name  string
	Where string // key
	Text  string // number in decimal, or text
}

// Policy reads the policies of Windows Update and the pauses the user set.
func (s *Software) Policy() (Policy, error) {
	n := s.node().open(`Policies\Microsoft\Windows\WindowsUpdate`)
	au := n.open("AU")
	p := Policy{
		Where: n.path, Server: n.text("WUServer"), StatusServer: n.text("WUStatusServer"),
		UseServer: au.flag("UseWUServer"), NoAutoUpdate: au.flag("NoAutoUpdate"),
		NoInternet: n.flag("DoNotConnectToWindowsUpdateInternetLocations"), NoAccess: n.flag("DisableWindowsUpdateAccess"),
	}
	if n.flag("TargetGroupEnabled") {
		p.TargetGroup = n.text("TargetGroup")
	}
	ux := s.node().open(`Microsoft\WindowsUpdate\UX\Settings`)
	for _, name := range []string{"PauseUpdatesExpiryTime", "PauseFeatureUpdatesEndTime", "PauseQualityUpdatesEndTime"} {
		if t, err := time.Parse(time.RFC3339, ux.text(name)); err == nil && t.After(p.PausedUntil) {
			p.PausedUntil, p.PausedWhere = t.UTC(), ux.path+`\`+name
		}
	}
	for _, from := range []node{n, au, ux} {
		p.Settings = append(p.Settings, settings(from)...)
	}
	err := n.err()
	if err == nil {
		err = ux.err()
	}
	return p, err
}

func settings(n node) []Setting {
	var list []Setting
	for v := range n.values() {
		text := v.String()
		if number, ok := v.Uint64(); ok {
			text = fmt.Sprint(number)
		}
		list = append(list, Setting{v.Name, n.path, text})
	}
	return list
}
