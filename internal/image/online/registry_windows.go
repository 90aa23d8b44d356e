package online

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"

	abstract "github.com/redx-update/redx/internal/registry"
	"github.com/redx-update/redx/internal/winbin"
)

// Bounds of what the registry may answer.
const (
	maxValue   = 16 << 20 // bytes of one value
	maxSubkeys = 1 << 20  // of one key
	maxKeyName = 256      // characters, with the terminator
)

// readOnly is all that a key is ever opened for; a 32-bit program would be shown a part of the registry of its own
// without the last.
const readOnly = registry.QUERY_VALUE | registry.ENUMERATE_SUB_KEYS | registry.WOW64_64KEY

// key is a key by its path. It is opened anew for every question, so that none stays open: an open key keeps its hive
// from being unloaded.
type key struct {
	hive    registry.Key // HKEY_LOCAL_MACHINE
	path    string
	name    string
	written time.Time
}

func openKey(hive registry.Key, path string) (*key, error) {
	k := &key{hive: hive, path: path}
	err := k.do("open key", func(h registry.Key) error {
		k.name, k.written = identity(h)
		return nil
	})
	if k.name == "" {
		k.name = path[strings.LastIndexByte(path, '\\')+1:]
	}
	return k, err
}

func (k *key) Name() string         { return k.name }
func (k *key) LastWrite() time.Time { return k.written }

func (k *key) Open(path string) (abstract.Key, error) {
	names := abstract.SplitPath(path)
	if len(names) == 0 {
		return k, nil
	}
	sub, err := openKey(k.hive, k.path+`\`+strings.Join(names, `\`))
	if err != nil {
		return nil, err
	}
	return sub, nil
}

func (k *key) Subkeys() iter.Seq2[abstract.Key, error] {
	return func(yield func(abstract.Key, error) bool) {
		var subs []*key
		err := k.do("list keys", func(h registry.Key) (err error) {
			subs, err = k.list(h)
			return err
		})
		for _, sub := range subs {
			if !yield(sub, nil) {
				return
			}
		}
		if err != nil {
			yield(nil, err)
		}
	}
}

// list gives the keys below before anything is asked of them: a key that comes or goes meanwhile would shift the rest.
func (k *key) list(h registry.Key) ([]*key, error) {
	var subs []*key
	for i := range uint32(maxSubkeys) {
		var name [maxKeyName]uint16
		length, written := uint32(len(name)), windows.Filetime{}
		err := windows.RegEnumKeyEx(windows.Handle(h), i, &name[0], &length, nil, nil, nil, &written)
		if errors.Is(err, windows.ERROR_NO_MORE_ITEMS) {
			return subs, nil
		}
		if err != nil {
			return subs, err
		}
		sub := windows.UTF16ToString(name[:length])
		subs = append(subs, &key{k.hive, k.path + `\` + sub, sub, asTime(written)})
	}
	return subs, fmt.Errorf("over %d keys", maxSubkeys)
}

func (k *key) Value(name string) (v abstract.Value, err error) {
	err = k.do("read value", func(h registry.Key) error {
		v, err = value(h, name)
		return err
	})
	return v, err
}

func (k *key) Values() iter.Seq2[abstract.Value, error] {
	return func(yield func(abstract.Value, error) bool) {
		var names []string
		err := k.do("list values", func(h registry.Key) (err error) {
			names, err = h.ReadValueNames(-1)
			return err
		})
		for _, name := range names {
			v, err := k.Value(name)
			if errors.Is(err, fs.ErrNotExist) {
				continue // gone meanwhile
			}
			if !yield(v, err) {
				return
			}
		}
		if err != nil {
			yield(abstract.Value{}, err)
		}
	}
}

func value(h registry.Key, name string) (abstract.Value, error) {
	for room := 512; ; {
		b := make([]byte, room)
		n, typ, err := h.GetValue(name, b)
		switch {
		case errors.Is(err, registry.ErrShortBuffer) && room < maxValue:
			room = min(max(n, 2*room), maxValue)
			continue
		case err != nil:
			return abstract.Value{Name: name}, err
		}
		return abstract.Value{Name: name, Type: abstract.Type(typ), Data: b[:n:n]}, nil
	}
}

// do asks the key something.
func (k *key) do(op string, ask func(registry.Key) error) error {
	h, err := registry.OpenKey(k.hive, k.path, readOnly)
	if err == nil {
		err = ask(h)
		_ = h.Close() // read only: nothing can be lost
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, windows.ERROR_KEY_DELETED), errors.Is(err, windows.ERROR_BAD_PATHNAME):
		err = fs.ErrNotExist
	}
	return &fs.PathError{Op: op, Path: k.path, Err: err}
}

// identity asks for a key's name as the registry spells it, and for its time. Both are empty if that fails.
func identity(h registry.Key) (string, time.Time) {
	var info struct { // KEY_BASIC_INFORMATION
		written windows.Filetime
		_       uint32
		length  uint32 // in bytes
		name    [maxKeyName]uint16
	}
	const basic = 0
	var need uint32
	status, _, _ := windows.NewLazySystemDLL("ntdll.dll").NewProc("NtQueryKey").Call(uintptr(h), basic,
		uintptr(unsafe.Pointer(&info)), unsafe.Sizeof(info), uintptr(unsafe.Pointer(&need)))
	if status != 0 || info.length/2 > maxKeyName {
		return "", time.Time{}
	}
	return windows.UTF16ToString(info.name[:info.length/2]), asTime(info.written)
}

// asTime gives the zero time for none; windows.Filetime's own nanoseconds have no room for years before 1678.
func asTime(t windows.Filetime) time.Time {
	return winbin.Filetime(uint64(t.HighDateTime)<<32 | uint64(t.LowDateTime))
}
