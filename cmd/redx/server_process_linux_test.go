package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// served is "redx server run" as a process of its own, with its real store.
type served struct {
	t    *testing.T
	data string
	base string // of the clients' port
	cmd  *exec.Cmd
	log  *watched
}

// withoutRaces skips a test of minutes when the program looks for races; what it would see of them, others show.
func withoutRaces(t *testing.T) {
	t.Helper()
	if raceEnabled {
		t.Skip("run this without -race")
	}
}

// serveFrom starts a server on free ports.
func serveFrom(t *testing.T, data string) *served {
	t.Helper()
	s := &served{t: t, data: data, log: &watched{}}
	s.cmd = exec.Command(redx(t), "server", "run", "--data", data, "--listen", "127.0.0.1:0", "--console", "127.0.0.1:0")
	s.cmd.Stderr = s.log
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if s.cmd.ProcessState == nil {
			_ = s.cmd.Process.Kill()
			_ = s.cmd.Wait()
		}
		if t.Failed() {
			log := s.log.String()
			t.Logf("the server's log ends with:\n%s", log[max(0, len(log)-4000):])
		}
	})
	s.base = "http://" + s.listening("clients")
	return s
}

// listening waits until a port is open and gives its address.
func (s *served) listening(name string) string {
	s.t.Helper()
	addr := regexp.MustCompile(`for="?` + name + `"? addr=(\S+)`)
	eventually(s.t, name+" are listened for", func() bool { return addr.MatchString(s.log.String()) })
	return addr.FindStringSubmatch(s.log.String())[1]
}

// stop ends the server as a service manager does.
func (s *served) stop() {
	s.t.Helper()
	if err := s.cmd.Process.Signal(unix.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
	if err := s.cmd.Wait(); err != nil {
		s.t.Errorf("the server ended with %v", err)
	}
}

// must runs a command on the server's data, as an administrator beside it, and gives what it says.
func must(t *testing.T, data string, args ...string) string {
	t.Helper()
	var out, problems bytes.Buffer
	if code := run(context.Background(), append(args, "--data", data), stdio{out: &out, err: &problems}); code != exitOK {
		t.Fatalf("redx %s: exit code %d: %s", strings.Join(args, " "), code, problems.String())
	}
	return out.String()
}

// inData looks into a server's store.
func inData(t *testing.T, folder string, look func(*data) error) {
	t.Helper()
	d := dataFlags{data: folder}
	if err := d.with(t.Context(), false, look); err != nil {
		t.Fatal(err)
	}
}

// write makes a file, and its folder.
func write(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// tool runs a program of others and wants it to go well.
func tool(t *testing.T, env []string, words ...string) string {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), 5*time.Minute)
	defer stop()
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Env = append(os.Environ(), "NO_PROXY=127.0.0.1", "no_proxy=127.0.0.1") // what others make takes a proxy for loopback, too
	cmd.Env = append(cmd.Env, env...)
	cmd.WaitDelay = time.Second
	var problems bytes.Buffer
	cmd.Stderr = io.Writer(&problems)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v:\n%s%s", strings.Join(words, " "), err, out, problems.String())
	}
	return string(out)
}
