package publish

import (
	"cmp"
	"crypto/rand"
	"crypto/x509"

	"github.com/redx-update/redx/internal/authenticode"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/update"
)

// Request is what is to be published. All but Path may be left empty; what the payload says of itself then counts.
type Request struct {
	Path string    // the payload
	ID   guid.GUID // of the update; zero: a new one. One that the server has gets a new revision

	Title          string
	Description    string
	KB             update.KB
	MoreInfo       string
	Severity       Severity
	Reboot         Reboot
	Classification string // one of Microsoft's, by name; "": what the payload says, or Updates
	Company        string // whose product it is; "": what the payload says, or who signed it
	Product        string // "": Published updates
	Supersedes     []guid.GUID

	Command Command // how a program is run, or the one in a cabinet without a package
	Rules   Rules   // added to those of the payload

	// Identity signs what has no signature; nil: such a payload is refused.
	Identity *authenticode.Identity
	// Roots are what signatures that are there already have to lead to; nil: what this system trusts.
	Roots *x509.CertPool
	// DryRun makes the documents, and gives them to nobody.
	DryRun bool

	part bool // of another update
}

// newID makes a random id (RFC 9562 version 4).
func newID() (guid.GUID, error) {
	var g guid.GUID
	if _, err := rand.Read(g[:]); err != nil {
		return g, err
	}
	g[6], g[8] = g[6]&0x0f|0x40, g[8]&0x3f|0x80
	return g, nil
}

// defaultProduct is the product of what names none.
const defaultProduct = "Published updates"

// of makes the update of what was asked for and what the payload says.
func (r *Request) of(f Facts, signer authenticode.Signer) (Update, []Category, error) {
	class, err := Classification(cmp.Or(r.Classification, classified(f.Classification), "Updates"))
	if err != nil {
		return Update{}, nil, err
	}
	company := Company(cmp.Or(r.Company, f.Company, nameOf(signer.Certificate())))
	product := Product(company, cmp.Or(r.Product, defaultProduct))
	u := Update{
		Title: cmp.Or(r.Title, f.Title), Description: cmp.Or(r.Description, f.Description), KB: cmp.Or(r.KB, f.KB),
		MoreInfo: cmp.Or(r.MoreInfo, f.MoreInfo), Severity: r.Severity, Reboot: cmp.Or(r.Reboot, f.Reboot, MayReboot),
		Publisher: company.ID, Categories: []guid.GUID{product.ID, class.ID}, Supersedes: r.Supersedes, Package: f.Package, Part: r.part,
	}
	return u, []Category{company, product, class}, nil
}

// classified gives a classification that a payload names, unless it is none of Microsoft's.
func classified(name string) string {
	if c, err := Classification(name); err == nil {
		return c.Title
	}
	return ""
}

// nameOf is the name that people know a publisher by.
func nameOf(c *x509.Certificate) string {
	if len(c.Subject.Organization) > 0 {
		return c.Subject.Organization[0]
	}
	return cmp.Or(c.Subject.CommonName, c.Subject.String())
}
