package agent_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/agent"
)

func TestStateFile(t *testing.T) {
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	f := agent.StateFile{Folder: root}
	if s, note, err := f.Load(); err != nil || note != "" || len(s.Updates) != 0 {
		t.Fatalf("of nothing: %+v, %q, %v", s, note, err)
	}
	at := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	want := agent.State{
		Version: 1, NextVisit: at, Misses: 2, Paused: true, Updates: map[string]*agent.Tries{"x": {Begun: []time.Time{at}, Fails: 1}},
		Attempts: []agent.Attempt{{Time: at, Result: "failed", Healing: &agent.Healing{Healed: agent.Mended}}},
	}
	for range 2 {
		if err := f.Save(want); err != nil {
			t.Fatal(err)
		}
	}
	got, note, err := f.Load()
	if err != nil || note != "" || cmp.Diff(want, got) != "" {
		t.Errorf("%q, %v (-want +got):\n%s", note, err, cmp.Diff(want, got))
	}
	many := `{"version":1,"updates":{"a":null,"b":{"begun":[` + strings.TrimSuffix(strings.Repeat(`"2026-11-25T12:00:00Z",`, 300), ",") + `]}}}`
	for content, noted := range map[string]bool{"": true, `{"version":1`: true, `{"version":7}`: true, "null": true, `{"version":1}`: false, many: false} {
		if err := os.WriteFile(filepath.Join(dir, agent.StateName), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		s, note, err := f.Load()
		if err != nil || (note != "") != noted || len(s.Updates) != 0 {
			t.Errorf("%.20q: %+v, %q, %v", content, s, note, err)
		}
	}
}
