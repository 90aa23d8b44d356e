package story

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"strings"
	"time"

	"github.com/redx-update/redx/internal/write/cab"
)

// token is the public key token that Windows' own components bear; a package is found under it.
const token = "31bf3856ad364e35"

// payload is one file of a component.
type payload struct {
	name, destination string // destination as manifests write it, such as $(runtime.system32)
	content           []byte
}

// component is a folder of files in a package, with a manifest of its own.
type component struct {
	name  string
	files []payload
}

// parcel is an update of Component Based Servicing, as it is made on the spot.
type parcel struct {
	id                 string // GUID
	kb, title, version string
	components         []component
}

// key is the name of a component's folder and manifest: its identity, and a hash that keeps two of them apart.
func (p *parcel) key(c component) string {
	sum := sha256.Sum256([]byte(c.name + " " + p.version))
	return fmt.Sprintf("amd64_%s_%s_%s_none_%s", c.name, token, p.version, hex.EncodeToString(sum[:8]))
}

func (p *parcel) name() string { return "Package_for_" + p.kb }

// cabinet packs the update: update.mum, and for each component its manifest and the folder of its files.
func (p *parcel) cabinet(at time.Time) ([]byte, error) {
	files := []cab.File{cab.Bytes("update.mum", at, p.mum())}
	for _, c := range p.components {
		files = append(files, cab.Bytes(p.key(c)+".manifest", at, p.manifest(c)))
		for _, f := range c.files {
			files = append(files, cab.Bytes(p.key(c)+`\`+f.name, at, f.content))
		}
	}
	return cab.Encode(files, cab.Options{Method: cab.LZX})
}

const (
	assembly = `<?xml version="1.0" encoding="utf-8"?>` + "\n" + `<assembly xmlns="urn:schemas-microsoft-com:asm.v3" manifestVersion="1.0">` + "\n"
	identity = `<assemblyIdentity name=%s version=%s processorArchitecture="amd64" language="neutral" buildType="release" publicKeyToken=%s />`
)

func (p *parcel) identityOf(name string) string {
	return fmt.Sprintf(identity, quoted(name), quoted(p.version), quoted(token))
}

// mum is the package's manifest.
func (p *parcel) mum() []byte {
	var b strings.Builder
	b.WriteString(assembly)
	fmt.Fprintf(&b, "  %s\n", p.identityOf(p.name()))
	fmt.Fprintf(&b, "  <package identifier=%s releaseType=\"Update\">\n", quoted(p.kb))
	for _, c := range p.components {
		fmt.Fprintf(&b, "    <update name=%s><component><dependentAssembly>%s</dependentAssembly></component></update>\n",
			quoted(c.name), p.identityOf(c.name))
	}
	b.WriteString("  </package>\n</assembly>\n")
	return []byte(b.String())
}

// manifest is that of a component: its files, where they go, and their digests.
func (p *parcel) manifest(c component) []byte {
	var b strings.Builder
	b.WriteString(assembly)
	fmt.Fprintf(&b, "  %s\n", p.identityOf(c.name))
	for _, f := range c.files {
		sum := sha256.Sum256(f.content)
		fmt.Fprintf(&b, "  <file name=%s destinationPath=%s sourceName=%s importPath=\"$(build.nttree)\\\">\n",
			quoted(f.name), quoted(f.destination+`\`), quoted(f.name))
		b.WriteString(`    <asmv2:hash xmlns:asmv2="urn:schemas-microsoft-com:asm.v2" xmlns:dsig="http://www.w3.org/2000/09/xmldsig#">` +
			`<dsig:Transforms><dsig:Transform Algorithm="urn:schemas-microsoft-com:HashTransforms.Identity" /></dsig:Transforms>` +
			`<dsig:DigestMethod Algorithm="http://www.w3.org/2000/09/xmldsig#sha256" />` +
			`<dsig:DigestValue>` + base64.StdEncoding.EncodeToString(sum[:]) + "</dsig:DigestValue></asmv2:hash>\n  </file>\n")
	}
	b.WriteString("</assembly>\n")
	return []byte(b.String())
}

func quoted(s string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(s)) // a bytes.Buffer takes everything
	return `"` + b.String() + `"`
}

// program makes the content of a stand-in for a library: it cannot be compressed away, and is the same in each run.
func program(name string, size int) []byte {
	out := bytes.NewBufferString("a stand-in for " + name + "\n")
	for seed := sha256.Sum256([]byte(name)); out.Len() < size; seed = sha256.Sum256(seed[:]) {
		out.Write(seed[:])
	}
	return out.Bytes()[:size]
}
