package soap

import (
	"fmt"
	"reflect"
	"strings"
	"sync"
	"time"
)

// plan is how a struct is read and written, worked out once from its tags.
type plan struct {
	fields []field
	err    error // a mistake in the struct, told when it is used
}

// field is one element of a struct.
type field struct {
	index     int
	name      string
	item      string // of the elements of an array; "": no array
	omitEmpty bool
	kind      kind
	elem      reflect.Type // the struct of a struct, pointer or array
}

type kind int

const (
	kindBool kind = iota
	kindInt
	kindString
	kindTime
	kindBytes
	kindStruct
	kindPointer // to a struct
	kindIntArray
	kindStringArray
	kindBytesArray
	kindStructArray
)

// plans are kept for ever: there is one for each type of the messages.
var plans sync.Map

func planOf(t reflect.Type) *plan {
	if p, ok := plans.Load(t); ok {
		return p.(*plan) //nolint:errcheck // only plans are stored
	}
	p := makePlan(t)
	plans.Store(t, p)
	return p
}

func makePlan(t reflect.Type) *plan {
	p := &plan{}
	if t.Kind() != reflect.Struct {
		p.err = fmt.Errorf("soap: %s is no struct", t)
		return p
	}
	for i := range t.NumField() {
		tag, ok := t.Field(i).Tag.Lookup("soap")
		if !ok {
			continue
		}
		f, err := makeField(t.Field(i).Type, tag)
		if err != nil {
			p.err = fmt.Errorf("soap: %s.%s: %w", t, t.Field(i).Name, err)
		}
		f.index = i
		p.fields = append(p.fields, f)
	}
	return p
}

func makeField(t reflect.Type, tag string) (field, error) {
	var f field
	f.name, f.omitEmpty = strings.CutSuffix(tag, ",omitempty")
	f.name, f.item, _ = strings.Cut(f.name, ">")
	f.elem = t
	var ok bool
	switch {
	case f.item != "" && t.Kind() == reflect.Slice:
		f.elem = t.Elem()
		f.kind, ok = arrayKind(t.Elem())
	case f.item == "" && t.Kind() == reflect.Pointer:
		f.elem = t.Elem()
		f.kind, ok = kindPointer, t.Elem().Kind() == reflect.Struct
	case f.item == "":
		f.kind, ok = scalarKind(t)
	}
	if !ok {
		return f, fmt.Errorf("no way to write a %s as %q", t, tag)
	}
	return f, nil
}

func scalarKind(t reflect.Type) (kind, bool) {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return kindTime, true
	case t == reflect.TypeFor[[]byte]():
		return kindBytes, true
	}
	switch t.Kind() {
	case reflect.Bool:
		return kindBool, true
	case reflect.Int32, reflect.Int64:
		return kindInt, true
	case reflect.String:
		return kindString, true
	case reflect.Struct:
		return kindStruct, true
	}
	return 0, false
}

func arrayKind(t reflect.Type) (kind, bool) {
	switch k, ok := scalarKind(t); {
	case !ok:
		return 0, false
	case t == reflect.TypeFor[int32]():
		return kindIntArray, true
	case k == kindString:
		return kindStringArray, true
	case k == kindBytes:
		return kindBytesArray, true
	case k == kindStruct:
		return kindStructArray, true
	}
	return 0, false
}

// find gives the field of an element. Elements mostly come in the order of the fields, so the search begins at the one
// after the last. Native clients write "Win32HResult" where the schema has "Win32Hresult": case does not count.
func (p *plan) find(name []byte, from int) int {
	for i := range p.fields {
		if at := (from + i) % len(p.fields); p.fields[at].name == string(name) {
			return at
		}
	}
	for i := range p.fields {
		if strings.EqualFold(p.fields[i].name, string(name)) {
			return i
		}
	}
	return -1
}
