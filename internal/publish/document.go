package publish

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/redx-update/redx/internal/guid"
)

// msus is what Microsoft's namespaces of update documents begin with.
const msus = "http://schemas.microsoft.com/msus/2002/12/"

// namespaces are declared at the root of every document, used or not, so that where they stand depends on nothing.
var namespaces = []attr{
	{"xmlns:upd", msus + "Update"},
	{"xmlns:lar", msus + "LogicalApplicabilityRules"},
	{"xmlns:bar", msus + "BaseApplicabilityRules"},
	{"xmlns:msiar", msus + "MsiApplicabilityRules"},
	{"xmlns:cbsar", msus + "CbsApplicabilityRules"},
	{"xmlns:cat", msus + "UpdateHandlers/Category"},
	{"xmlns:cbs", msus + "UpdateHandlers/Cbs"},
	{"xmlns:cmd", msus + "UpdateHandlers/CommandLineInstallation"},
	{"xmlns:msi", msus + "UpdateHandlers/WindowsInstaller"},
	{"xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"},
}

// handler is who installs a payload on the client, with the data that it wants.
type handler struct {
	name  string // behind UpdateHandlers/
	kind  string // xsi:type
	below []node
}

// Document writes the update document (MS-WUSP 3.1.1 has its parts).
func (u *Update) Document() ([]byte, error) {
	if err := u.check(); err != nil {
		return nil, err
	}
	var size int64
	files := element("upd:Files")
	for _, f := range u.Files {
		size += f.Size
		files.below = append(files.below, f.node())
	}
	parts := []node{
		identity(u.ID.GUID).with("RevisionNumber", fmt.Sprint(u.ID.Revision)), u.properties(size), texts(u.Title, u.Description, u.MoreInfo), u.relations(),
	}
	if len(u.Bundled) == 0 {
		parts = append(parts, u.rules(), files, element("upd:HandlerSpecificData", u.Package.handler.below...).with("xsi:type", u.Package.handler.kind))
	}
	return document(parts...), nil
}

func (u *Update) properties(size int64) node {
	n := element("upd:Properties", u.behaviour()...).with("UpdateType", "Software", "DefaultPropertiesLanguage", "en")
	if !u.Part {
		n = n.with("AutoSelectOnWebSites", "true", "ExplicitlyDeployable", "true")
	}
	if len(u.Bundled) == 0 {
		n = n.with("Handler", msus+"UpdateHandlers/"+u.Package.handler.name)
	}
	return n.with("MaxDownloadSize", fmt.Sprint(size), "MinDownloadSize", "0", "PublicationState", "Published", "CreationDate", stamp(u.Created),
		"PublisherID", u.Publisher.String()).maybe("MsrcSeverity", string(u.Severity))
}

func document(parts ...node) []byte {
	var b bytes.Buffer
	root := node{name: "upd:Update", attrs: namespaces}
	for _, p := range parts {
		if p.name != "upd:Relationships" || len(p.below) > 0 {
			root.below = append(root.below, p)
		}
	}
	root.write(&b)
	return b.Bytes()
}

func identity(id guid.GUID) node { return element("upd:UpdateIdentity").with("UpdateID", id.String()) }

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func (u *Update) behaviour() []node {
	all := []node{element("upd:InstallationBehavior").with("RebootBehavior", string(u.Reboot))}
	if u.Package.uninstall {
		all = append(all, element("upd:UninstallationBehavior").with("RebootBehavior", string(u.Reboot)))
	}
	if n := strings.TrimPrefix(string(u.KB), "KB"); n != "" {
		all = append(all, leaf("upd:KBArticleID", n))
	}
	return all
}

func texts(title, description, more string) node {
	t := element("upd:LocalizedProperties", leaf("upd:Language", "en"), leaf("upd:Title", title))
	if description != "" {
		t.below = append(t.below, leaf("upd:Description", description))
	}
	if more != "" {
		t.below = append(t.below, leaf("upd:MoreInfoUrl", more))
	}
	return element("upd:LocalizedPropertiesCollection", t)
}

// relations: that an update belongs to a category is a prerequisite, since a client asks for categories first.
func (u *Update) relations() node {
	r := element("upd:Relationships")
	if len(u.Categories) > 0 {
		p := element("upd:Prerequisites")
		for _, c := range u.Categories {
			p.below = append(p.below, belongsTo(c))
		}
		r.below = append(r.below, p)
	}
	if len(u.Supersedes) > 0 {
		s := element("upd:SupersededUpdates")
		for _, id := range u.Supersedes {
			s.below = append(s.below, identity(id))
		}
		r.below = append(r.below, s)
	}
	if len(u.Bundled) > 0 {
		b := element("upd:BundledUpdates")
		for _, id := range u.Bundled {
			b.below = append(b.below, element("upd:AtLeastOne", identity(id.GUID).with("RevisionNumber", fmt.Sprint(id.Revision))))
		}
		r.below = append(r.below, b)
	}
	return r
}

func belongsTo(category guid.GUID) node {
	return element("upd:AtLeastOne", identity(category)).with("IsCategory", "true")
}

func (u *Update) rules() node {
	r := element("upd:ApplicabilityRules", element("upd:IsInstalled", all(u.Package.installed)))
	if len(u.Package.fits) > 0 {
		r.below = append(r.below, element("upd:IsInstallable", all(u.Package.fits)))
	} else {
		r.below = append(r.below, element("upd:IsInstallable", element("lar:True")))
	}
	if len(u.Package.metadata) > 0 {
		r.below = append(r.below, element("upd:Metadata", u.Package.metadata...))
	}
	return r
}

// all wants several rules at once.
func all(rules []node) node {
	if len(rules) == 1 {
		return rules[0]
	}
	return element("lar:And", rules...)
}

// File is a file of the update, with what it is verified by.
type File struct {
	Name   string
	Size   int64
	SHA1   [20]byte
	SHA256 [32]byte
}

func (f File) node() node {
	return element("upd:File", leaf("upd:AdditionalDigest", base64.StdEncoding.EncodeToString(f.SHA256[:])).with("Algorithm", "SHA256")).
		with("Digest", base64.StdEncoding.EncodeToString(f.SHA1[:]), "DigestAlgorithm", "SHA1", "FileName", f.Name, "Size", fmt.Sprint(f.Size))
}
