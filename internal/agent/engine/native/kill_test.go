package native_test

import (
	"bufio"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redx-update/redx/internal/agent/engine/native"
	"github.com/redx-update/redx/internal/gather"
	"github.com/redx-update/redx/internal/history"
	"github.com/redx-update/redx/internal/image"
	"github.com/redx-update/redx/internal/image/offline"
	"github.com/redx-update/redx/internal/repair"
	"github.com/redx-update/redx/internal/server/servertest"
	"github.com/redx-update/redx/internal/update"
)

// The variables make this program an agent of the image that they name, until it is killed or has the update.
const (
	imageEnv  = "REDX_TEST_AGENT_IMAGE"
	serverEnv = "REDX_TEST_AGENT_SERVER"
	trustEnv  = "REDX_TEST_AGENT_TRUST"
)

// ownFailure is its exit code when it fails, which no killed program has; nor has it that of a panic, 2.
const ownFailure = 3

func TestMain(m *testing.M) {
	if top := os.Getenv(imageEnv); top != "" {
		if err := liveOnce(context.Background(), top, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(ownFailure)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// liveOnce scans, downloads and installs, and says before each of them which it is.
func liveOnce(ctx context.Context, top string, out io.Writer) error {
	trust, err := os.ReadFile(os.Getenv(trustEnv))
	if err != nil {
		return err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(trust)
	e, err := native.New(native.Options{
		Image: func() (image.Image, error) { return offline.Open(top) }, Top: top, Root: repair.Root{Dir: `C:\Windows`}, Lab: true,
		Server: os.Getenv(serverEnv), Trust: pool, HTTP: &http.Client{}, Log: slog.New(slog.DiscardHandler), Now: time.Now,
		Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	})
	if err != nil {
		return err
	}
	defer e.Close()
	_, _ = fmt.Fprintln(out, "scan")
	r, err := e.Scan(ctx)
	if err != nil || len(r.Updates) != 1 {
		return fmt.Errorf("the scan has %+v: %w", r, err)
	}
	_, _ = fmt.Fprintln(out, "download")
	if err := e.Download(ctx, r.Updates[0], func(int64, int64) {}); err != nil {
		return err
	}
	_, _ = fmt.Fprintln(out, "install")
	if _, err := e.Install(ctx, r.Updates[0]); err != nil {
		return err
	}
	_, _ = fmt.Fprintln(out, "done")
	return nil
}

// TestKilled kills an agent that scans, downloads, extracts and installs, at one moment after the other. The next one ends
// what it was at, in whichever way, and has the update; each attempt stands in the history once.
func TestKilled(t *testing.T) {
	big := make([]byte, 1500<<10) // more than one request, and long enough to be killed in
	for i := range big {
		big[i] = byte(rand.Uint32())
	}
	ca, err := signers()
	if err != nil {
		t.Fatal(err)
	}
	trust := filepath.Join(t.TempDir(), "trust.pem")
	if err := os.WriteFile(trust, ca[0].PEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	cabinet := payloadOf(t, ca[0], "1.0.0.1", string(big))
	stage, whole := killedAfter(t, killable(t, cabinet), trust, 5*time.Minute)
	if stage != "done" {
		t.Fatalf("it came as far as %q", stage)
	}
	rounds := 16
	if testing.Short() {
		rounds = 4
	}
	reached := map[string]int{}
	for round := range rounds {
		c := killable(t, cabinet)
		stage, _ := killedAfter(t, c, trust, whole*time.Duration(round)/time.Duration(rounds))
		reached[stage]++
		c.endsWell(stage, string(big))
	}
	t.Logf("killed after %v", reached)
}

func killable(t *testing.T, cabinet []byte) *computer {
	t.Helper()
	c := newComputer(t, fix(servertest.File{Name: "fix.cab", Data: cabinet}))
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	return c
}

// killedAfter runs an agent, kills it some time after its first word, and gives the last one and how long it took from there.
func killedAfter(t *testing.T, c *computer, trust string, pause time.Duration) (stage string, took time.Duration) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program)
	cmd.Env = append(os.Environ(), imageEnv+"="+c.top, serverEnv+"="+c.site.URL, trustEnv+"="+trust)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var begun time.Time
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if stage == "" {
			begun = time.Now()
			defer time.AfterFunc(pause, func() { _ = cmd.Process.Kill() }).Stop()
		}
		stage = lines.Text()
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); err != nil && (!errors.As(err, &exit) || exit.ExitCode() > 1) || stage == "" {
		t.Fatalf("the agent ended with %v after %q", err, stage)
	}
	return stage, time.Since(begun)
}

// endsWell starts the agent again after one that was killed at a stage, and has it get the update.
func (c *computer) endsWell(stage, content string) {
	c.t.Helper()
	c.start()
	attempts := c.attempts()
	most := map[string]int{"install": 1, "done": 1}[stage]
	if len(attempts) > most || stage == "done" && len(attempts) != 1 {
		c.t.Fatalf("killed after %q: the history has %+v", stage, attempts)
	}
	r, err := c.Scan(c.t.Context())
	if err != nil {
		c.t.Fatalf("killed after %q: %v", stage, err)
	}
	for _, u := range r.Updates {
		if err := c.get(u); err != nil {
			c.t.Fatalf("killed after %q: %v", stage, err)
		}
		if _, err := c.Install(c.t.Context(), u); err != nil {
			c.t.Fatalf("killed after %q: %v", stage, err)
		}
	}
	after := c.attempts()
	if len(after) != len(attempts)+len(r.Updates) || after[0].Result != update.Succeeded {
		c.t.Errorf("killed after %q: %d updates were needed then, and the history has %+v", stage, len(r.Updates), after)
	}
	if got, err := os.ReadFile(c.host("Windows", "System32", "lab.dll")); err != nil || string(got) != content {
		c.t.Errorf("killed after %q: %d bytes are installed, %v", stage, len(got), err)
	}
	c.nothingHalf(stage)
}

// nothingHalf wants no file to be left that was being written.
func (c *computer) nothingHalf(stage string) {
	c.t.Helper()
	err := filepath.WalkDir(c.top, func(path string, _ os.DirEntry, err error) error {
		if strings.HasSuffix(path, ".new") || strings.HasSuffix(path, ".redx-part") {
			c.t.Errorf("killed after %q: left over: %s", stage, path)
		}
		return err
	})
	if err != nil {
		c.t.Fatal(err)
	}
}

// attempts is the history of the disk, the newest first.
func (c *computer) attempts() []history.Entry {
	c.t.Helper()
	img, err := c.options.Image()
	if err != nil {
		c.t.Fatal(err)
	}
	defer img.Close()
	set, err := gather.Gather(c.t.Context(), img, gather.Options{})
	if err != nil {
		c.t.Fatal(err)
	}
	return history.Merge(set)
}
