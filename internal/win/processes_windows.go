package win

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"unsafe"

	"golang.org/x/sys/windows"
)

// Processes lists the processes whose programs have one of the names, as TiWorker.exe; case does not matter. It needs no
// rights over them.
func Processes(names ...string) ([]Process, error) {
	all, err := snapshot()
	return slices.DeleteFunc(all, func(p Process) bool {
		return !slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, p.Name) })
	}), err
}

// ProcessName gives the name of a process's program, as svchost.exe. fs.ErrNotExist if there is no such process any
// more; the number may be that of another process soon after.
func ProcessName(pid uint32) (string, error) {
	all, err := snapshot()
	for _, p := range all {
		if p.PID == pid {
			return p.Name, nil
		}
	}
	if err == nil {
		err = fs.ErrNotExist
	}
	return "", fmt.Errorf("process %d: %w", pid, err)
}

// snapshot lists all that run at one moment.
func snapshot() ([]Process, error) {
	h, err := windows.CreateToolhelp32Snapshot(windows.TH32CS_SNAPPROCESS, 0)
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	defer windows.CloseHandle(h) //nolint:errcheck // nothing is lost with it
	var list []Process
	e := windows.ProcessEntry32{Size: uint32(unsafe.Sizeof(windows.ProcessEntry32{}))}
	for err = windows.Process32First(h, &e); err == nil; err = windows.Process32Next(h, &e) {
		list = append(list, Process{e.ProcessID, windows.UTF16ToString(e.ExeFile[:])})
	}
	if !errors.Is(err, windows.ERROR_NO_MORE_FILES) {
		return list, fmt.Errorf("list processes: %w", err)
	}
	return list, nil
}
