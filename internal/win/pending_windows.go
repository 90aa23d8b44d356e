package win

import (
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
)

// The list of renames that Windows does when it starts next.
const (
	sessionManager = `SYSTEM\CurrentControlSet\Control\Session Manager`
	pendingValue   = "PendingFileRenameOperations"
	maxPending     = 16 << 20 // bytes; a value that is larger is left alone
)

// RenameAtRestart has Windows rename a file or folder when it starts next, before any service runs; an empty new name
// has it deleted. Nothing is replaced then, and nobody is told whether it succeeded.
func RenameAtRestart(from, to string) error {
	a, err := windows.UTF16PtrFromString(from)
	var b *uint16
	if err == nil && to != "" {
		b, err = windows.UTF16PtrFromString(to)
	}
	if err == nil {
		err = windows.MoveFileEx(a, b, windows.MOVEFILE_DELAY_UNTIL_REBOOT)
	}
	if err != nil {
		return fmt.Errorf("have Windows rename %s to %q when it starts next: %w", from, to, err)
	}
	return nil
}

// PendingRename reports whether Windows has a rename on its list.
func PendingRename(from, to string) (bool, error) {
	k, err := openSessionManager(registry.QUERY_VALUE)
	if err != nil {
		return false, err
	}
	defer k.Close()
	list, err := readPending(k)
	_, found := withoutPending(list, from, to)
	return found, err
}

// ForgetRename takes a rename off Windows' list, and leaves all others as they are. One that is not there is no error.
// When it returns, that is safe on the disk.
func ForgetRename(from, to string) error {
	k, err := openSessionManager(registry.QUERY_VALUE | registry.SET_VALUE)
	if err != nil {
		return err
	}
	defer k.Close()
	list, err := readPending(k)
	rest, found := withoutPending(list, from, to)
	if err != nil || !found {
		return err
	}
	if len(pendingPairs(rest)) == 0 {
		err = k.DeleteValue(pendingValue)
	} else {
		err = writePending(k, rest)
	}
	if err == nil {
		err = flush(k)
	}
	if err != nil {
		return fmt.Errorf(`take %s off HKLM\%s\%s: %w`, from, sessionManager, pendingValue, err)
	}
	return nil
}

// FlushRenames returns when the list is safe on the disk.
func FlushRenames() error {
	k, err := openSessionManager(registry.QUERY_VALUE)
	if err != nil {
		return err
	}
	defer k.Close()
	if err := flush(k); err != nil {
		return fmt.Errorf(`flush HKLM\%s: %w`, sessionManager, err)
	}
	return nil
}

func openSessionManager(access uint32) (registry.Key, error) {
	k, err := registry.OpenKey(registry.LOCAL_MACHINE, sessionManager, access)
	if err != nil {
		return k, fmt.Errorf(`open HKLM\%s: %w`, sessionManager, err)
	}
	return k, nil
}

// readPending gives the list as it is; none when there is no such value.
func readPending(k registry.Key) ([]uint16, error) {
	n, kind, err := k.GetValue(pendingValue, nil)
	if errors.Is(err, registry.ErrNotExist) {
		return nil, nil
	}
	if err == nil && (kind != registry.MULTI_SZ || n > maxPending) {
		err = fmt.Errorf("%d bytes of type %d", n, kind)
	}
	var units []uint16
	if err == nil && n > 0 {
		units = make([]uint16, (n+1)/2)
		_, _, err = k.GetValue(pendingValue, unsafe.Slice((*byte)(unsafe.Pointer(&units[0])), 2*len(units)))
	}
	if err != nil {
		return nil, fmt.Errorf(`read HKLM\%s\%s: %w`, sessionManager, pendingValue, err)
	}
	return units, nil
}

func writePending(k registry.Key, list []uint16) error {
	name, err := windows.UTF16PtrFromString(pendingValue)
	if err != nil {
		return err
	}
	code, _, _ := system("advapi32.dll", "RegSetValueExW").Call(uintptr(k), uintptr(unsafe.Pointer(name)), 0,
		registry.MULTI_SZ, uintptr(unsafe.Pointer(&list[0])), uintptr(2*len(list)))
	return result(code)
}
