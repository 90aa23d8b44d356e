package win

import (
	"fmt"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
)

// system gives a function of one of Windows' own libraries. They are looked up each time, which costs little beside what
// is done with them.
func system(library, name string) *windows.LazyProc {
	return windows.NewLazySystemDLL(library).NewProc(name)
}

// flush writes the hive of a key to the disk.
func flush(k registry.Key) error {
	code, _, _ := system("advapi32.dll", "RegFlushKey").Call(uintptr(k))
	return result(code)
}

// result is the error of a function that returns its number.
func result(code uintptr) error {
	if code == 0 {
		return nil
	}
	return windows.Errno(code)
}

const cryptography = `SOFTWARE\Microsoft\Cryptography`

// MachineGUID is what Windows told this installation apart by when it was made, as it stands in the registry.
func MachineGUID() (string, error) {
	k, err := registry.OpenKey(registry.LOCAL_MACHINE, cryptography, registry.QUERY_VALUE|native)
	if err != nil {
		return "", fmt.Errorf(`open HKLM\%s: %w`, cryptography, err)
	}
	defer k.Close()
	id, _, err := k.GetStringValue("MachineGuid")
	if err != nil {
		return "", fmt.Errorf(`read HKLM\%s\MachineGuid: %w`, cryptography, err)
	}
	return id, nil
}
