//go:build unix

package control_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redx-update/redx/internal/agent/control"
)

// agentFolder stands deeper than the name of a socket can be long, where that can be helped.
func agentFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if _, err := os.Stat("/proc/self/fd"); err == nil {
		dir = filepath.Join(dir, strings.Repeat("deep", 30), "agent")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

// The socket is its user's alone, the kernel says who calls, and a dead agent's socket is no obstacle.
func TestSocket(t *testing.T) {
	folder := agentFolder(t)
	path := filepath.Join(folder, "control.sock")
	if err := os.WriteFile(path, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	l, err := control.Listen(folder)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	accepted := make(chan error, 1)
	go func() {
		conn, err := l.Accept()
		if err == nil {
			err = control.Check(folder)(conn)
			conn.Close()
		}
		accepted <- err
	}()
	dial(t, folder)
	if err := <-accepted; err != nil {
		t.Errorf("this very user: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(path); err == nil {
		t.Error("the socket stays behind")
	}
	next, err := control.Listen(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer next.Close()
	if err := l.Close(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("closed twice: %v", err)
	}
	if _, err := os.Lstat(path); err != nil {
		t.Error("the next agent's socket was taken away")
	}
}
