package backend_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redx-update/redx/internal/content/file"
	"github.com/redx-update/redx/internal/server"
	"github.com/redx-update/redx/internal/server/backend"
	"github.com/redx-update/redx/internal/store/sqlite"
)

const finding = "payload-missing-download-0123456789ab"

// fleet is a backend that so many computers are known to.
func fleet(t *testing.T, computers int) (*backend.Backend, *sqlite.Store) {
	t.Helper()
	dir := t.TempDir()
	s, err := sqlite.Open(t.Context(), filepath.Join(dir, "redx.db"))
	if err != nil {
		t.Fatal(err)
	}
	files, err := file.Open(filepath.Join(dir, "Content"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(files.Close(), s.Close()); err != nil {
			t.Error(err)
		}
	})
	b, err := backend.New(t.Context(), s, files, server.Settings{}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	for n := range computers {
		if _, err := b.Claim(t.Context(), server.Claim{ID: name(n), DNSName: name(n)}); err != nil {
			t.Fatal(err)
		}
	}
	return b, s
}

func name(n int) string { return fmt.Sprintf("pc%03d", n) }

// tell sends a finding from a computer.
func tell(t *testing.T, b *backend.Backend, n int, id, severity string) server.Verdict {
	t.Helper()
	v, err := b.Findings(context.Background(), name(n), fmt.Appendf(nil, `{"findings":[{"id":%q,"check":"payload-missing-download","severity":%q}]}`, id, severity))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestShareOfTheFleet(t *testing.T) {
	for name, tt := range map[string]struct {
		fleet, from int // how many computers there are, and which of those that send it is the first to be told no
		rule        backend.HealingRule
	}{
		"a tenth of many":       {130, 13, backend.DefaultHealingRule()},
		"ten at least":          {20, 10, backend.DefaultHealingRule()},
		"fewer than ten":        {9, 100, backend.DefaultHealingRule()},
		"never":                 {20, 100, backend.HealingRule{Computers: 10}},
		"as the settings say":   {20, 4, backend.HealingRule{Share: 0.2, Computers: 2}},
		"and at least so many":  {20, 6, backend.HealingRule{Share: 0.2, Computers: 6}},
		"all of them, no fewer": {12, 12, backend.HealingRule{Share: 1, Computers: 2}},
	} {
		t.Run(name, func(t *testing.T) {
			b, _ := fleet(t, tt.fleet)
			b.SetHealing(tt.rule)
			for n := range min(tt.fleet, 15) {
				for range 2 { // a computer counts once
					if v := tell(t, b, n, finding, "error"); v.Heal != (n+1 < tt.from) {
						t.Fatalf("computer %d: %+v", n+1, v)
					}
				}
			}
		})
	}
}

func TestPauseAndResume(t *testing.T) {
	b, s := fleet(t, 12)
	b.SetHealing(backend.HealingRule{Share: 0.1, Computers: 3})
	for n := range 3 {
		tell(t, b, n, finding, "error")
	}
	v := tell(t, b, 3, finding, "error")
	if v.Heal || !strings.Contains(v.Why, "3 of 12 computers") {
		t.Errorf("%+v", v)
	}
	if v := tell(t, b, 3, "payload-missing-download-ba9876543210", "error"); !v.Heal {
		t.Errorf("another finding: %+v", v)
	}
	if v := tell(t, b, 3, finding, "warning"); !v.Heal {
		t.Errorf("what is no error counts: %+v", v)
	}
	if err := s.ResumeHealing(t.Context(), finding, time.Now()); err != nil {
		t.Fatal(err)
	}
	for n, heal := range []bool{true, true, false} {
		time.Sleep(2 * time.Millisecond) // what counts came after the resumption
		if v := tell(t, b, n, finding, "error"); v.Heal != heal {
			t.Errorf("after it was resumed, computer %d: %+v", n+1, v)
		}
	}
}

// What clients say is their word: it can neither fill the store nor pause what it does not name.
func TestHostileFindings(t *testing.T) {
	b, s := fleet(t, 2)
	b.SetHealing(backend.HealingRule{Share: 0.1, Computers: 1})
	for _, body := range []string{
		`{}`, `{"findings":7}`, `{"findings":[7]}`, `{"findings":[{}]}`,
		`{"findings":[{"id":"` + strings.Repeat("x", 1000) + `","check":"x","severity":"error"}]}`,
		`{"findings":[{"id":"disk-full-0123456789ab","check":"payload-missing-download","severity":"error"}]}`,
	} {
		if v, err := b.Findings(t.Context(), name(0), []byte(body)); err != nil || !v.Heal {
			t.Errorf("%.60s: %+v, %v", body, v, err)
		}
	}
	if all, err := s.HealingPauses(t.Context()); err != nil || len(all) > 0 {
		t.Errorf("paused: %+v, %v", all, err)
	}
}
