package applicability

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/redx-update/redx/internal/registry"
)

// platform compares the kind of system; 2 is that of Windows NT (VER_PLATFORM_WIN32_NT).
func platform(_ *builder, e *element) (func(*Scan) (Truth, error), error) {
	id := e.attr("PlatformID")
	return func(*Scan) (Truth, error) {
		return of(id == "2" || strings.EqualFold(id, "Win32NT") || strings.EqualFold(id, "VER_PLATFORM_WIN32_NT")), nil
	}, nil
}

// windowsVersion compares as VerifyVersionInfo does: major, minor and service pack are compared in that order, the
// next only while the ones before are equal; the build by itself; product type and suites for being equal.
func windowsVersion(_ *builder, e *element) (func(*Scan) (Truth, error), error) {
	compare, err := parseScalar(cmp.Or(e.attr("Comparison"), "EqualTo"))
	if err != nil {
		return nil, err
	}
	want := map[string]uint32{}
	for _, a := range e.attrs {
		switch a.Name.Local {
		case "MajorVersion", "MinorVersion", "BuildNumber", "ServicePackMajor", "ServicePackMinor", "ProductType", "SuiteMask":
			n, err := e.number(a.Name.Local)
			if err != nil {
				return nil, err
			}
			want[a.Name.Local] = uint32(n)
		}
	}
	if len(want) == 0 {
		return nil, fmt.Errorf("%s asks for nothing", e.name)
	}
	all := e.yes("AllSuitesMustBePresent")
	return func(s *Scan) (Truth, error) {
		w, err := s.windows()
		if err != nil {
			return known(false, err)
		}
		return versionTruth(w, want, compare, all)
	}, nil
}

func versionTruth(w Windows, want map[string]uint32, compare scalar, all bool) (Truth, error) {
	suite, hasSuite := want["SuiteMask"]
	product, hasProduct := want["ProductType"]
	switch {
	case !versionHolds(w, want, compare) || !buildHolds(w, want, compare):
		return False, nil
	case hasProduct && !w.TypesKnown || hasSuite && !w.SuiteKnown:
		return Unknown, fmt.Errorf("product type and suites: %w", ErrUnknown)
	case hasProduct && product != w.ProductType, hasSuite && all && w.SuiteMask&suite != suite,
		hasSuite && !all && w.SuiteMask&suite == 0:
		return False, nil
	}
	return True, nil
}

// versionHolds compares what is asked for of major, minor and service pack: the first that differs decides.
func versionHolds(w Windows, want map[string]uint32, compare scalar) bool {
	asked := false
	for _, have := range []struct {
		name  string
		value uint32
	}{{"MajorVersion", w.Major}, {"MinorVersion", w.Minor}, {"ServicePackMajor", w.ServicePack}, {"ServicePackMinor", 0}} {
		n, ok := want[have.name]
		if ok && n != have.value {
			return compare(cmp.Compare(have.value, n))
		}
		asked = asked || ok
	}
	return !asked || compare(0)
}

func buildHolds(w Windows, want map[string]uint32, compare scalar) bool {
	n, ok := want["BuildNumber"]
	return !ok || compare(cmp.Compare(w.Build, n))
}

// windowsLanguage compares the language of the system: what is asked for may be "en" for any English.
func windowsLanguage(_ *builder, e *element) (func(*Scan) (Truth, error), error) {
	want := strings.ToLower(e.attr("Language"))
	return func(s *Scan) (Truth, error) {
		w, err := s.windows()
		if err == nil && len(w.Languages) == 0 {
			err = fmt.Errorf("language of the system: %w", ErrUnknown)
		}
		return known(slices.ContainsFunc(w.Languages, func(l string) bool {
			l = strings.ToLower(l)
			return l == want || strings.HasPrefix(l, want+"-")
		}), err)
	}, nil
}

func processor(_ *builder, e *element) (func(*Scan) (Truth, error), error) {
	want, err := e.number("Architecture")
	if err != nil {
		return nil, err
	}
	further := e.has("Level") || e.has("Revision")
	return func(s *Scan) (Truth, error) {
		w, err := s.windows()
		if err == nil && uint64(w.Architecture) == want && further {
			err = fmt.Errorf("level and revision of a processor: %w", ErrUnknown)
		}
		return known(uint64(w.Architecture) == want, err)
	}, nil
}

// numberOfProcessors reads what Windows tells its programs.
func numberOfProcessors(_ *builder, e *element) (func(*Scan) (Truth, error), error) {
	compare, err := parseScalar(e.attr("Comparison"))
	want, err2 := e.number("Number")
	if err := errors.Join(err, err2); err != nil {
		return nil, err
	}
	return func(s *Scan) (Truth, error) {
		k, err := s.key(`HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\Session Manager\Environment`, false)
		var n uint64
		if err == nil {
			var v registry.Value
			if v, err = k.Value("NUMBER_OF_PROCESSORS"); err == nil {
				n, err = strconv.ParseUint(v.String(), 10, 32)
			}
		}
		if err != nil { // a computer has one, so that this is no fact
			return Unknown, fmt.Errorf("number of processors: %w (%s)", ErrUnknown, err.Error())
		}
		return of(compare(cmp.Compare(n, want))), nil
	}, nil
}

// clustered is false where the cluster's service is not even there. Whether a computer that has it belongs to a cluster
// stands in a hive that redx does not read.
func clustered(*builder, *element) (func(*Scan) (Truth, error), error) {
	return func(s *Scan) (Truth, error) {
		_, err := s.key(`HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\ClusSvc`, false)
		if err == nil {
			err = fmt.Errorf("cluster of the computer: %w", ErrUnknown)
		}
		return known(false, err)
	}, nil
}

func installedOnce(b *builder, _ *element) (func(*Scan) (Truth, error), error) {
	id := b.update
	return func(s *Scan) (Truth, error) { return known(s.facts.Installed(id)) }, nil
}
