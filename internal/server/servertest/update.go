package servertest

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"strings"

	"github.com/redx-update/redx/internal/catalog"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/update"
)

// Update is what a test says of an update.
type Update struct {
	ID       guid.GUID
	Revision uint32       // 0: 1
	Type     catalog.Type // "": Software
	Title    string
	KB       string // the number alone
	// Requires are the prerequisites, Bundles the members with alternatives, Supersedes what it replaces.
	Requires   []guid.GUID
	Categories []guid.GUID // that it belongs to, each a prerequisite
	Bundles    [][]update.ID
	Supersedes []guid.GUID
	// Installed and Installable are rules without their IsInstalled and IsInstallable, such as Value's; "": none.
	Installed, Installable string
	Metadata               string // of the rules, without its element; "": none
	// Handler is the namespace of the handler behind ".../UpdateHandlers/", HandlerData the whole element.
	Handler, HandlerData string
	Files                []File
}

// File is a file of an update.
type File struct {
	Name string
	Data []byte
}

// The rules that always hold and never do.
const (
	True  = `<lar:True />`
	False = `<lar:False />`
)

// ID makes a GUID out of a number.
func ID(n int) guid.GUID { return guid.GUID{0: 0xc1, 14: byte(n >> 8), 15: byte(n)} }

const namespaces = ` xmlns:upd="http://schemas.microsoft.com/msus/2002/12/Update"` +
	` xmlns:lar="http://schemas.microsoft.com/msus/2002/12/LogicalApplicabilityRules"` +
	` xmlns:bar="http://schemas.microsoft.com/msus/2002/12/BaseApplicabilityRules"` +
	` xmlns:cmd="http://schemas.microsoft.com/msus/2002/12/UpdateHandlers/CommandLineInstallation"` +
	` xmlns:cbs="http://schemas.microsoft.com/msus/2002/12/UpdateHandlers/Cbs"` +
	` xmlns:drv="http://schemas.microsoft.com/msus/2002/12/UpdateHandlers/WindowsDriver"` +
	` xmlns:cat="http://schemas.microsoft.com/msus/2002/12/UpdateHandlers/Category"` +
	` xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"`

// Document writes the whole document that a publisher would give.
func (u *Update) Document() string {
	var b strings.Builder
	kind := u.Type
	if kind == "" {
		kind = catalog.Software
	}
	w := func(format string, args ...any) {
		fmt.Fprintf(&b, format, args...)
	}
	w(`<upd:Update%s><upd:UpdateIdentity UpdateID="%s" RevisionNumber="%d" />`, namespaces, u.ID, max(u.Revision, 1))
	w(`<upd:Properties UpdateType="%s" DefaultPropertiesLanguage="en" ExplicitlyDeployable="true" CreationDate="2026-01-02T00:00:00Z"`, kind)
	if u.Handler != "" {
		w(` Handler="http://schemas.microsoft.com/msus/2002/12/UpdateHandlers/%s"`, u.Handler)
	}
	w(`><upd:InstallationBehavior Impact="Normal" RebootBehavior="NeverReboots" />`)
	if u.KB != "" {
		w(`<upd:KBArticleID>%s</upd:KBArticleID>`, u.KB)
	}
	w(`</upd:Properties><upd:LocalizedPropertiesCollection><upd:LocalizedProperties><upd:Language>en</upd:Language><upd:Title>`)
	_ = xml.EscapeText(&b, []byte(u.Title)) // a strings.Builder takes everything
	w(`</upd:Title></upd:LocalizedProperties></upd:LocalizedPropertiesCollection>`)
	u.relations(w)
	w(`<upd:ApplicabilityRules>`)
	if u.Installed != "" {
		w(`<upd:IsInstalled>%s</upd:IsInstalled>`, u.Installed)
	}
	if u.Installable != "" {
		w(`<upd:IsInstallable>%s</upd:IsInstallable>`, u.Installable)
	}
	if u.Metadata != "" {
		w(`<upd:Metadata>%s</upd:Metadata>`, u.Metadata)
	}
	w(`</upd:ApplicabilityRules>`)
	u.files(w)
	w(`%s</upd:Update>`, u.HandlerData)
	return b.String()
}

func (u *Update) relations(w func(string, ...any)) {
	w(`<upd:Relationships>`)
	if len(u.Supersedes) > 0 {
		w(`<upd:SupersededUpdates>`)
		for _, g := range u.Supersedes {
			w(`<upd:UpdateIdentity UpdateID="%s" />`, g)
		}
		w(`</upd:SupersededUpdates>`)
	}
	if len(u.Requires)+len(u.Categories) > 0 {
		w(`<upd:Prerequisites>`)
		for _, g := range u.Categories {
			w(`<upd:AtLeastOne IsCategory="true"><upd:UpdateIdentity UpdateID="%s" /></upd:AtLeastOne>`, g)
		}
		for _, g := range u.Requires {
			w(`<upd:UpdateIdentity UpdateID="%s" />`, g)
		}
		w(`</upd:Prerequisites>`)
	}
	if len(u.Bundles) > 0 {
		w(`<upd:BundledUpdates>`)
		for _, of := range u.Bundles {
			w(`<upd:AtLeastOne>`)
			for _, id := range of {
				w(`<upd:UpdateIdentity UpdateID="%s" RevisionNumber="%d" />`, id.GUID, id.Revision)
			}
			w(`</upd:AtLeastOne>`)
		}
		w(`</upd:BundledUpdates>`)
	}
	w(`</upd:Relationships>`)
}

func (u *Update) files(w func(string, ...any)) {
	if len(u.Files) == 0 {
		return
	}
	w(`<upd:Files>`)
	for _, f := range u.Files {
		one, two := sha1.Sum(f.Data), sha256.Sum256(f.Data)
		w(`<upd:File Digest="%s" DigestAlgorithm="SHA1" FileName="%s" Size="%d" Modified="2026-01-02T00:00:00Z"><upd:AdditionalDigest Algorithm="SHA256">%s</upd:AdditionalDigest></upd:File>`,
			base64.StdEncoding.EncodeToString(one[:]), f.Name, len(f.Data), base64.StdEncoding.EncodeToString(two[:]))
	}
	w(`</upd:Files>`)
}
