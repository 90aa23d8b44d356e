package install

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"

	"github.com/redx-update/redx/internal/agent/disk"
	"github.com/redx-update/redx/internal/servicing"
	"github.com/redx-update/redx/internal/update"
)

// Bounds of manifests; those of cumulative updates have some 10 MB.
const (
	maxManifest = 64 << 20
	maxFiles    = 200_000 // of one update, all its manifests together
)

// Identity is an assembly's identity, of a package or of a component.
type Identity struct {
	Name, Version, Arch, Token, Language string
}

// Package is the name that component based servicing gives to a package.
func (i Identity) Package() string {
	language := i.Language
	if strings.EqualFold(language, "neutral") {
		language = ""
	}
	return servicing.Package{Name: i.Name, Token: i.Token, Arch: i.Arch, Language: language, Version: i.Version}.String()
}

// is compares two identities as servicing does, without case.
func (i Identity) is(o Identity) bool {
	return strings.EqualFold(i.Name, o.Name) && i.Version == o.Version && strings.EqualFold(i.Arch, o.Arch) &&
		strings.EqualFold(i.Token, o.Token)
}

// Manifest is what an installer needs of an assembly manifest: update.mum, that of a package, or a component's.
type Manifest struct {
	Identity   Identity
	KB         update.KB  // of a package
	Restart    bool       // of a package: installing it needs a restart
	Components []Identity // of a package: what it is made of
	Files      []FileOf   // of a component
}

// FileOf is a file that a component brings.
type FileOf struct {
	Name        string // below the component's folder, with backslashes
	Destination string // as the manifest has it: $(runtime.system32)\; empty: it stays in the component store
	Size        int64  // bytes; -1 when the manifest does not say
	SHA256      []byte // nil when the manifest has none
}

// assembly is the form of a manifest: urn:schemas-microsoft-com:asm.v3, with digests in asm.v2's and XML-DSig's names.
type assembly struct {
	XMLName  xml.Name    `xml:"assembly"`
	Identity identityXML `xml:"assemblyIdentity"`
	Package  *struct {
		Identifier string `xml:"identifier,attr"`
		Restart    string `xml:"restart,attr"`
		Updates    []struct {
			Components []identityXML `xml:"component>assemblyIdentity"`
		} `xml:"update"`
	} `xml:"package"`
	Dependencies []identityXML `xml:"dependency>dependentAssembly>assemblyIdentity"`
	Files        []fileXML     `xml:"file"`
}

type identityXML struct {
	Name     string `xml:"name,attr"`
	Version  string `xml:"version,attr"`
	Arch     string `xml:"processorArchitecture,attr"`
	Token    string `xml:"publicKeyToken,attr"`
	Language string `xml:"language,attr"`
}

type fileXML struct {
	Name        string `xml:"name,attr"`
	Source      string `xml:"sourceName,attr"`
	Destination string `xml:"destinationPath,attr"`
	Size        string `xml:"size,attr"`
	Hash        *struct {
		Method struct {
			Algorithm string `xml:"Algorithm,attr"`
		} `xml:"DigestMethod"`
		Value string `xml:"DigestValue"`
	} `xml:"hash"`
}

// ReadManifest reads a manifest. What does not name itself, or names a file that is none, is refused as a whole: of a
// manifest that is not understood nothing is installed.
func ReadManifest(data []byte) (*Manifest, error) {
	if len(data) > maxManifest {
		return nil, fmt.Errorf("manifest of %d bytes", len(data))
	}
	d := xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))))
	var a assembly
	if err := d.Decode(&a); err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	m := &Manifest{Identity: Identity(a.Identity)}
	if err := m.Identity.check(); err != nil {
		return nil, err
	}
	if a.Package != nil {
		m.KB = update.FindKB(a.Package.Identifier)
		m.Restart = strings.EqualFold(a.Package.Restart, "required")
		for _, u := range a.Package.Updates {
			for _, c := range u.Components {
				m.Components = append(m.Components, Identity(c))
			}
		}
	}
	for _, c := range a.Dependencies {
		if a.Package != nil {
			m.Components = append(m.Components, Identity(c))
		}
	}
	return m, m.takeFiles(a.Files)
}

// check refuses an identity that cannot be part of a name.
func (i Identity) check() error {
	for _, part := range []string{i.Name, i.Version, i.Arch, i.Token} {
		if !disk.Plain(part) || strings.Contains(part, "~") {
			return fmt.Errorf("manifest: an assembly with the identity %q", i)
		}
	}
	if i.Language != "" && (!disk.Plain(i.Language) || strings.Contains(i.Language, "~")) {
		return fmt.Errorf("manifest: an assembly of the language %q", i.Language)
	}
	return nil
}

func (m *Manifest) takeFiles(files []fileXML) error {
	if len(files) > maxFiles {
		return fmt.Errorf("manifest: %d files", len(files))
	}
	for _, f := range files {
		out := FileOf{Name: f.Name, Destination: f.Destination, Size: -1}
		if err := plainPath(f.Name); err != nil {
			return fmt.Errorf("manifest: %w", err)
		}
		if f.Size != "" {
			n, err := strconv.ParseInt(f.Size, 10, 64)
			if err != nil || n < 0 {
				return fmt.Errorf("manifest: %s: size %q", f.Name, f.Size)
			}
			out.Size = n
		}
		if f.Hash != nil {
			sum, err := digest(f.Hash.Method.Algorithm, f.Hash.Value)
			if err != nil {
				return fmt.Errorf("manifest: %s: %w", f.Name, err)
			}
			out.SHA256 = sum
		}
		m.Files = append(m.Files, out)
	}
	return nil
}

// digest reads a digest; one by another method than SHA-256 is left out, as older manifests have SHA-1.
func digest(method, value string) ([]byte, error) {
	if !strings.HasSuffix(method, "#sha256") {
		return nil, nil
	}
	sum, err := base64.StdEncoding.DecodeString(strings.TrimSpace(value))
	if err != nil || len(sum) != sha256.Size {
		return nil, fmt.Errorf("%q is no SHA-256", value)
	}
	return sum, nil
}

// plainPath refuses a relative path that is anything but names, one below the other.
func plainPath(path string) error {
	if len(path) > 1024 {
		return fmt.Errorf("a name of %d bytes", len(path))
	}
	for part := range strings.SplitSeq(path, `\`) {
		if !disk.Plain(part) {
			return fmt.Errorf("%q is no name of a file", path)
		}
	}
	return nil
}
