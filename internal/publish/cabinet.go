package publish

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/redx-update/redx/internal/format/cab"
	"github.com/redx-update/redx/internal/servicing"
	"github.com/redx-update/redx/internal/update"
)

// Facts are what a payload says of itself. What it does not say is empty.
type Facts struct {
	Title          string
	Description    string
	KB             update.KB
	MoreInfo       string
	Reboot         Reboot
	Classification string
	Company        string
	Package        Package
	Stack          bool // it is Windows' servicing stack, which installs all others
}

// maxManifest bounds a package's manifest; those of cumulative updates have some 10 MB.
const maxManifest = 64 << 20

// ErrNoPackage says that a cabinet has no package of Component Based Servicing.
var ErrNoPackage = errors.New("no update.mum in the cabinet")

// Cabinet reads a cabinet with a package of Component Based Servicing: its manifest, update.mum, says what it is.
func Cabinet(r io.ReaderAt, size int64) (Facts, error) {
	c, err := cab.Open(r, size)
	if err != nil {
		return Facts{}, err
	}
	for _, f := range c.Files() {
		if !strings.EqualFold(f.Name, "update.mum") {
			continue
		}
		content, err := c.Open(f)
		if err != nil {
			return Facts{}, fmt.Errorf("%s: %w", f.Name, err)
		}
		var m manifest
		if err := xml.NewDecoder(io.LimitReader(content, maxManifest)).Decode(&m); err != nil {
			return Facts{}, fmt.Errorf("%s: %w", f.Name, err)
		}
		facts, err := m.facts()
		if err != nil {
			err = fmt.Errorf("%s: %w", f.Name, err)
		}
		return facts, err
	}
	return Facts{}, ErrNoPackage
}

// holds makes sure that a cabinet has a file at its top.
func holds(r io.ReaderAt, size int64, name string) error {
	c, err := cab.Open(r, size)
	if err != nil {
		return err
	}
	for _, f := range c.Files() {
		if strings.EqualFold(f.Name, name) {
			return nil
		}
	}
	return fmt.Errorf("no %s in the cabinet", name)
}

// manifest is what is read of update.mum (an assembly with a package).
type manifest struct {
	Title       string   `xml:"displayName,attr"`
	Description string   `xml:"description,attr"`
	Support     string   `xml:"supportInformation,attr"`
	Identity    assembly `xml:"assemblyIdentity"`
	Package     struct {
		Identifier string   `xml:"identifier,attr"`
		Release    string   `xml:"releaseType,attr"`
		Restart    string   `xml:"restart,attr"`
		Parents    []parent `xml:"parent"`
	} `xml:"package"`
}

type parent struct {
	Compare    string     `xml:"buildCompare,attr"`
	Identities []assembly `xml:"assemblyIdentity"`
}

type assembly struct {
	Name     string `xml:"name,attr"`
	Token    string `xml:"publicKeyToken,attr"`
	Arch     string `xml:"processorArchitecture,attr"`
	Language string `xml:"language,attr"`
	Version  string `xml:"version,attr"`
}

// identity is the package's name as the registry writes it.
func (a assembly) identity() (servicing.Package, error) {
	language := a.Language
	if strings.EqualFold(language, "neutral") {
		language = ""
	}
	text := servicing.Package{Name: a.Name, Token: a.Token, Arch: a.Arch, Language: language, Version: a.Version}.String()
	p, ok := servicing.ParsePackage(text)
	if !ok || p.Version == "" {
		return p, fmt.Errorf("%q is no package's identity", text)
	}
	return p, nil
}

func (a assembly) node() node {
	return element("assemblyIdentity").with("name", a.Name, "version", a.Version, "language", a.Language,
		"processorArchitecture", a.Arch, "publicKeyToken", a.Token)
}

// processors are those of manifests, by wProcessorArchitecture.
var processors = map[string]string{"x86": "0", "amd64": "9", "arm": "5", "arm64": "12"}

func (m *manifest) facts() (Facts, error) {
	id, err := m.Identity.identity()
	if err != nil {
		return Facts{}, err
	}
	f := Facts{
		Title: m.Title, Description: m.Description, KB: update.FindKB(m.Package.Identifier), Classification: m.Package.Release, Reboot: MayReboot,
	}
	if f.KB == "" {
		f.KB = id.KB()
	}
	f.Stack = strings.HasPrefix(strings.ToLower(id.Name), "package_for_servicingstack")
	if strings.HasPrefix(m.Support, "http://") || strings.HasPrefix(m.Support, "https://") {
		f.MoreInfo = m.Support
	}
	switch strings.ToLower(m.Package.Restart) {
	case "required":
		f.Reboot = Always
	case "never":
		f.Reboot = Never
	}
	f.Package = m.servicing(id)
	f.Package.uninstall = !f.Stack // Windows keeps its servicing stack
	return f, nil
}

// servicing: Windows installs the package itself, and says by its identity whether it is there.
func (m *manifest) servicing(id servicing.Package) Package {
	p := Package{
		handler:   handler{name: "Cbs", kind: "cbs:Cbs"},
		installed: []node{element("cbsar:CbsPackageInstalledByIdentity").with("PackageIdentity", id.String())},
	}
	if n, ok := processors[strings.ToLower(id.Arch)]; ok {
		p.fits = append(p.fits, element("bar:Processor").with("Architecture", n))
	}
	// What else a package needs is known when it names the packages that it is for.
	if len(m.Package.Parents) > 0 {
		p.fits = append(p.fits, element("cbsar:CbsPackageInstallable"))
		p.metadata = []node{m.metadata()}
	}
	return p
}

// metadata is the manifest as far as rules ask it: the package and its parents, of which one has to be installed.
func (m *manifest) metadata() node {
	pkg := element("package").maybe("identifier", m.Package.Identifier).maybe("releaseType", m.Package.Release)
	for _, p := range m.Package.Parents {
		for _, id := range p.Identities {
			pkg.below = append(pkg.below, element("parent", id.node()).maybe("buildCompare", p.Compare))
		}
	}
	return element("cbsar:CbsPackageApplicabilityMetadata",
		element("assembly", m.Identity.node(), pkg).with("xmlns", "urn:schemas-microsoft-com:asm.v3", "manifestVersion", "1.0"))
}
