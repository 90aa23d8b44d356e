package main

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// madeUpdate is an update to be written as its document.
type madeUpdate struct {
	n             int
	kind          string // UpdateType; "": Software
	category      string // CategoryType
	prerequisites []int
	bundles       []int
	driver        string            // the attributes of its metadata
	files         map[string]string // content by name
	eula          string            // content
}

// madeID is the identity of the nth made update.
func madeID(n int) string { return fmt.Sprintf("ab%04x00-0000-0000-0000-000000000000", n) }

func identities(numbers []int, attributes string) string {
	var b strings.Builder
	for _, n := range numbers {
		fmt.Fprintf(&b, `<upd:UpdateIdentity UpdateID="%s" %s/>`, madeID(n), attributes)
	}
	return b.String()
}

func digests(content, attributes string) string {
	one, two := sha1.Sum([]byte(content)), sha256.Sum256([]byte(content))
	return fmt.Sprintf(`Digest="%s" DigestAlgorithm="SHA1" Size="%d" %s><upd:AdditionalDigest Algorithm="SHA256">%s</upd:AdditionalDigest>`,
		base64.StdEncoding.EncodeToString(one[:]), len(content), attributes, base64.StdEncoding.EncodeToString(two[:]))
}

// contentPath is where a file of a cabinet's name is, below Content.
func contentPath(content string) string {
	sum := sha1.Sum([]byte(content))
	return fmt.Sprintf("%02X/%X.cab", sum[19], sum)
}

// document writes the update as Microsoft's documents are.
func (u *madeUpdate) document() []byte {
	var rest, files, eula strings.Builder
	if u.driver != "" {
		fmt.Fprintf(&rest, `<upd:Metadata><drv:WindowsDriverMetaData %s/></upd:Metadata>`, u.driver)
	}
	for name, content := range u.files {
		fmt.Fprintf(&files, `<upd:File %s</upd:File>`, digests(content, fmt.Sprintf("FileName=%q", name)))
	}
	if u.eula != "" {
		fmt.Fprintf(&eula, `<upd:EulaFile %s</upd:EulaFile>`, digests(u.eula, `FileName="eula.txt" Language="en"`))
	}
	kind := u.kind
	if kind == "" {
		kind = "Software"
	}
	return fmt.Appendf(nil, `<upd:Update xmlns:upd="http://schemas.microsoft.com/msus/2002/12/Update" xmlns:lar="http://schemas.microsoft.com/msus/2002/12/LogicalApplicabilityRules" `+
		`xmlns:drv="http://schemas.microsoft.com/msus/2002/12/UpdateHandlers/WindowsDriver" xmlns:cat="http://schemas.microsoft.com/msus/2002/12/UpdateHandlers/Category">`+
		`<upd:UpdateIdentity UpdateID="%s" RevisionNumber="100"/><upd:Properties UpdateType="%s" DefaultPropertiesLanguage="en" ExplicitlyDeployable="true"/>`+
		`<upd:LocalizedPropertiesCollection><upd:LocalizedProperties><upd:Language>en</upd:Language><upd:Title>Update %d</upd:Title></upd:LocalizedProperties>%s</upd:LocalizedPropertiesCollection>`+
		`<upd:Relationships><upd:Prerequisites>%s</upd:Prerequisites><upd:BundledUpdates>%s</upd:BundledUpdates></upd:Relationships>`+
		`<upd:ApplicabilityRules><upd:IsInstalled><lar:False/></upd:IsInstalled>%s</upd:ApplicabilityRules><upd:Files>%s</upd:Files>`+
		`<upd:HandlerSpecificData><cat:CategoryInformation CategoryType="%s"/></upd:HandlerSpecificData></upd:Update>`,
		madeID(u.n), kind, u.n, eula.String(), identities(u.prerequisites, ""), identities(u.bundles, `RevisionNumber="100" `), rest.String(), files.String(), u.category)
}

// importMade takes updates in with their files, in their order: on a new server the first one is revision 1.
func importMade(t *testing.T, data string, all ...madeUpdate) {
	t.Helper()
	dir := t.TempDir()
	for i := range all {
		write(t, filepath.Join(dir, fmt.Sprintf("%04d.xml", i)), all[i].document())
		for name, content := range all[i].files {
			write(t, filepath.Join(dir, fmt.Sprintf("%d-%s", i, name)), []byte(content))
		}
		if all[i].eula != "" {
			write(t, filepath.Join(dir, fmt.Sprintf("%d-eula.txt", i)), []byte(all[i].eula))
		}
	}
	must(t, data, "server", "import", dir)
}

// approveMade approves updates for all computers.
func approveMade(t *testing.T, data string, numbers ...int) {
	t.Helper()
	for _, n := range numbers {
		must(t, data, "approval", "set", madeID(n))
	}
}
