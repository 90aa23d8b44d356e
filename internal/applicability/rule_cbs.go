package applicability

import (
	"fmt"
	"strings"

	"github.com/redx-update/redx/internal/winsys"
)

const cbsPackages = `HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\Packages`

// identity is what names a package of Component Based Servicing; the registry writes its parts with "~" between.
type identity struct{ name, token, arch, language, version string }

func (i identity) String() string {
	return strings.Join([]string{i.name, i.token, i.arch, i.language, i.version}, "~")
}

// identity reads an assemblyIdentity of a package's manifest; a neutral language is written as none.
func (e *element) identity() identity {
	i := identity{
		e.attr("name"), e.attr("publicKeyToken"), e.attr("processorArchitecture"), e.attr("language"), e.attr("version"),
	}
	if strings.EqualFold(i.language, "neutral") {
		i.language = ""
	}
	return i
}

// state reads how far a package is installed.
func (s *Scan) state(identity string) (winsys.PackageState, error) {
	k, err := s.key(cbsPackages+`\`+identity, false)
	if err != nil {
		return winsys.Absent, err
	}
	v, err := k.Value("CurrentState")
	n, _ := v.Uint64()
	return winsys.PackageState(int32(uint32(n))), err
}

func (s *Scan) packageInstalled(identity string) (bool, error) {
	state, err := s.state(identity)
	return state == winsys.Installed || state == winsys.Permanent, err
}

func cbsByIdentity(_ *builder, e *element) (func(*Scan) (Truth, error), error) {
	id := e.attr("PackageIdentity")
	if strings.Count(id, "~") != 4 {
		return nil, fmt.Errorf("package identity %q has not five parts", id)
	}
	return func(s *Scan) (Truth, error) { return known(s.packageInstalled(id)) }, nil
}

// manifest is what the update's metadata says of its package.
func (b *builder) manifest(rule string) (self identity, needs []parent, err error) {
	root := b.metadata.child("CbsPackageApplicabilityMetadata")
	if root == nil {
		return self, nil, fmt.Errorf("%s: the update's metadata has no package", rule)
	}
	assembly := root.find("assembly")
	own := assembly.child("assemblyIdentity")
	if own == nil {
		return self, nil, fmt.Errorf("%s: the update's metadata names no package", rule)
	}
	if pkg := assembly.child("package"); pkg != nil {
		needs = parents(pkg)
	}
	return own.identity(), needs, nil
}

func cbsInstalled(b *builder, e *element) (func(*Scan) (Truth, error), error) {
	self, _, err := b.manifest(e.name)
	if err != nil {
		return nil, err
	}
	return func(s *Scan) (Truth, error) { return known(s.packageInstalled(self.String())) }, nil
}

// cbsInstallable wants one of the package's parents installed and the package itself not. Whether Windows would take
// it then is for Windows to say: without parents in the metadata it is Unknown.
func cbsInstallable(b *builder, e *element) (func(*Scan) (Truth, error), error) {
	self, needs, err := b.manifest(e.name)
	if err == nil && len(needs) == 0 {
		err = fmt.Errorf("%s: the update's metadata names no parent of %s", e.name, self.name)
	}
	if err != nil {
		return nil, err
	}
	return func(s *Scan) (Truth, error) {
		if t, err := known(s.packageInstalled(self.String())); t != False {
			return -t, err
		}
		var why error
		t := quantify(needs, false, func(p parent) Truth {
			t, err := s.parentInstalled(p)
			if err != nil {
				why = err
			}
			return t
		})
		return t, why
	}, nil
}
