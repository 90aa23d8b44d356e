package wua

import (
	"syscall"
	"unsafe"

	"github.com/go-ole/go-ole"
	"golang.org/x/sys/windows"

	"github.com/redx-update/redx/internal/hresult"
)

// bound is an object that has no IDispatch: it is called by the place of a function in its table.
type bound struct {
	unknown *ole.IUnknown
	name    string // of its interface
}

// slot is a place in a table. The first three are IUnknown's.
type slot int

// maxSlots is how long the longest table is that is called here (IBackgroundCopyJob).
const maxSlots = 35

func (b bound) release() {
	if b.unknown != nil {
		b.unknown.Release()
	}
}

// call calls a function. Arguments that are pointers stay where they are meanwhile.
//
//go:uintptrescapes
func (b bound) call(at slot, method string, args ...uintptr) error {
	table := (*[maxSlots]uintptr)(unsafe.Pointer(b.unknown.RawVTable))
	all := append([]uintptr{uintptr(unsafe.Pointer(b.unknown))}, args...)
	r, _, _ := syscall.SyscallN(table[at], all...) //nolint:forbidigo // x/sys calls nothing by its address
	if code := hresult.Code(uint32(r)); code.Failed() {
		return &callError{b.name + "." + method, code}
	}
	return nil
}

// text calls a function whose only argument is where the text goes, which is the caller's to free.
func (b bound) text(at slot, method string) (string, error) {
	var p *uint16
	if err := b.call(at, method, uintptr(unsafe.Pointer(&p))); err != nil || p == nil {
		return "", err
	}
	defer ole.CoTaskMemFree(uintptr(unsafe.Pointer(p)))
	return windows.UTF16PtrToString(p), nil
}

// createBound makes an object of a class and asks for an interface of it.
func createBound(clsid, iid, name string) (bound, error) {
	unknown, err := ole.CreateInstance(ole.NewGUID(clsid), ole.NewGUID(iid))
	return bound{unknown, name}, failed("create "+name, err)
}

// impersonated lets the services that are called act in the name of who runs redx, which the transfer service wants. It
// can be done once in a process; when it was done already, that is how it stays.
func impersonated() error {
	const (
		connect, impersonate, cloaking = 2, 3, 0x40 // RPC_C_AUTHN_LEVEL, RPC_C_IMP_LEVEL, EOAC_DYNAMIC_CLOAKING
		tooLate                        = 0x80010119 // RPC_E_TOO_LATE
	)
	initialize := windows.NewLazySystemDLL("ole32.dll").NewProc("CoInitializeSecurity")
	r, _, _ := initialize.Call(0, ^uintptr(0), 0, 0, connect, impersonate, 0, cloaking, 0)
	if code := hresult.Code(uint32(r)); code.Failed() && code != tooLate {
		return &callError{"CoInitializeSecurity", code}
	}
	return nil
}
