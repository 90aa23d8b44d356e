package win

import (
	"errors"
	"fmt"

	"golang.org/x/sys/windows/registry"
)

// native is the view of a program of 64 bits, also for one of 32.
const native = registry.WOW64_64KEY

// ReadMachineValue reads a value; one that is not there is no error.
func ReadMachineValue(key, name string) (MachineValue, error) {
	v := MachineValue{Key: key, Name: name}
	k, err := registry.OpenKey(registry.LOCAL_MACHINE, key, registry.QUERY_VALUE|native)
	if errors.Is(err, registry.ErrNotExist) {
		v.NoKey = true
		return v, nil
	}
	if err != nil {
		return v, fmt.Errorf(`open HKLM\%s: %w`, key, err)
	}
	defer k.Close()
	_, kind, err := k.GetValue(name, nil)
	switch {
	case errors.Is(err, registry.ErrNotExist):
		return v, nil
	case err != nil:
		return v, fmt.Errorf(`read HKLM\%s\%s: %w`, key, name, err)
	case kind == registry.SZ:
		v.Kind = Text
		v.Text, _, err = k.GetStringValue(name)
	case kind == registry.DWORD:
		v.Kind = Number
		var n uint64
		n, _, err = k.GetIntegerValue(name)
		v.Number = uint32(n)
	default:
		v.Kind = Other
	}
	if err != nil {
		err = fmt.Errorf(`read HKLM\%s\%s: %w`, key, name, err)
	}
	return v, err
}

// WriteMachineValue writes a value, or removes it where it is NoValue, and has it on the disk when it returns. A key that
// is left without anything, and is said not to have been there, goes too.
func WriteMachineValue(v MachineValue) error {
	if v.Kind == NoValue {
		return v.remove()
	}
	k, _, err := registry.CreateKey(registry.LOCAL_MACHINE, v.Key, registry.SET_VALUE|native)
	if err != nil {
		return fmt.Errorf(`open HKLM\%s: %w`, v.Key, err)
	}
	defer k.Close()
	switch v.Kind {
	case Text:
		err = k.SetStringValue(v.Name, v.Text)
	case Number:
		err = k.SetDWordValue(v.Name, v.Number)
	default:
		err = errors.New("redx writes no such value")
	}
	if err == nil {
		err = flush(k)
	}
	if err != nil {
		return fmt.Errorf(`write HKLM\%s\%s: %w`, v.Key, v.Name, err)
	}
	return nil
}

func (v MachineValue) remove() error {
	k, err := registry.OpenKey(registry.LOCAL_MACHINE, v.Key, registry.SET_VALUE|registry.QUERY_VALUE|native)
	if errors.Is(err, registry.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf(`open HKLM\%s: %w`, v.Key, err)
	}
	defer k.Close()
	if err := k.DeleteValue(v.Name); err != nil && !errors.Is(err, registry.ErrNotExist) {
		return fmt.Errorf(`remove HKLM\%s\%s: %w`, v.Key, v.Name, err)
	}
	if err := flush(k); err != nil {
		return fmt.Errorf(`remove HKLM\%s\%s: %w`, v.Key, v.Name, err)
	}
	if info, err := k.Stat(); !v.NoKey || err != nil || info.ValueCount+info.SubKeyCount > 0 {
		return err
	}
	if err := registry.DeleteKey(registry.LOCAL_MACHINE, v.Key); err != nil {
		return fmt.Errorf(`remove HKLM\%s: %w`, v.Key, err)
	}
	return nil
}
