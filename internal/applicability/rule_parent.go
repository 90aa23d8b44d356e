package applicability

import (
	"slices"
	"strings"
)

// parent is a package that another one needs. Its version is a lowest one: servicing logs how it compares ("VersionComp:
// EQ, BuildComp: EQ, RevisionComp: GE" beside buildCompare="EQ", "BuildComp: GE" without it, and no version at all where
// the manifest names none).
type parent struct {
	identity
	sameBuild bool
}

// parents reads all that the manifest's parent elements name; one of them is enough.
func parents(pkg *element) (all []parent) {
	for _, p := range pkg.below {
		if p.name != "parent" {
			continue
		}
		for _, id := range p.below {
			if id.name == "assemblyIdentity" {
				all = append(all, parent{id.identity(), strings.EqualFold(p.attr("buildCompare"), "EQ")})
			}
		}
	}
	return all
}

// takes reports that a version will do.
func (p parent) takes(version string) bool {
	if p.version == "" {
		return true
	}
	want, err := ParseVersion(p.version)
	got, errGot := ParseVersion(version)
	if err != nil || errGot != nil || !slices.Equal(want[:2], got[:2]) || p.sameBuild && want[2] != got[2] {
		return false
	}
	return got.Compare(want) >= 0
}

// parentInstalled asks for the version that is named first, as most computers have it, and then looks through all.
func (s *Scan) parentInstalled(p parent) (Truth, error) {
	exact, err := known(s.packageInstalled(p.String()))
	if exact == True {
		return exact, nil
	}
	family := strings.ToLower(strings.TrimSuffix(p.String(), p.version))
	packages, err2 := s.packages()
	if t, err := known(false, err2); t == Unknown {
		return t, err
	}
	for _, name := range packages {
		if len(name) <= len(family) || !strings.EqualFold(name[:len(family)], family) || !p.takes(name[len(family):]) {
			continue
		}
		t, why := known(s.packageInstalled(name))
		if t == True {
			return True, nil
		}
		if t == Unknown {
			exact, err = t, why
		}
	}
	return exact, err
}
