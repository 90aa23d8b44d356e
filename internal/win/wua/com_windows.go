package wua

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"time"

	"github.com/go-ole/go-ole"
	"github.com/go-ole/go-ole/oleutil"

	"github.com/redx-update/redx/internal/hresult"
)

// callError is a call of the agent's that failed.
type callError struct {
	call string // such as IUpdateSearcher.Search
	code hresult.Code
}

func (e *callError) Error() string { return fmt.Sprintf("%s: %s", e.call, e.code) }

// The codes of COM itself that are looked at.
const (
	eFail         hresult.Code = 0x80004005
	dispException hresult.Code = 0x80020009
	alreadyReady               = 1 // S_FALSE of CoInitializeEx
)

func failed(call string, err error) error {
	if err == nil {
		return nil
	}
	return &callError{call, codeOf(err)}
}

// codeOf is the HRESULT behind an error. Late bound, an object's own failure comes as DISP_E_EXCEPTION, with its code
// inside.
func codeOf(err error) hresult.Code {
	var oe *ole.OleError
	if !errors.As(err, &oe) {
		return eFail
	}
	code := hresult.Code(uint32(oe.Code()))
	var info ole.EXCEPINFO
	if code == dispException && errors.As(oe.SubError(), &info) && info.SCODE() != 0 {
		code = hresult.Code(info.SCODE())
	}
	return code
}

// inApartment runs f on a thread of its own that COM is ready on.
func inApartment(f func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := ole.CoInitializeEx(0, ole.COINIT_MULTITHREADED); err != nil && codeOf(err) != alreadyReady {
		return failed("CoInitializeEx", err)
	}
	defer ole.CoUninitialize()
	return f()
}

// object is an object of the agent's, and the name of its interface, by which failures are named.
type object struct {
	disp *ole.IDispatch
	name string
}

// create makes an object of a class.
func create(clsid, name string) (object, error) {
	unknown, err := ole.CreateInstance(ole.NewGUID(clsid), ole.IID_IUnknown)
	if err != nil {
		return object{}, failed("create "+name, err)
	}
	defer unknown.Release()
	disp, err := unknown.QueryInterface(ole.IID_IDispatch)
	if err != nil {
		return object{}, failed("create "+name, err)
	}
	return object{disp, name}, nil
}

func (o object) release() {
	if o.disp != nil {
		o.disp.Release()
	}
}

// value is what a call gave; it is to be cleared.
type value struct{ *ole.VARIANT }

func (v value) clear() {
	if v.VARIANT != nil {
		_ = v.Clear() // there is nothing to do about memory that cannot be given back
	}
}

func (o object) call(method string, args ...any) (value, error) {
	v, err := oleutil.CallMethod(o.disp, method, args...)
	return value{v}, failed(o.name+"."+method, err)
}

func (o object) property(name string, args ...any) (value, error) {
	v, err := oleutil.GetProperty(o.disp, name, args...)
	return value{v}, failed(o.name+"."+name, err)
}

// set puts a property.
func (o object) set(name string, to any) error {
	v, err := oleutil.PutProperty(o.disp, name, to)
	value{v}.clear()
	return failed(o.name+"."+name, err)
}

// object takes the reference out of a value, which must not be cleared any more.
func (v value) object(call, name string) (object, error) {
	if disp := v.ToIDispatch(); disp != nil {
		return object{disp, name}, nil
	}
	v.clear()
	return object{}, &callError{call, eFail} // no object where one was promised
}

// ask calls a method that gives an object with that interface.
func (o object) ask(method, gives string, args ...any) (object, error) {
	v, err := o.call(method, args...)
	if err != nil {
		v.clear()
		return object{}, err
	}
	return v.object(o.name+"."+method, gives)
}

// part reads a property that is an object with that interface.
func (o object) part(name, gives string, args ...any) (object, error) {
	v, err := o.property(name, args...)
	if err != nil {
		v.clear()
		return object{}, err
	}
	return v.object(o.name+"."+name, gives)
}

// text reads a property that is a text; empty when it is not set.
func (o object) text(name string, args ...any) (string, error) {
	v, err := o.property(name, args...)
	defer v.clear()
	if err != nil {
		return "", err
	}
	return v.ToString(), nil
}

// number reads a property that is a whole number, an enumeration or an HRESULT.
func (o object) number(name string) (int, error) {
	v, err := o.property(name)
	defer v.clear()
	if err != nil {
		return 0, err
	}
	return whole(v, o.name+"."+name)
}

func whole(v value, call string) (int, error) {
	switch n := v.Value().(type) {
	case int8:
		return int(n), nil
	case int16:
		return int(n), nil
	case int32:
		return int(n), nil
	case uint8:
		return int(n), nil
	case uint16:
		return int(n), nil
	case uint32:
		return int(int32(n)), nil
	case int:
		return n, nil
	}
	return 0, &callError{call, eFail}
}

func (o object) code(name string) (hresult.Code, error) {
	n, err := o.number(name)
	return hresult.Code(uint32(int32(n))), err
}

func (o object) boolean(name string) (bool, error) {
	v, err := o.property(name)
	defer v.clear()
	if err != nil {
		return false, err
	}
	b, ok := v.Value().(bool)
	if !ok {
		return false, &callError{o.name + "." + name, eFail}
	}
	return b, nil
}

// size reads a property that is a DECIMAL, as the agent has sizes in; it must be a whole number.
func (o object) size(name string) (int64, error) {
	v, err := o.property(name)
	defer v.clear()
	if err != nil {
		return 0, err
	}
	const decimal = 14 // VT_DECIMAL: its lower 64 bits stand where other values do
	if v.VT == decimal && v.Val >= 0 {
		return v.Val, nil
	}
	n, err := whole(v, o.name+"."+name)
	return int64(n), err
}

// date reads a property that is a DATE in UTC.
func (o object) date(name string) (time.Time, error) {
	v, err := o.property(name)
	defer v.clear()
	if err != nil || v.VT != ole.VT_DATE {
		return time.Time{}, err
	}
	return oleDate(math.Float64frombits(uint64(v.Val))), nil
}

// each gives the items of a collection of that interface, the first most of them; an item is released after do.
func (o object) each(most int, gives string, do func(i int, item object) error) (count int, err error) {
	if count, err = o.number("Count"); err != nil {
		return 0, err
	}
	for i := range min(count, most) {
		item, err := o.part("Item", gives, int32(i))
		if err != nil {
			return count, err
		}
		err = do(i, item)
		item.release()
		if err != nil {
			return count, err
		}
	}
	return count, nil
}
