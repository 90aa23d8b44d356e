package soap

import (
	"encoding/base64"
	"errors"
	"reflect"
	"strconv"
	"time"
)

// decodeStruct reads the children of the element we are in into v and leaves the element.
func (r *reader) decodeStruct(v reflect.Value) error {
	p := planOf(v.Type())
	if p.err != nil {
		return p.err
	}
	for next := 0; ; next++ {
		ok, err := r.next()
		if !ok || err != nil {
			return err
		}
		at := -1
		if len(p.fields) > 0 {
			at = p.find(r.local(), next)
		}
		if at < 0 {
			err = r.skip()
			next--
		} else {
			next = at
			err = r.decodeField(&p.fields[at], v.Field(p.fields[at].index))
		}
		if err != nil {
			return err
		}
	}
}

// decodeField reads the element we are in, and says in an error whose it was.
func (r *reader) decodeField(f *field, v reflect.Value) error {
	if r.isNil() {
		return r.skip()
	}
	if err := r.decodeKind(f, v); err != nil {
		return within(f.name, err)
	}
	return nil
}

func (r *reader) decodeKind(f *field, v reflect.Value) error {
	switch f.kind {
	case kindStruct:
		return r.decodeStruct(v)
	case kindPointer:
		// An element that comes twice adds to what it was: the memory stays bound to the message's size.
		if v.IsNil() {
			v.Set(reflect.New(f.elem))
		}
		return r.decodeStruct(v.Elem())
	case kindIntArray, kindStringArray, kindBytesArray, kindStructArray:
		return r.decodeArray(f, v)
	}
	text, err := r.content()
	if err != nil {
		return err
	}
	return setScalar(f.kind, v, text)
}

func setScalar(k kind, v reflect.Value, text []byte) error {
	switch k {
	case kindBool:
		b, err := parseBool(text)
		v.SetBool(b)
		return err
	case kindInt:
		n, err := parseInt(text, v.Type().Bits())
		v.SetInt(n)
		return err
	case kindTime:
		t, err := ParseTime(string(trim(text)))
		v.Set(reflect.ValueOf(t))
		return err
	case kindBytes:
		b, err := parseBytes(text)
		v.SetBytes(b)
		return err
	}
	v.SetString(string(text))
	return nil
}

// decodeArray reads the items of an array. Even without any it is no longer nil: it was there.
func (r *reader) decodeArray(f *field, v reflect.Value) error {
	if ints, ok := v.Addr().Interface().(*[]int32); ok {
		return r.decodeInts(f, ints)
	}
	if v.IsNil() {
		v.Set(reflect.MakeSlice(v.Type(), 0, 4))
	}
	for {
		ok, err := r.next()
		if !ok || err != nil {
			return err
		}
		if string(r.local()) != f.item || r.isNil() {
			err = r.skip()
		} else {
			err = r.decodeItem(f, v)
		}
		if err != nil {
			return err
		}
	}
}

func (r *reader) decodeItem(f *field, v reflect.Value) error {
	item := reflect.New(f.elem).Elem()
	var err error
	if f.kind == kindStructArray {
		err = r.decodeStruct(item)
	} else {
		var text []byte
		if text, err = r.content(); err == nil {
			err = setScalar(itemKind[f.kind], item, text)
		}
	}
	if err != nil {
		return within(f.item, err)
	}
	v.Set(reflect.Append(v, item))
	return nil
}

var itemKind = map[kind]kind{kindStringArray: kindString, kindBytesArray: kindBytes}

// decodeInts is decodeArray for the thousands of revision ids of a SyncUpdates, without reflection.
func (r *reader) decodeInts(f *field, to *[]int32) error {
	if *to == nil {
		*to = make([]int32, 0, 16)
	}
	for {
		ok, err := r.next()
		if !ok || err != nil {
			return err
		}
		if string(r.local()) != f.item || r.isNil() {
			if err := r.skip(); err != nil {
				return err
			}
			continue
		}
		text, err := r.content()
		if err != nil {
			return err
		}
		n, err := parseInt(text, 32)
		if err != nil {
			return within(f.item, err)
		}
		*to = append(*to, int32(n))
	}
}

// within puts the name of an element before the path of an error below it.
func within(name string, err error) error {
	var v *ValueError
	if !errors.As(err, &v) {
		return err
	}
	if v.Path == "" {
		return &ValueError{name, v.Want}
	}
	return &ValueError{name + "." + v.Path, v.Want}
}

func trim(text []byte) []byte {
	for len(text) > 0 && isSpace(text[0]) {
		text = text[1:]
	}
	for len(text) > 0 && isSpace(text[len(text)-1]) {
		text = text[:len(text)-1]
	}
	return text
}

func parseBool(text []byte) (bool, error) {
	switch string(trim(text)) {
	case "true", "1", "True":
		return true, nil
	case "false", "0", "False", "":
		return false, nil
	}
	return false, &ValueError{Want: "boolean"}
}

// parseInt reads a number of up to so many bits. An empty text is 0.
func parseInt(text []byte, bits int) (int64, error) {
	text = trim(text)
	if len(text) == 0 {
		return 0, nil
	}
	if n := len(text); n <= 9 && text[0] != '-' && text[0] != '+' {
		return parseDigits(text)
	}
	n, err := strconv.ParseInt(string(text), 10, bits)
	if err != nil {
		return 0, &ValueError{Want: "integer of " + strconv.Itoa(bits) + " bits"}
	}
	return n, nil
}

func parseDigits(text []byte) (int64, error) {
	n := int64(0)
	for _, c := range text {
		if c < '0' || c > '9' {
			return 0, &ValueError{Want: "integer"}
		}
		n = n*10 + int64(c-'0')
	}
	return n, nil
}

// parseBytes reads base64 with white space anywhere in it.
func parseBytes(text []byte) ([]byte, error) {
	clean := make([]byte, 0, len(text))
	for _, c := range text {
		if !isSpace(c) {
			clean = append(clean, c)
		}
	}
	n, err := base64.StdEncoding.Decode(clean, clean)
	if err != nil {
		return nil, &ValueError{Want: "base64"}
	}
	return clean[:n:n], nil
}

// ParseTime reads an xs:dateTime, or an xs:date. Clients leave the zone out: it is UTC then. An empty text is the zero time.
func ParseTime(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, &ValueError{Want: "dateTime"}
}
