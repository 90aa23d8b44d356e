// Package payload makes updates for the lab: cabinets with a package of component based servicing, in the form that real
// ones have, so that a publisher can offer them and an installer install them. Their files are whatever the lab likes.
//
// It signs nothing, and what it makes is not for a real Windows: DISM refuses a package without a catalog. The same
// package always gives the same bytes.
package payload

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"strings"
	"time"

	"github.com/redx-update/redx/internal/servicing"
	"github.com/redx-update/redx/internal/update"
	"github.com/redx-update/redx/internal/write/cab"
)

// token is the public key token of Windows' own packages.
const token = "31bf3856ad364e35"

// Package is an update.
type Package struct {
	KB          update.KB
	Version     string // four numbers
	Title       string
	Description string
	Restart     bool // installing it needs a restart
	Components  []Component
	Time        time.Time // of its files; zero: 1980-01-01
}

// Component is a part of a package: files that belong together.
type Component struct {
	Name  string // such as "redx-lab-notepad"
	Files []File
}

// File is a file of a component.
type File struct {
	Name        string
	Destination string // as manifests have it: $(runtime.system32)\; empty: it stays in the component store
	Content     []byte
}

// Identity is the package's name as component based servicing has it.
func (p *Package) Identity() string {
	return servicing.Package{Name: p.name(), Token: token, Arch: "amd64", Version: p.Version}.String()
}

func (p *Package) name() string { return "Package_for_" + string(p.KB) }

// Folder is the name of a component in the package, of its folder and of its manifest: its key form.
func (p *Package) Folder(c *Component) string {
	sum := sha256.Sum256([]byte(c.Name + "\x00" + p.Version))
	return servicing.Component{
		Arch: "amd64", Name: c.Name, Token: token, Version: p.Version, Culture: "none", Hash: hex.EncodeToString(sum[:8]),
	}.String()
}

// Cabinet gives the payload: update.mum, and for each component its manifest and its files.
func (p *Package) Cabinet() ([]byte, error) {
	files := []cab.File{cab.Bytes("update.mum", p.Time, p.Manifest())}
	for n := range p.Components {
		c := &p.Components[n]
		folder := p.Folder(c)
		if _, ok := servicing.ParseComponent(folder); !ok {
			return nil, fmt.Errorf("%q is no component's name", folder)
		}
		files = append(files, cab.Bytes(folder+".manifest", p.Time, p.ComponentManifest(c)))
		for _, f := range c.Files {
			files = append(files, cab.Bytes(folder+`\`+f.Name, p.Time, f.Content))
		}
	}
	b, err := cab.Encode(files, cab.Options{Method: cab.LZX})
	if err != nil {
		return nil, fmt.Errorf("payload of %s: %w", p.KB, err)
	}
	return b, nil
}

const (
	head = `<?xml version="1.0" encoding="utf-8" standalone="yes"?>` + "\r\n" + `<assembly xmlns="urn:schemas-microsoft-com:asm.v3" manifestVersion="1.0"`
	foot = "\r\n</assembly>\r\n"
)

// identity is an assembly's, with more attributes.
func (p *Package) identity(name, more string) string {
	return fmt.Sprintf("\r\n"+`<assemblyIdentity name="%s" version="%s" processorArchitecture="amd64" language="neutral" buildType="release" publicKeyToken="%s"%s/>`,
		escaped(name), escaped(p.Version), token, more)
}

// Manifest is update.mum.
func (p *Package) Manifest() []byte {
	var b strings.Builder
	restart := "possible"
	if p.Restart {
		restart = "required"
	}
	fmt.Fprintf(&b, `%s displayName="%s" description="%s">%s`, head, escaped(p.Title), escaped(p.Description), p.identity(p.name(), ""))
	fmt.Fprintf(&b, "\r\n"+`<package identifier="%s" releaseType="Update" restart="%s">`, escaped(string(p.KB)), restart)
	for n := range p.Components {
		fmt.Fprintf(&b, "\r\n"+`<update name="%s-%d"><component>%s</component></update>`,
			escaped(string(p.KB)), n+1, p.identity(p.Components[n].Name, ` versionScope="nonSxS"`))
	}
	b.WriteString("\r\n</package>" + foot)
	return []byte(b.String())
}

// ComponentManifest is the manifest of a component.
func (p *Package) ComponentManifest(c *Component) []byte {
	var b strings.Builder
	b.WriteString(head + ">" + p.identity(c.Name, ` versionScope="nonSxS"`))
	for _, f := range c.Files {
		to := ""
		if f.Destination != "" {
			to = fmt.Sprintf(` destinationPath="%s"`, escaped(f.Destination))
		}
		sum := sha256.Sum256(f.Content)
		fmt.Fprintf(&b, "\r\n"+`<file name="%s"%s sourceName="%s" size="%d"><asmv2:hash xmlns:asmv2="urn:schemas-microsoft-com:asm.v2" xmlns:dsig="http://www.w3.org/2000/09/xmldsig#">`+
			`<dsig:Transforms><dsig:Transform Algorithm="urn:schemas-microsoft-com:HashTransforms.Identity"/></dsig:Transforms>`+
			`<dsig:DigestMethod Algorithm="http://www.w3.org/2000/09/xmldsig#sha256"/><dsig:DigestValue>%s</dsig:DigestValue></asmv2:hash></file>`,
			escaped(f.Name), to, escaped(f.Name), len(f.Content), base64.StdEncoding.EncodeToString(sum[:]))
	}
	b.WriteString(foot)
	return []byte(b.String())
}

func escaped(s string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(s)) // a buffer takes all
	return b.String()
}
