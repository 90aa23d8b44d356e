package soap

import (
	"encoding/base64"
	"reflect"
	"strconv"
	"time"
	"unicode/utf8"
)

// timeLayout is an xs:dateTime in UTC with the 100 nanoseconds of .NET; zeros at the end are left out, as .NET does.
const timeLayout = "2006-01-02T15:04:05.9999999Z"

// FormatTime writes an xs:dateTime in UTC.
func FormatTime(t time.Time) string { return t.UTC().Format(timeLayout) }

// appendStruct writes the fields of v.
func appendStruct(dst []byte, v reflect.Value) ([]byte, error) {
	p := planOf(v.Type())
	if p.err != nil {
		return dst, p.err
	}
	var err error
	for i := range p.fields {
		f := &p.fields[i]
		if dst, err = appendField(dst, f, v.Field(f.index)); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

func appendField(dst []byte, f *field, v reflect.Value) ([]byte, error) {
	switch f.kind {
	case kindPointer:
		if v.IsNil() {
			return dst, nil
		}
		v = v.Elem()
	case kindBytes, kindIntArray, kindStringArray, kindBytesArray, kindStructArray:
		if v.IsNil() {
			return dst, nil
		}
	}
	if f.omitEmpty && v.IsZero() {
		return dst, nil
	}
	dst, start := openTag(dst, f.name)
	dst, err := appendContent(dst, f, v)
	return closeTag(dst, f.name, start), err
}

func appendContent(dst []byte, f *field, v reflect.Value) ([]byte, error) {
	switch f.kind {
	case kindStruct, kindPointer:
		return appendStruct(dst, v)
	case kindIntArray:
		return appendInts(dst, f.item, v.Interface().([]int32)), nil //nolint:errcheck // what the kind means
	case kindStringArray, kindBytesArray, kindStructArray:
		return appendArray(dst, f, v)
	}
	return appendScalar(dst, f.kind, v), nil
}

func appendScalar(dst []byte, k kind, v reflect.Value) []byte {
	switch k {
	case kindBool:
		return strconv.AppendBool(dst, v.Bool())
	case kindInt:
		return strconv.AppendInt(dst, v.Int(), 10)
	case kindTime:
		t := v.Interface().(time.Time) //nolint:errcheck // what the kind means
		return t.UTC().AppendFormat(dst, timeLayout)
	case kindBytes:
		return base64.StdEncoding.AppendEncode(dst, v.Bytes())
	}
	return AppendText(dst, v.String())
}

func appendInts(dst []byte, item string, ints []int32) []byte {
	for _, n := range ints {
		dst = append(append(append(dst, '<'), item...), '>')
		dst = strconv.AppendInt(dst, int64(n), 10)
		dst = append(append(append(dst, "</"...), item...), '>')
	}
	return dst
}

func appendArray(dst []byte, f *field, v reflect.Value) ([]byte, error) {
	var err error
	for i := range v.Len() {
		var start int
		dst, start = openTag(dst, f.item)
		if f.kind == kindStructArray {
			dst, err = appendStruct(dst, v.Index(i))
		} else {
			dst = appendScalar(dst, itemKind[f.kind], v.Index(i))
		}
		if dst = closeTag(dst, f.item, start); err != nil {
			break
		}
	}
	return dst, err
}

// openTag writes "<name>" and says where the content begins.
func openTag(dst []byte, name string) ([]byte, int) {
	dst = append(append(append(dst, '<'), name...), '>')
	return dst, len(dst)
}

// closeTag writes "</name>", or makes the tag "<name/>" when nothing followed it.
func closeTag(dst []byte, name string, start int) []byte {
	if len(dst) == start {
		return append(dst[:start-1], "/>"...)
	}
	return append(append(append(dst, "</"...), name...), '>')
}

// AppendText writes s as the text of an element. What XML cannot hold becomes U+FFFD.
func AppendText(dst []byte, s string) []byte {
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf && escapes[c] == "" {
			i++
			continue
		}
		size := 1
		var with string
		if c < utf8.RuneSelf {
			with = escapes[c]
		} else {
			var r rune
			r, size = utf8.DecodeRuneInString(s[i:])
			if (r != utf8.RuneError || size > 1) && isChar(r) {
				i += size
				continue
			}
			with = "\ufffd"
		}
		dst = append(append(dst, s[from:i]...), with...)
		i += size
		from = i
	}
	return append(dst, s[from:]...)
}

// escapes says what is written for an ASCII character; "": itself.
var escapes = func() (t [utf8.RuneSelf]string) {
	for c := range 0x20 {
		t[c] = "\ufffd"
	}
	t['\t'], t['\n'], t['\r'] = "", "", "&#xD;"
	t['<'], t['>'], t['&'] = "&lt;", "&gt;", "&amp;"
	return t
}()
