package wua_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"unsafe"

	"github.com/go-ole/go-ole"
	"golang.org/x/sys/windows"
)

// fake is an object that is driven late bound: its members by lower-case name. A member is called for methods and for
// properties, read and put, with the arguments in their order.
type fake map[string]func(args []any) (any, error)

// hr is a failure of the call itself, thrown one of the object's that comes as DISP_E_EXCEPTION.
type (
	hr     uint32
	thrown uint32
)

func (h hr) Error() string     { return fmt.Sprintf("HRESULT %#x", uint32(h)) }
func (t thrown) Error() string { return fmt.Sprintf("exception %#x", uint32(t)) }

// is makes a member that always gives the same.
func is(v any) func([]any) (any, error) {
	return func([]any) (any, error) { return v, nil }
}

// list makes a collection.
func list(items ...any) fake {
	return fake{"count": is(len(items)), "item": func(a []any) (any, error) {
		i, ok := a[0].(int32)
		if !ok || i < 0 || int(i) >= len(items) {
			return nil, hr(0x80240007)
		}
		return items[i], nil
	}}
}

// world is the COM of a child: what lives in it, and how it is called.
type world struct {
	mu       sync.Mutex
	live     map[*face]bool // keeps them from the collector, which does not see COM's references
	object   *[7]uintptr
	factory  *[5]uintptr
	register *windows.LazyProc
}

// face is what COM sees of a fake: a pointer to functions first.
type face struct {
	table *[7]uintptr
	refs  int32
	obj   fake
	names []string // by identifier, from 1 on
	make  func() fake
}

const (
	noInterface   = 0x80004002
	fail          = 0x80004005
	unknownName   = 0x80020006
	noMember      = 0x80020003
	exception     = 0x80020009
	notThere      = 0x80004001
	inProcess     = 1 // CLSCTX_INPROC_SERVER
	multipleUse   = 1 // REGCLS_MULTIPLEUSE
	iClassFactory = "{00000001-0000-0000-C000-000000000046}"
)

func newWorld() *world {
	w := &world{live: map[*face]bool{}, register: windows.NewLazySystemDLL("ole32.dll").NewProc("CoRegisterClassObject")}
	query, add, release := windows.NewCallback(w.query), windows.NewCallback(w.addRef), windows.NewCallback(w.release)
	not := windows.NewCallback(func(*face, uintptr, uintptr, uintptr) uintptr { return notThere })
	w.object = &[7]uintptr{query, add, release, not, not, windows.NewCallback(w.getIDs), windows.NewCallback(w.invoke)}
	lock := windows.NewCallback(func(*face, uintptr) uintptr { return 0 })
	w.factory = &[5]uintptr{query, add, release, windows.NewCallback(w.create), lock}
	return w
}

// class makes CoCreateInstance in this process give what a function makes.
func (w *world) class(clsid string, what func() fake) error {
	f := &face{table: (*[7]uintptr)(unsafe.Pointer(w.factory)), refs: 1, make: what}
	w.live[f] = true
	var cookie uint32
	code, _, _ := w.register.Call(uintptr(unsafe.Pointer(ole.NewGUID(clsid))), uintptr(unsafe.Pointer(f)),
		inProcess, multipleUse, uintptr(unsafe.Pointer(&cookie)))
	if code != 0 {
		return hr(code)
	}
	return nil
}

// leaked counts the objects that somebody still holds.
func (w *world) leaked() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for f := range w.live {
		if f.make == nil {
			n++
		}
	}
	return n
}

func (w *world) give(obj fake) *face {
	w.mu.Lock()
	defer w.mu.Unlock()
	f := &face{table: w.object, refs: 1, obj: obj}
	w.live[f] = true
	return f
}

func (w *world) query(f *face, id *ole.GUID, out **face) uintptr {
	want := ole.IID_IDispatch
	if f.make != nil {
		want = ole.NewGUID(iClassFactory)
	}
	if !ole.IsEqualGUID(id, ole.IID_IUnknown) && !ole.IsEqualGUID(id, want) {
		*out = nil
		return noInterface
	}
	w.addRef(f)
	*out = f
	return 0
}

func (w *world) addRef(f *face) uintptr {
	w.mu.Lock()
	defer w.mu.Unlock()
	f.refs++
	return uintptr(f.refs)
}

func (w *world) release(f *face) uintptr {
	w.mu.Lock()
	defer w.mu.Unlock()
	f.refs--
	if f.refs == 0 {
		delete(w.live, f)
	}
	return uintptr(f.refs)
}

func (w *world) create(f *face, _ uintptr, id *ole.GUID, out **face) uintptr {
	made := w.give(f.make())
	defer w.release(made)
	return w.query(made, id, out)
}

func (w *world) getIDs(f *face, _ *ole.GUID, names **uint16, _ uint32, _ uint32, ids *int32) uintptr {
	name := strings.ToLower(ole.LpOleStrToString(*names))
	if _, ok := f.obj[name]; !ok {
		*ids = -1
		return unknownName
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	f.names = append(f.names, name)
	*ids = int32(len(f.names))
	return 0
}

// parameters are DISPPARAMS: arguments, names, how many of both.
type parameters struct {
	args *ole.VARIANT
	_    *int32
	n, _ uint32
}

// info is EXCEPINFO, of which the last matters: codes, three texts, a help context, two pointers.
type info struct {
	_, _    uint16
	_, _, _ *uint16
	_       uint32
	_, _    uintptr
	scode   uint32
}

func (w *world) invoke(
	f *face, id uintptr, _ *ole.GUID, _ uint32, _ uintptr, p *parameters, res *ole.VARIANT, exc *info, _ uintptr,
) uintptr {
	i := int(int32(id)) - 1
	if i < 0 || i >= len(f.names) {
		return noMember
	}
	var args []any
	for k := int(p.n) - 1; k >= 0; k-- { // COM has them from the last to the first
		args = append(args, unsafe.Slice(p.args, p.n)[k].Value())
	}
	got, err := f.obj[f.names[i]](args)
	var code hr
	var own thrown
	switch {
	case errors.As(err, &code):
		return uintptr(code)
	case errors.As(err, &own):
		*exc = info{scode: uint32(own)}
		return exception
	case err != nil:
		return fail
	}
	if res != nil {
		*res = w.variant(got)
	}
	return 0
}

// date is a DATE, decimal a whole DECIMAL.
type (
	date    float64
	decimal int64
)

func (w *world) variant(v any) ole.VARIANT {
	switch x := v.(type) {
	case bool:
		if x {
			return ole.NewVariant(ole.VT_BOOL, 0xffff)
		}
		return ole.NewVariant(ole.VT_BOOL, 0)
	case int:
		return ole.NewVariant(ole.VT_I4, int64(int32(x)))
	case uint32:
		return ole.NewVariant(ole.VT_I4, int64(int32(x)))
	case date:
		return ole.NewVariant(ole.VT_DATE, *(*int64)(unsafe.Pointer(&x)))
	case decimal:
		return ole.NewVariant(14, int64(x)) // VT_DECIMAL
	case string:
		return ole.NewVariant(ole.VT_BSTR, int64(uintptr(unsafe.Pointer(ole.SysAllocStringLen(x)))))
	case fake:
		return ole.NewVariant(ole.VT_DISPATCH, int64(uintptr(unsafe.Pointer(w.give(x)))))
	default:
		return ole.NewVariant(ole.VT_EMPTY, 0)
	}
}
