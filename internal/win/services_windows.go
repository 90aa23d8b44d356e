package win

import (
	"context"
	"errors"
	"fmt"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// Services is this machine's service control manager. Each call opens the service with just the rights it needs, so a
// service that may be looked at and not changed (dosvc) can be looked at. Safe for use by several goroutines.
type Services struct{ manager windows.Handle }

// OpenServices connects to the service control manager. Looking needs no elevation; SetStart, Start and Stop do, and
// without it give an error that is fs.ErrPermission.
func OpenServices() (*Services, error) {
	h, err := windows.OpenSCManager(nil, nil, windows.SC_MANAGER_CONNECT)
	if err != nil {
		return nil, fmt.Errorf("connect to the service control manager: %w", err)
	}
	return &Services{h}, nil
}

// Close ends the connection.
func (s *Services) Close() error { return windows.CloseServiceHandle(s.manager) }

// Status says what a service does now. ErrNoService if there is none of that name.
func (s *Services) Status(name string) (Status, error) {
	h, err := s.open(name, windows.SERVICE_QUERY_STATUS)
	if err != nil {
		return Status{}, err
	}
	defer h.close()
	return h.status()
}

// Config says how a service is set up.
func (s *Services) Config(name string) (Config, error) {
	h, err := s.open(name, windows.SERVICE_QUERY_CONFIG)
	if err != nil {
		return Config{}, err
	}
	defer h.close()
	return h.config()
}

// SetStart changes when a service is started, and nothing else of it. The delay of an automatic one has an entry of
// its own, which stays when the service is disabled and counts again when it is automatic again; see SetDelayed.
func (s *Services) SetStart(name string, start StartType) error {
	h, err := s.open(name, windows.SERVICE_CHANGE_CONFIG)
	if err != nil {
		return err
	}
	defer h.close()
	const same = windows.SERVICE_NO_CHANGE
	err = windows.ChangeServiceConfig(h.handle, same, uint32(start), same, nil, nil, nil, nil, nil, nil, nil)
	return h.wrap(fmt.Sprintf("make %s", start), err)
}

// Dependents names the running services that depend on a service, in the order in which to stop them. Those that
// depend on them in turn are among them.
func (s *Services) Dependents(name string) ([]string, error) {
	h, err := s.open(name, windows.SERVICE_ENUMERATE_DEPENDENTS)
	if err != nil {
		return nil, err
	}
	defer h.close()
	var n uint32
	buf, err := grow(func(b []byte, need *uint32) error {
		return windows.EnumDependentServices(h.handle, windows.SERVICE_ACTIVE, at[windows.ENUM_SERVICE_STATUS](b), size(b), need, &n)
	})
	if err != nil {
		return nil, h.wrap("list what depends on", err)
	}
	var names []string
	for _, e := range unsafe.Slice(at[windows.ENUM_SERVICE_STATUS](buf), n) {
		names = append(names, windows.UTF16PtrToString(e.ServiceName))
	}
	return names, nil
}

// Start starts a service and waits until it runs; one that runs already is left alone. It gives up when ctx ends, and
// with ErrStalled, leaving the service to itself.
//
// Errors: ErrNoService, ErrDisabled, fs.ErrPermission; that of the service when it stops at once.
func (s *Services) Start(ctx context.Context, name string) error {
	h, err := s.open(name, windows.SERVICE_START|windows.SERVICE_QUERY_STATUS)
	if err != nil {
		return err
	}
	defer h.close()
	err = windows.StartService(h.handle, 0, nil)
	if err != nil && !errors.Is(err, windows.ERROR_SERVICE_ALREADY_RUNNING) { // which it also is while it starts
		return h.wrap("start", err)
	}
	_, err = await(ctx, in(Running), func() (Status, error) {
		now, err := h.status()
		if err == nil && now.State == Stopped {
			err = fmt.Errorf("it ended with %w", windows.Errno(now.ExitCode))
		}
		return now, err
	})
	return h.wrap("start", err)
}

// Stop stops a service and waits until it has stopped and its process has ended; one that is stopped already is left
// alone. A process that may be shared with other services is not waited for, so what it held may be held for some
// moments more. It gives up when ctx ends, and with ErrStalled, leaving the service to itself.
//
// Errors: ErrNoService, ErrDependents (nothing was done), ErrRefused, fs.ErrPermission.
func (s *Services) Stop(ctx context.Context, name string) error {
	h, err := s.open(name, windows.SERVICE_STOP|windows.SERVICE_QUERY_STATUS)
	if err != nil {
		return err
	}
	defer h.close()
	now, err := h.status()
	if err != nil {
		return err
	}
	p := openProcess(now)
	defer p.close()
	if err := h.requestStop(ctx); err != nil {
		return h.wrap("stop", err)
	}
	_, err = await(ctx, in(Stopped), func() (Status, error) {
		now, err := h.status()
		if p.ended() {
			now.State = Stopped // the service manager can be late with it, or leave it out
		}
		return now, err
	})
	if err == nil {
		err = p.wait(ctx)
	}
	return h.wrap("stop", err)
}

// service is one service, open.
type service struct {
	name   string
	handle windows.Handle
}

func (s *Services) open(name string, access uint32) (*service, error) {
	p, err := windows.UTF16PtrFromString(name)
	if err != nil {
		return nil, fmt.Errorf("service %q: %w", name, err)
	}
	h := &service{name: name}
	h.handle, err = windows.OpenService(s.manager, p, access)
	return h, h.wrap("open", err)
}

func (h *service) close() { _ = windows.CloseServiceHandle(h.handle) } // nothing is lost with it

// own are the errors that stand for numbers of Windows.
var own = map[windows.Errno]error{
	windows.ERROR_SERVICE_DOES_NOT_EXIST:     ErrNoService,
	windows.ERROR_SERVICE_DISABLED:           ErrDisabled,
	windows.ERROR_INVALID_SERVICE_CONTROL:    ErrRefused,
	windows.ERROR_DEPENDENT_SERVICES_RUNNING: ErrDependents,
	windows.ERROR_SERVICE_EXISTS:             ErrExists,
	windows.ERROR_SERVICE_MARKED_FOR_DELETE:  ErrDeleting,
	windows.ERROR_SERVICE_DATABASE_LOCKED:    ErrBusy,
}

func (h *service) wrap(doing string, err error) error {
	var code windows.Errno
	if errors.As(err, &code) && own[code] != nil {
		err = fmt.Errorf("%w (%w)", own[code], code)
	}
	if err != nil {
		return fmt.Errorf("%s service %s: %w", doing, h.name, err)
	}
	return nil
}

func (h *service) status() (Status, error) {
	buf, err := grow(func(b []byte, need *uint32) error {
		return windows.QueryServiceStatusEx(h.handle, windows.SC_STATUS_PROCESS_INFO, &b[0], size(b), need)
	})
	if err != nil {
		return Status{}, h.wrap("query", err)
	}
	st := at[windows.SERVICE_STATUS_PROCESS](buf)
	return Status{
		State: State(st.CurrentState), PID: st.ProcessId, Shared: st.ServiceType&windows.SERVICE_WIN32_SHARE_PROCESS != 0,
		CheckPoint: st.CheckPoint, WaitHint: time.Duration(st.WaitHint) * time.Millisecond, ExitCode: st.Win32ExitCode,
	}, nil
}

func (h *service) config() (Config, error) {
	buf, err := grow(func(b []byte, need *uint32) error {
		return windows.QueryServiceConfig(h.handle, at[windows.QUERY_SERVICE_CONFIG](b), size(b), need)
	})
	if err != nil {
		return Config{}, h.wrap("query the set-up of", err)
	}
	c := at[windows.QUERY_SERVICE_CONFIG](buf)
	out := Config{
		Start:   StartType(c.StartType),
		Command: windows.UTF16PtrToString(c.BinaryPathName), Account: windows.UTF16PtrToString(c.ServiceStartName),
	}
	delayed, err := grow(func(b []byte, need *uint32) error {
		return windows.QueryServiceConfig2(h.handle, windows.SERVICE_CONFIG_DELAYED_AUTO_START_INFO, &b[0], size(b), need)
	})
	if err == nil { // older systems, and Wine, do not know every level; that is no reason to know nothing
		yes := at[windows.SERVICE_DELAYED_AUTO_START_INFO](delayed).IsDelayedAutoStartUp != 0
		out.Delayed = &yes
	}
	return out, nil
}

// requestStop waits until the service can be asked, for one that starts or pauses takes no request, and asks it. nil
// also means that it stops, or has stopped, anyway.
func (h *service) requestStop(ctx context.Context) error {
	for {
		now, err := await(ctx, in(Running, Paused, StopPending, Stopped), h.status)
		if err != nil || now.State == StopPending || now.State == Stopped {
			return err
		}
		var st windows.SERVICE_STATUS
		err = windows.ControlService(h.handle, windows.SERVICE_CONTROL_STOP, &st)
		if !errors.Is(err, windows.ERROR_SERVICE_CANNOT_ACCEPT_CTRL) && !errors.Is(err, windows.ERROR_SERVICE_NOT_ACTIVE) {
			return err
		}
		if err := sleep(ctx, minPause); err != nil { // its state has changed since it was asked
			return err
		}
	}
}
