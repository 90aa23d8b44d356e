package agent

import (
	"fmt"

	"github.com/BurntSushi/toml"
)

// Settings are the file agent.toml of an agent that is installed.
type Settings struct {
	Engine string // "native" or "wua"
	Server string // URL of the update location; native only
	Trust  string // a file of certificates in PEM, beside this one; native only
	Policy Policy
}

// SettingsName is the name of the settings file in the agent's folder.
const SettingsName = "agent.toml"

// ParseSettings reads a settings file: that of a policy, with engine, server and trust before its tables.
func ParseSettings(text string) (Settings, error) {
	s := Settings{Engine: "native"}
	var f struct {
		file
		Engine *string `toml:"engine"`
		Server *string `toml:"server"`
		Trust  *string `toml:"trust"`
	}
	m, err := toml.Decode(text, &f)
	if err != nil {
		return s, err
	}
	if unknown := m.Undecoded(); len(unknown) > 0 {
		return s, fmt.Errorf("no such setting: %s", unknown[0])
	}
	set(&s.Engine, f.Engine)
	set(&s.Server, f.Server)
	set(&s.Trust, f.Trust)
	if s.Engine != "native" && s.Engine != "wua" {
		return s, fmt.Errorf("engine is native or wua, not %q", s.Engine)
	}
	s.Policy, err = f.policy()
	return s, err
}
