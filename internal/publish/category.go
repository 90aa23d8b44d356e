package publish

import (
	"crypto/sha1"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redx-update/redx/internal/guid"
)

// Category is a category that an update belongs to.
type Category struct {
	ID    guid.GUID
	Title string
	Kind  string    // CategoryType: Company, Product or UpdateClassification
	Above guid.GUID // the category that it is in; zero for none
}

// Company is the category of a publisher. Its id comes from its name: a name is the same company on every server.
func Company(name string) Category {
	return Category{ID: named("company", name), Title: name, Kind: "Company"}
}

// Product is a category of a company.
func Product(company Category, name string) Category {
	return Category{ID: named("product", company.Title+"\x00"+name), Title: name, Kind: "Product", Above: company.ID}
}

// classifications are Microsoft's, by its ids, so that what is published stands where its own updates do.
var classifications = []Category{
	{guid.MustParse("5c9376ab-8ce6-464a-b136-22113dd69801"), "Applications", "UpdateClassification", guid.GUID{}},
	{guid.MustParse("e6cf1350-c01b-414d-a61f-263d14d133b4"), "Critical Updates", "UpdateClassification", guid.GUID{}},
	{guid.MustParse("e0789628-ce08-4437-be74-2495b842f43b"), "Definition Updates", "UpdateClassification", guid.GUID{}},
	{guid.MustParse("b54e7d24-7add-428f-8b75-90a396fa584f"), "Feature Packs", "UpdateClassification", guid.GUID{}},
	{guid.MustParse("0fa1201d-4330-4fa8-8ae9-b877473b6441"), "Security Updates", "UpdateClassification", guid.GUID{}},
	{guid.MustParse("68c5b0a3-d1a6-4553-ae49-01d3a7827828"), "Service Packs", "UpdateClassification", guid.GUID{}},
	{guid.MustParse("b4832bd8-e735-4761-8daf-37f882276dab"), "Tools", "UpdateClassification", guid.GUID{}},
	{guid.MustParse("28bc880e-0592-4cbf-8f95-c79b17911d5f"), "Update Rollups", "UpdateClassification", guid.GUID{}},
	{guid.MustParse("cd5ffd1e-e932-4e3a-bf74-18bf0b1bbd83"), "Updates", "UpdateClassification", guid.GUID{}},
}

// Classification finds one by its name, in any case and with or without the plural.
func Classification(name string) (Category, error) {
	var names []string
	for _, c := range classifications {
		if strings.EqualFold(strings.TrimSuffix(name, "s"), strings.TrimSuffix(c.Title, "s")) {
			return c, nil
		}
		names = append(names, c.Title)
	}
	return Category{}, fmt.Errorf("no classification %q; there are %s", name, strings.Join(names, ", "))
}

// named makes an id of a name, by RFC 9562 version 5 with a namespace of our own.
func named(kind, name string) guid.GUID {
	sum := sha1.Sum([]byte("redx publish " + kind + "\x00" + strings.ToLower(name)))
	var g guid.GUID
	copy(g[:], sum[:])
	g[6], g[8] = g[6]&0x0f|0x50, g[8]&0x3f|0x80
	return g
}

// Document writes the category's document, of revision 1: whatever else the server gets of it is newer.
func (c Category) Document(created time.Time) ([]byte, error) {
	if strings.TrimSpace(c.Title) == "" || len(c.Title) > maxTitle {
		return nil, errors.New("a category without a name, or with too long a one")
	}
	properties := element("upd:Properties").with("DefaultPropertiesLanguage", "en", "IsPublic", "true", "UpdateType", "Category",
		"Handler", msus+"UpdateHandlers/Category", "PublicationState", "Published", "CreationDate", stamp(created), "PublisherID", c.ID.String())
	relations := element("upd:Relationships")
	if c.Above != (guid.GUID{}) {
		relations.below = []node{element("upd:Prerequisites", belongsTo(c.Above))}
	}
	isCompany := fmt.Sprint(c.Kind == "Company")
	information := element("cat:CategoryInformation").with("CategoryType", c.Kind, "ProhibitsSubcategories", fmt.Sprint(c.Kind != "Company"),
		"ProhibitsUpdates", isCompany, "DisplayOrder", "1")
	return document(identity(c.ID).with("RevisionNumber", "1"), properties, texts(c.Title, c.Title, ""), relations,
		element("upd:ApplicabilityRules", element("upd:IsInstalled", element("lar:True"))),
		element("upd:HandlerSpecificData", information).with("xsi:type", "cat:Category")), nil
}
