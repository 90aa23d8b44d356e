package win

import (
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/windows"
)

// rmProcess is RM_PROCESS_INFO.
type rmProcess struct {
	PID         uint32
	Started     windows.Filetime
	AppName     [256]uint16
	Service     [64]uint16
	AppType     uint32
	AppStatus   uint32
	SessionID   uint32
	Restartable int32
}

// Holders asks the Restart Manager who has files open, of which it looks at the first MaxHeld. It knows of files, not of
// folders; see FolderHolders.
func Holders(files []string) ([]Holder, error) {
	if len(files) > MaxHeld {
		files = files[:MaxHeld]
	}
	if len(files) == 0 {
		return nil, nil
	}
	list, err := restartManager(files)
	if err != nil {
		return nil, fmt.Errorf("ask the Restart Manager who holds %s and %d more: %w", files[0], len(files)-1, err)
	}
	return list, nil
}

func restartManager(files []string) ([]Holder, error) {
	const keyUnits = 33 // CCH_RM_SESSION_KEY and its end
	var session uint32
	var key [keyUnits]uint16
	if err := restartCall("RmStartSession", uintptr(unsafe.Pointer(&session)), 0, uintptr(unsafe.Pointer(&key[0]))); err != nil {
		return nil, err
	}
	defer func() { _ = restartCall("RmEndSession", uintptr(session)) }() // nothing is lost with it
	names := make([]*uint16, len(files))
	for i, f := range files {
		p, err := windows.UTF16PtrFromString(f)
		if err != nil {
			return nil, err
		}
		names[i] = p
	}
	err := restartCall("RmRegisterResources", uintptr(session), uintptr(len(names)), uintptr(unsafe.Pointer(&names[0])), 0, 0, 0, 0)
	if err != nil {
		return nil, err
	}
	return restartList(session)
}

// restartList asks until there is room for all; new ones may come in between.
func restartList(session uint32) ([]Holder, error) {
	for room := uint32(16); ; room *= 2 {
		buf := make([]rmProcess, room)
		need, count, reasons := uint32(0), room, uint32(0)
		err := restartCall("RmGetList", uintptr(session), uintptr(unsafe.Pointer(&need)), uintptr(unsafe.Pointer(&count)),
			uintptr(unsafe.Pointer(&buf[0])), uintptr(unsafe.Pointer(&reasons)))
		if errors.Is(err, windows.ERROR_MORE_DATA) && room < 4096 {
			continue
		}
		if err != nil {
			return nil, err
		}
		var list []Holder
		for _, p := range buf[:min(count, room)] {
			list = append(list, Holder{p.PID, windows.UTF16ToString(p.AppName[:]), windows.UTF16ToString(p.Service[:])})
		}
		return list, nil
	}
}

// restartCall calls a function of the Restart Manager. Arguments that are pointers stay where they are meanwhile.
//
//go:uintptrescapes
func restartCall(name string, args ...uintptr) error {
	p := system("rstrtmgr.dll", name)
	if err := p.Find(); err != nil {
		return err
	}
	code, _, _ := p.Call(args...)
	return result(code)
}

// FolderHolders gives the processes that have a folder itself open, or a file by that name. Those that have only
// something below it open are not among them.
func FolderHolders(path string) ([]uint32, error) {
	h, err := openFolder(path, windows.FILE_READ_ATTRIBUTES)
	if err != nil {
		return nil, fmt.Errorf("ask who holds %s: %w", path, err)
	}
	defer windows.CloseHandle(h) //nolint:errcheck // nothing is lost with it
	buf, err := grow(func(b []byte, _ *uint32) error {
		const processIDsUsingFile = 47 // FileProcessIdsUsingFileInformation
		var io windows.IO_STATUS_BLOCK
		err := windows.NtQueryInformationFile(h, &io, &b[0], size(b), processIDsUsingFile)
		var status windows.NTStatus
		switch {
		case errors.Is(err, windows.STATUS_INFO_LENGTH_MISMATCH):
			return windows.ERROR_MORE_DATA
		case errors.As(err, &status):
			return status.Errno()
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("ask who holds %s: %w", path, err)
	}
	return processIDs(buf), nil
}

// processIDs reads FILE_PROCESS_IDS_USING_FILE_INFORMATION: how many, then each with the size of a pointer. The own
// process is left out, which has just opened the file to ask.
func processIDs(buf []byte) []uint32 {
	type head struct {
		count uint32
		first uintptr
	}
	n := min(uint64(at[head](buf).count), uint64(len(buf)-int(unsafe.Offsetof(head{}.first)))/uint64(unsafe.Sizeof(uintptr(0))))
	if n == 0 {
		return nil
	}
	var list []uint32
	for _, pid := range unsafe.Slice(&at[head](buf).first, n) {
		if uint32(pid) != windows.GetCurrentProcessId() {
			list = append(list, uint32(pid))
		}
	}
	return list
}
