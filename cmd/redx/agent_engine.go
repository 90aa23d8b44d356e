package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/redx-update/redx/internal/agent"
	"github.com/redx-update/redx/internal/agent/engine/native"
	"github.com/redx-update/redx/internal/agent/engine/wua"
)

// settle takes what the flags do not say from the settings in the agent's folder, and gives its policy; without settings
// it is the default.
func (o *agentOptions) settle(r *agentRun) (agent.Policy, error) {
	folder, name := r.home.Folder, agent.SettingsName
	text, err := r.home.Root.ReadFile(name)
	if o.config != "" {
		folder, name = filepath.Split(o.config)
		text, err = os.ReadFile(o.config)
	}
	if errors.Is(err, fs.ErrNotExist) && o.config == "" {
		return agent.DefaultPolicy(), nil
	}
	if err != nil {
		return agent.Policy{}, err
	}
	s, err := agent.ParseSettings(string(text))
	if err != nil {
		return s.Policy, fmt.Errorf("%s in %s: %w", name, cmp.Or(folder, "."), err)
	}
	if o.kind == "" {
		o.kind = s.Engine
	}
	if o.server == "" {
		o.server = s.Server
	}
	if o.trust == "" && s.Trust != "" {
		o.trust = filepath.Join(folder, filepath.Base(s.Trust))
	}
	return s.Policy, nil
}

// openEngine opens the engine that was asked for. Own says that it keeps its files in redx's own folder.
func (o *agentOptions) openEngine(r *agentRun, policy agent.Policy) (e agent.Engine, own bool, err error) {
	switch o.kind {
	case "wua":
		if o.image != "" {
			return nil, false, usage("--engine wua is for the Windows that runs")
		}
		a, err := newAgent()
		if err != nil {
			return nil, false, err
		}
		return &wua.Engine{Agent: a, Now: time.Now}, false, nil
	case "", "native":
	default:
		return nil, false, usage("--engine is native or wua, not %q", o.kind)
	}
	options, err := o.engine(r.home, policy, r.log)
	if err != nil {
		return nil, false, err
	}
	n, err := native.New(*options)
	if err != nil {
		return nil, false, err
	}
	return n, options.Root.Own, nil
}
