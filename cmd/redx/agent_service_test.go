package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redx-update/redx/internal/agent"
	"github.com/redx-update/redx/internal/lab"
)

// syncBuffer is a log that is read while it is written.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// TestReload: new settings are taken without an end, and settings that are none change nothing.
func TestReload(t *testing.T) {
	s, err := lab.Load("payload-missing-download-near")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	o := agentOptions{server: "http://127.0.0.1:1", config: filepath.Join(dir, "agent.toml")}
	o.image = filepath.Join(dir, "c")
	if err := lab.Build(s, o.image); err != nil {
		t.Fatal(err)
	}
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(o.config, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("[visit]\nevery = \"3h\"\nfirst_within = \"1h\"\n")
	var log syncBuffer
	a := newAgentService(o)
	a.reload() // before there is an agent, which then begins again and does not end
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.run(ctx, stdio{out: &log, err: &log, getenv: os.Getenv}) }()
	every := func() time.Duration {
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.agent == nil {
			return 0
		}
		return time.Duration(a.agent.Policy.Every)
	}
	eventually(t, "it runs", func() bool { return every() == 3*time.Hour })
	a.pause(true)
	write("[visit]\nevery = \"5h\"\n")
	a.reload()
	eventually(t, "it has the new settings", func() bool { return every() == 5*time.Hour })
	write("[visit]\nevery = \"soon\"\n")
	a.reload()
	eventually(t, "it refuses what are no settings", func() bool { return strings.Contains(log.String(), "the settings are not taken") })
	a.mu.Lock()
	if st := a.agent.Status(); !st.Paused || a.agent.Policy.Every != agent.Duration(5*time.Hour) {
		t.Errorf("%+v", st)
	}
	a.agent.Resume(ctx) // as by redx agent resume: no longer what the service manager has asked for once
	a.mu.Unlock()
	write("[visit]\nevery = \"7h\"\n")
	a.reload()
	eventually(t, "it has settings again", func() bool { return every() == 7*time.Hour })
	a.mu.Lock()
	if a.agent.Status().Paused {
		t.Error("it is paused again by new settings")
	}
	a.mu.Unlock()
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
