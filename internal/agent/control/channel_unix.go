//go:build unix

package control

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/sys/unix"
)

// socketName stands in the agent's folder.
const socketName = "control.sock"

// Listen opens the channel of the agent whose folder it is. The caller holds the agent's lock: a socket that is there
// already is of an agent that died.
func Listen(folder string) (net.Listener, error) {
	path, done, err := short(filepath.Join(folder, socketName))
	if err != nil {
		return nil, err
	}
	defer done()
	if err := os.Remove(filepath.Join(folder, socketName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open the control channel: %w", err)
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("open the control channel: %w", err)
	}
	l.SetUnlinkOnClose(false) // by then the short name leads nowhere
	if err := os.Chmod(filepath.Join(folder, socketName), 0o600); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return &listener{Listener: l, path: filepath.Join(folder, socketName)}, nil
}

// listener removes its socket when it is closed, once: the next one of that name is another agent's.
type listener struct {
	net.Listener
	path    string
	closing sync.Once
}

func (l *listener) Close() error {
	err := net.ErrClosed
	l.closing.Do(func() {
		err = l.Listener.Close()
		if rerr := os.Remove(l.path); rerr != nil && !errors.Is(rerr, fs.ErrNotExist) {
			err = errors.Join(err, rerr)
		}
	})
	return err
}

func connect(ctx context.Context, folder string) (net.Conn, error) {
	path, done, err := short(filepath.Join(folder, socketName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w (%w)", ErrNotRunning, err)
	}
	if err != nil {
		return nil, err
	}
	defer done()
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", path)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("%w (%w)", ErrStranger, err)
	case err != nil && ctx.Err() == nil:
		return nil, fmt.Errorf("%w (%w)", ErrNotRunning, err)
	}
	return conn, err
}

// caller is the user at the other end.
func caller(conn net.Conn) (uint32, error) {
	u, ok := conn.(*net.UnixConn)
	if !ok {
		return 0, errors.New("no socket of this computer")
	}
	raw, err := u.SyscallConn()
	if err != nil {
		return 0, err
	}
	var uid uint32
	var asked error
	err = raw.Control(func(fd uintptr) { uid, asked = peer(int(fd)) }) //nolint:forbidigo // a method of what net gives
	if err = errors.Join(err, asked); err != nil {
		return 0, fmt.Errorf("ask who calls: %w", err)
	}
	return uid, nil
}

// Check lets in root, the user that the agent runs as, and the owner of its folder.
func Check(folder string) func(net.Conn) error {
	return func(conn net.Conn) error {
		uid, err := caller(conn)
		if err != nil {
			return err
		}
		var of unix.Stat_t
		if err := unix.Stat(folder, &of); err != nil {
			return err
		}
		if uid == 0 || uid == uint32(os.Geteuid()) || uid == of.Uid {
			return nil
		}
		return fmt.Errorf("user %d: %w", uid, ErrStranger)
	}
}
