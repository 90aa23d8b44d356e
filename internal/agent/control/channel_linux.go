package control

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// maxSocket is how long the name of a socket can be.
const maxSocket = 107

// short gives a path to a socket a name that is not too long, for as long as done is not called: an image can stand deep
// in a file system.
func short(path string) (name string, done func(), err error) {
	if len(path) <= maxSocket {
		return path, func() {}, nil
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return "", nil, err
	}
	return fmt.Sprintf("/proc/self/fd/%d/%s", dir.Fd(), filepath.Base(path)), func() { _ = dir.Close() }, nil // it was only read
}

// caller is the user at the other end, as the kernel knows it.
func caller(conn net.Conn) (uint32, error) {
	u, ok := conn.(*net.UnixConn)
	if !ok {
		return 0, errors.New("no socket of this computer")
	}
	raw, err := u.SyscallConn()
	if err != nil {
		return 0, err
	}
	var cred *unix.Ucred
	var cerr error
	err = raw.Control(func(fd uintptr) { cred, cerr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) }) //nolint:forbidigo // a method of what net gives
	if err = errors.Join(err, cerr); err != nil {
		return 0, fmt.Errorf("ask who calls: %w", err)
	}
	return cred.Uid, nil
}
