package applicability

import (
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io/fs"
	"strconv"

	"github.com/redx-update/redx/internal/registry"
)

func attribute(name, value string) xml.Attr {
	return xml.Attr{Name: xml.Name{Local: name}, Value: value}
}

// keyPath is the whole path of the key that a rule names. RegType32 asks for the view of 32-bit programs.
func (e *element) keyPath() (path string, view32 bool) {
	path = e.attr("Key")
	if sub := e.attr("Subkey"); sub != "" {
		path += `\` + sub
	}
	return path, e.yes("RegType32")
}

// regValue reads the value that a rule names; without a name the default value of the key.
func (e *element) regValue() func(*Scan) (registry.Value, error) {
	path, view32 := e.keyPath()
	name := e.attr("Value")
	return func(s *Scan) (registry.Value, error) {
		k, err := s.key(path, view32)
		if err != nil {
			return registry.Value{}, err
		}
		return k.Value(name)
	}
}

func regKeyExists(_ *builder, e *element) (func(*Scan) (Truth, error), error) {
	path, view32 := e.keyPath()
	return func(s *Scan) (Truth, error) {
		_, err := s.key(path, view32)
		return known(err == nil, err)
	}, nil
}

// regValueExists wants the value and, when the rule names one, its type; the default value of a key has to be a text.
func regValueExists(_ *builder, e *element) (func(*Scan) (Truth, error), error) {
	value, want := e.regValue(), e.attr("Type")
	if want == "" && e.attr("Value") == "" {
		want = registry.SZ.String()
	}
	return func(s *Scan) (Truth, error) {
		v, err := value(s)
		return known(want == "" || v.Type.String() == want, err)
	}, nil
}

// errOtherType: a value of another type than the rule compares is as good as none.
var errOtherType = fmt.Errorf("the value is of another type: %w", fs.ErrNotExist)

func regDword(_ *builder, e *element) (func(*Scan) (Truth, error), error) {
	compare, err := parseScalar(e.attr("Comparison"))
	if err != nil {
		return nil, err
	}
	want, err := parseDword(e.attr("Data"))
	if err != nil {
		return nil, fmt.Errorf("attribute Data of %s: %w", e.name, err)
	}
	value := e.regValue()
	return func(s *Scan) (Truth, error) {
		v, err := value(s)
		n, ok := v.Uint64()
		if err == nil && (!ok || v.Type != registry.DWord) {
			err = errOtherType
		}
		return known(compare(cmp.Compare(n, want)), err)
	}, nil
}

// parseDword reads a number as the schemas' documents write it, also negative and in hex.
func parseDword(s string) (uint64, error) {
	if n, err := strconv.ParseUint(s, 0, 32); err == nil {
		return n, nil
	}
	n, err := strconv.ParseInt(s, 0, 32)
	return uint64(uint32(n)), err
}

func regText(_ *builder, e *element) (func(*Scan) (Truth, error), error) {
	compare, err := parseText(e.attr("Comparison"))
	if err != nil {
		return nil, err
	}
	value, want := e.regValue(), e.attr("Data")
	return func(s *Scan) (Truth, error) {
		v, err := value(s)
		if err == nil && v.Type != registry.SZ && v.Type != registry.ExpandSZ {
			err = errOtherType
		}
		return known(compare(v.String(), want), err)
	}, nil
}

// regVersion compares a text as a version; a text that is none is as good as no value.
func regVersion(_ *builder, e *element) (func(*Scan) (Truth, error), error) {
	compare, err := parseScalar(e.attr("Comparison"))
	if err != nil {
		return nil, err
	}
	want, err := ParseVersion(e.attr("Data"))
	if err != nil {
		return nil, err
	}
	value := e.regValue()
	return func(s *Scan) (Truth, error) {
		v, err := value(s)
		if err != nil {
			return known(false, err)
		}
		have, err := ParseVersion(v.String())
		return of(err == nil && compare(have.Compare(want))), nil
	}, nil
}

// regSubstring is the rule of Windows Update 4: the value's text contains what is asked for.
func regSubstring(_ *builder, e *element) (func(*Scan) (Truth, error), error) {
	value, want := e.regValue(), e.attr("Data")
	return func(s *Scan) (Truth, error) {
		v, err := value(s)
		return known(containsFold(v.String(), want), err)
	}, nil
}

func licenseExists(_ *builder, e *element) (func(*Scan) (Truth, error), error) {
	name := e.attr("Value")
	return func(s *Scan) (Truth, error) {
		_, err := s.facts.License(name)
		return known(err == nil, err)
	}, nil
}

func licenseDword(_ *builder, e *element) (func(*Scan) (Truth, error), error) {
	compare, err := parseScalar(e.attr("Comparison"))
	want, err2 := parseDword(e.attr("Data"))
	if err := errors.Join(err, err2); err != nil {
		return nil, err
	}
	name := e.attr("Value")
	return func(s *Scan) (Truth, error) {
		v, err := s.facts.License(name)
		n, ok := v.Uint64()
		if err == nil && !ok {
			err = errOtherType
		}
		return known(compare(cmp.Compare(n, want)), err)
	}, nil
}
