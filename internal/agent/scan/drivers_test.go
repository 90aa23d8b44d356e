package scan_test

import (
	"testing"

	"github.com/redx-update/redx/internal/agent/scan"
	"github.com/redx-update/redx/internal/guid"
)

// TestDrivers: the server's ranking counts, except for a driver that is there already, or whose conditions are not met.
func TestDrivers(t *testing.T) {
	const unknown = `<d.WindowsDriverInstallable />` // without metadata
	ranked := []string{`PCI\VEN_1&DEV_1`}
	for name, tt := range map[string]struct {
		revs []rev
		want string
	}{
		"ranked, and its own rules are emptied": {[]rev{{n: 1, kind: "Driver", installed: unknown, installable: unknown, hardware: ranked}}, "+1 0/0"},
		"ranked, and its own rules say no":      {[]rev{{n: 1, kind: "Driver", installed: no, installable: no, hardware: ranked}}, "+1 0/0"},
		"there already":                         {[]rev{{n: 1, kind: "Driver", installed: yes, installable: yes, hardware: ranked}}, "1/0"},
		"not ranked, by its own rules":          {[]rev{{n: 1, kind: "Driver", installed: no, installable: yes}}, "+1 0/0"},
		"not ranked, and unknown":               {[]rev{{n: 1, kind: "Driver", installed: no, installable: unknown}}, "?1(WindowsDriverInstallable) 0/0"},
		"its prerequisite is not there": {[]rev{
			{n: 1, kind: "Driver", installed: no, installable: yes, hardware: ranked, requires: []string{"2"}},
			{n: 2, kind: "Detectoid", action: "Evaluate", installed: no},
		}, "0/1"},
	} {
		var s scan.Set
		s.Update(cache(tt.revs...))
		if got := said(s.Evaluate(computer{})); got != tt.want {
			t.Errorf("%s: got %s, want %s", name, got, tt.want)
		}
	}
}

// TestWithin: of a scan of some categories the computer judges the classifications, through the family of a product too.
func TestWithin(t *testing.T) {
	family, product, security, other := guid.MustParse(id(10)), guid.MustParse(id(11)), guid.MustParse(id(12)), guid.MustParse(id(13))
	category := func(n int32, of ...string) rev {
		return rev{n: n, kind: "Category", action: "Evaluate", installed: yes, categories: of}
	}
	revs := cache(
		category(10), category(11, "10"), category(12), category(13),
		rev{n: 1, installed: no, installable: yes, categories: []string{"11", "12"}},
		rev{n: 2, installed: no, installable: yes, categories: []string{"11", "13"}},
		rev{n: 3, installed: no, installable: yes},
	)
	for want, categories := range map[string][]scan.Category{
		"+1 +2 +3 0/0": nil,
		"+1 +2 0/0":    {{Product: product}},
		"+1 0/0":       {{Product: product, Classification: security}},
		"+2 0/0":       {{Product: family, Classification: other}, {Product: security, Classification: other}},
		"0/0":          {{Product: guid.GUID{1}}},
	} {
		var s scan.Set
		s.Update(revs)
		r := s.Evaluate(computer{})
		s.Within(r, categories)
		if got := said(r); got != want {
			t.Errorf("%v: got %s, want %s", categories, got, want)
		}
	}
}
