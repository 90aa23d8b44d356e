package agent_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/agent"
)

func TestParseSettings(t *testing.T) {
	got, err := agent.ParseSettings("engine = \"native\"\nserver = \"http://x:8530\"\ntrust = \"trust.pem\"\n[visit]\nevery = \"2h\"\n")
	want := agent.Settings{Engine: "native", Server: "http://x:8530", Trust: "trust.pem", Policy: agent.DefaultPolicy()}
	want.Policy.Every = agent.Duration(2 * time.Hour)
	if d := cmp.Diff(want, got); err != nil || d != "" {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
	for text, words := range map[string]string{
		`engine = "other"`: "native or wua", `sever = "x"`: "sever", "[visit]\nevery = \"0s\"": "visit.every", "server": "expected",
	} {
		if _, err := agent.ParseSettings(text); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
