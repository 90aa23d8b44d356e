package control

import (
	"errors"
	"fmt"
	"net"

	"golang.org/x/sys/unix"
)

// short gives the name as it is: this system has no way round a long one, and says so.
func short(path string) (name string, done func(), err error) { return path, func() {}, nil }

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
	var cred *unix.Xucred
	var cerr error
	err = raw.Control(func(fd uintptr) { cred, cerr = unix.GetsockoptXucred(int(fd), unix.SOL_LOCAL, unix.LOCAL_PEERCRED) }) //nolint:forbidigo // a method of what net gives
	if err = errors.Join(err, cerr); err != nil {
		return 0, fmt.Errorf("ask who calls: %w", err)
	}
	return cred.Uid, nil
}
