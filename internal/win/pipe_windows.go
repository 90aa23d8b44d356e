package win

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// onlyAdministrators lets the system and administrators do anything with a pipe, and nobody else even look at it.
const onlyAdministrators = "D:P(A;;GA;;;SY)(A;;GA;;;BA)"

const pipePrefix = `\\.\pipe\`

// pipeBuffer is what fits between the two ends.
const pipeBuffer = 64 << 10

// ListenPipe opens a named pipe that only the system and administrators of this computer can connect to. One of that
// name that is there already, whoever made it, is an error: nobody can answer in the agent's place.
func ListenPipe(name string) (net.Listener, error) {
	sd, err := windows.SecurityDescriptorFromString(onlyAdministrators)
	if err != nil {
		return nil, err
	}
	l := &pipeListener{name: pipePrefix + name, sd: sd}
	if l.stop, err = windows.CreateEvent(nil, 1, 0, nil); err != nil {
		return nil, fmt.Errorf("listen on %s: %w", l.name, err)
	}
	if l.next, err = l.instance(windows.FILE_FLAG_FIRST_PIPE_INSTANCE); err != nil {
		return nil, errors.Join(fmt.Errorf("listen on %s: %w", l.name, err), windows.CloseHandle(l.stop))
	}
	return l, nil
}

type pipeListener struct {
	name string
	sd   *windows.SECURITY_DESCRIPTOR

	accepting sync.Mutex
	next      windows.Handle // the instance that the next client gets; 0 after the end
	waits     windows.Overlapped

	closing sync.Once
	stop    windows.Handle // an event
}

func (l *pipeListener) instance(flags uint32) (windows.Handle, error) {
	p, err := windows.UTF16PtrFromString(l.name)
	if err != nil {
		return 0, err
	}
	sa := windows.SecurityAttributes{SecurityDescriptor: l.sd}
	sa.Length = uint32(unsafe.Sizeof(sa))
	const mode = windows.PIPE_TYPE_BYTE | windows.PIPE_REJECT_REMOTE_CLIENTS
	return windows.CreateNamedPipe(p, windows.PIPE_ACCESS_DUPLEX|windows.FILE_FLAG_OVERLAPPED|flags, mode,
		windows.PIPE_UNLIMITED_INSTANCES, pipeBuffer, pipeBuffer, 0, &sa)
}

// Accept waits for a client. net.ErrClosed after Close.
func (l *pipeListener) Accept() (net.Conn, error) {
	l.accepting.Lock()
	defer l.accepting.Unlock()
	if l.next == 0 {
		return nil, net.ErrClosed
	}
	h := l.next
	if err := l.connect(h); err != nil {
		return nil, err
	}
	// The name must never be without an instance, or somebody else could take it.
	next, err := l.instance(0)
	if err != nil {
		l.next = 0
		return nil, errors.Join(fmt.Errorf("listen on %s: %w", l.name, err), windows.CloseHandle(h))
	}
	l.next = next
	return newPipeConn(h, l.name), nil
}

// connect waits until a client has the instance.
func (l *pipeListener) connect(h windows.Handle) error {
	o := &l.waits // never on a stack, which may move while Windows writes to it
	*o = windows.Overlapped{}
	var err error
	if o.HEvent, err = windows.CreateEvent(nil, 1, 0, nil); err != nil {
		return err
	}
	defer windows.CloseHandle(o.HEvent) //nolint:errcheck // nothing is lost with it
	err = windows.ConnectNamedPipe(h, o)
	switch {
	case errors.Is(err, windows.ERROR_PIPE_CONNECTED), errors.Is(err, windows.ERROR_NO_DATA), err == nil:
		return nil // it came, and may have gone, before it was waited for
	case !errors.Is(err, windows.ERROR_IO_PENDING):
		return fmt.Errorf("wait for a client: %w", err)
	}
	which, err := windows.WaitForMultipleObjects([]windows.Handle{o.HEvent, l.stop}, false, windows.INFINITE)
	if err == nil && which == windows.WAIT_OBJECT_0 {
		return nil
	}
	var n uint32
	_ = windows.CancelIoEx(h, o)                    // it may have ended just now
	_ = windows.GetOverlappedResult(h, o, &n, true) // until then Windows writes to o
	return net.ErrClosed
}

// Close ends Accept.
func (l *pipeListener) Close() error {
	err := net.ErrClosed
	l.closing.Do(func() {
		err = windows.SetEvent(l.stop)
		l.accepting.Lock()
		defer l.accepting.Unlock()
		if l.next != 0 {
			err = errors.Join(err, windows.CloseHandle(l.next))
		}
		err = errors.Join(err, windows.CloseHandle(l.stop))
		l.next = 0
	})
	return err
}

func (l *pipeListener) Addr() net.Addr { return pipeAddr(l.name) }

type pipeAddr string

func (pipeAddr) Network() string  { return "pipe" }
func (a pipeAddr) String() string { return string(a) }

// pipeConn is one end of a pipe.
type pipeConn struct{ *os.File }

func newPipeConn(h windows.Handle, name string) net.Conn {
	return pipeConn{os.NewFile(uintptr(h), name)}
}

func (c pipeConn) LocalAddr() net.Addr  { return pipeAddr(c.Name()) }
func (c pipeConn) RemoteAddr() net.Addr { return pipeAddr(c.Name()) }

// DialPipe connects to a pipe of this computer. fs.ErrNotExist when nobody listens; fs.ErrPermission without the rights.
// Whoever listens learns who this is and cannot act in its name; one that neither the system, nor an administrator, nor this
// user has made is fs.ErrPermission too: anybody can take the name while no agent runs.
func DialPipe(ctx context.Context, name string) (net.Conn, error) {
	const rights = windows.GENERIC_READ | windows.GENERIC_WRITE
	const flags = windows.FILE_FLAG_OVERLAPPED | windows.SECURITY_SQOS_PRESENT | windows.SECURITY_IDENTIFICATION
	p, err := windows.UTF16PtrFromString(pipePrefix + name)
	if err != nil {
		return nil, err
	}
	for {
		h, err := windows.CreateFile(p, rights, 0, nil, windows.OPEN_EXISTING, flags, 0)
		if err == nil {
			if err := checkListener(h); err != nil {
				return nil, errors.Join(&fs.PathError{Op: "connect to", Path: pipePrefix + name, Err: err}, windows.CloseHandle(h))
			}
			return newPipeConn(h, pipePrefix+name), nil
		}
		if !errors.Is(err, windows.ERROR_PIPE_BUSY) {
			return nil, &fs.PathError{Op: "connect to", Path: pipePrefix + name, Err: err}
		}
		if err := sleep(ctx, 20*time.Millisecond); err != nil {
			return nil, err
		}
	}
}

// checkListener wants a pipe that is not somebody else's. One whose owner is not told is let be: it could be connected to.
func checkListener(h windows.Handle) error {
	if Wine() { // whose owners are no accounts
		return nil
	}
	var owner *windows.SID
	sd, err := windows.GetSecurityInfo(h, windows.SE_KERNEL_OBJECT, windows.OWNER_SECURITY_INFORMATION)
	if err == nil {
		owner, _, err = sd.Owner()
	}
	if err == nil && owner != nil {
		return checkOwner(owner)
	}
	return nil
}

func checkOwner(owner *windows.SID) error {
	if owner.IsWellKnown(windows.WinLocalSystemSid) || owner.IsWellKnown(windows.WinBuiltinAdministratorsSid) {
		return nil
	}
	user, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return fmt.Errorf("ask who runs this: %w", err)
	}
	if !owner.Equals(user.User.Sid) {
		return fmt.Errorf("it was made by %s: %w", owner, fs.ErrPermission)
	}
	return nil
}
