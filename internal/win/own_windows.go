package win

import (
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
)

// Create makes a service. It is not started: Windows does that when it starts.
//
// Errors: ErrExists, ErrDeleting (one of that name is on its way out), fs.ErrPermission.
func (s *Services) Create(spec Spec) error {
	h := &service{name: spec.Name}
	name, err1 := windows.UTF16PtrFromString(spec.Name)
	title, err2 := windows.UTF16PtrFromString(spec.Title)
	command, err3 := windows.UTF16PtrFromString(CommandLine(spec.Program, spec.Args))
	if err := errors.Join(err1, err2, err3); err != nil {
		return h.wrap("create", err)
	}
	manager, err := windows.OpenSCManager(nil, nil, windows.SC_MANAGER_CREATE_SERVICE)
	if err != nil {
		return h.wrap("create", err)
	}
	defer windows.CloseServiceHandle(manager) //nolint:errcheck // nothing is lost with it
	h.handle, err = windows.CreateService(manager, name, title, windows.SERVICE_CHANGE_CONFIG|windows.DELETE,
		windows.SERVICE_WIN32_OWN_PROCESS, windows.SERVICE_AUTO_START, windows.SERVICE_ERROR_NORMAL, command,
		nil, nil, nil, nil, nil)
	if err != nil {
		return h.wrap("create", err)
	}
	defer h.close()
	if err := h.describe(spec.Description); err != nil {
		return errors.Join(h.wrap("describe", err), h.wrap("take back", windows.DeleteService(h.handle)))
	}
	return nil
}

// CommandLine joins a program and its arguments so that Windows takes them apart again as they were.
func CommandLine(program string, args []string) string {
	return windows.ComposeCommandLine(append([]string{program}, args...))
}

func (h *service) describe(text string) error {
	p, err := windows.UTF16PtrFromString(text)
	if err != nil {
		return err
	}
	info := windows.SERVICE_DESCRIPTION{Description: p}
	err = windows.ChangeServiceConfig2(h.handle, windows.SERVICE_CONFIG_DESCRIPTION, (*byte)(unsafe.Pointer(&info)))
	if unknownLevel(err) {
		return nil // it says nothing that the title does not
	}
	return err
}

// Delete removes a service. One that runs, or that some program has open, goes when that is over; asking for it again
// is no error. ErrNoService if there is none of that name.
func (s *Services) Delete(name string) error {
	h, err := s.open(name, windows.DELETE)
	if err != nil {
		return err
	}
	defer h.close()
	err = h.wrap("delete", windows.DeleteService(h.handle))
	if errors.Is(err, ErrDeleting) {
		return nil
	}
	return err
}

// SetDelayed says whether an automatic service is started some time after the others. It writes only where that is not
// so already, and a system that knows no delay is left alone. Windows takes it for automatic services only.
func (s *Services) SetDelayed(name string, delayed bool) error {
	h, err := s.open(name, windows.SERVICE_QUERY_CONFIG)
	if err != nil {
		return err
	}
	now, err := h.config()
	h.close()
	if err != nil || now.Delayed == nil || *now.Delayed == delayed {
		return err
	}
	if h, err = s.open(name, windows.SERVICE_CHANGE_CONFIG); err != nil {
		return err
	}
	defer h.close()
	var info windows.SERVICE_DELAYED_AUTO_START_INFO
	if delayed {
		info.IsDelayedAutoStartUp = 1
	}
	const level = windows.SERVICE_CONFIG_DELAYED_AUTO_START_INFO
	return h.wrap("set the delay of", windows.ChangeServiceConfig2(h.handle, level, (*byte)(unsafe.Pointer(&info))))
}

// unknownLevel tells that the system does not know what was asked for; Wine says either number.
func unknownLevel(err error) bool {
	return errors.Is(err, windows.ERROR_INVALID_LEVEL) || errors.Is(err, windows.ERROR_CALL_NOT_IMPLEMENTED)
}

const servicesKey = `SYSTEM\CurrentControlSet\Services`

// Flush returns when what was changed of services is safe on the disk.
func (s *Services) Flush() error {
	k, err := registry.OpenKey(registry.LOCAL_MACHINE, servicesKey, registry.QUERY_VALUE)
	if err != nil {
		return fmt.Errorf(`open HKLM\%s: %w`, servicesKey, err)
	}
	defer k.Close()
	if err := flush(k); err != nil {
		return fmt.Errorf(`flush HKLM\%s: %w`, servicesKey, err)
	}
	return nil
}
