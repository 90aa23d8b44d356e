package applicability

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// Version is a version of four numbers, such as 10.0.19041.3636.
type Version [4]uint32

// ParseVersion reads one to four numbers with points between them; those left out are 0.
func ParseVersion(s string) (Version, error) {
	var v Version
	parts := strings.Split(strings.TrimSpace(s), ".")
	if len(parts) > len(v) {
		return v, fmt.Errorf("version %q has %d parts, more than four", s, len(parts))
	}
	for i, p := range parts {
		n, err := strconv.ParseUint(p, 10, 32)
		if err != nil {
			return Version{}, fmt.Errorf("version %q: %w", s, err)
		}
		v[i] = uint32(n)
	}
	return v, nil
}

// Compare orders versions as numbers: -1, 0 or 1.
func (v Version) Compare(o Version) int {
	for i := range v {
		if c := cmp.Compare(v[i], o[i]); c != 0 {
			return c
		}
	}
	return 0
}

func (v Version) String() string { return fmt.Sprintf("%d.%d.%d.%d", v[0], v[1], v[2], v[3]) }

// scalar is a ScalarComparison of the schemas: what the order of what is there and what is asked for must be.
type scalar func(order int) bool

var scalars = map[string]scalar{
	"LessThan":             func(o int) bool { return o < 0 },
	"LessThanOrEqualTo":    func(o int) bool { return o <= 0 },
	"EqualTo":              func(o int) bool { return o == 0 },
	"GreaterThanOrEqualTo": func(o int) bool { return o >= 0 },
	"GreaterThan":          func(o int) bool { return o > 0 },
}

func parseScalar(s string) (scalar, error) {
	if c, ok := scalars[s]; ok {
		return c, nil
	}
	return nil, fmt.Errorf("comparison %q is not known", s)
}

// texts are the StringComparisons of the schemas; Windows compares names without case.
var texts = map[string]func(have, want string) bool{
	"EqualTo": strings.EqualFold,
	"BeginsWith": func(have, want string) bool {
		return strings.HasPrefix(strings.ToLower(have), strings.ToLower(want))
	},
	"EndsWith": func(have, want string) bool {
		return strings.HasSuffix(strings.ToLower(have), strings.ToLower(want))
	},
	"Contains": containsFold,
}

func containsFold(have, want string) bool {
	return strings.Contains(strings.ToLower(have), strings.ToLower(want))
}

func parseText(s string) (func(have, want string) bool, error) {
	if c, ok := texts[s]; ok {
		return c, nil
	}
	return nil, fmt.Errorf("comparison %q is not known", s)
}
