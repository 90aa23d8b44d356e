package fragment

import (
	"encoding/xml"
	"slices"
)

// coreAttributes are those of the core's Properties, in the order in which Windows' own server writes them, whatever that
// of the document is. The specification has the first five; PerUser is seen in none of its fragments when it is "false", and
// an agent cannot judge a rule about a user's own installation without it.
var coreAttributes = []struct {
	name string
	flag bool // left out unless it is true: false is the schema's default (docs/wsus.md says of which this was seen)
}{
	{"UpdateType", false},
	{"ExplicitlyDeployable", true},
	{"AutoSelectOnWebSites", true},
	{"OSUpgrade", false},
	{"EulaID", false},
	{"PerUser", true},
}

// notExtended are the attributes that the extended part's properties do not have. The specification lacks the last one.
var notExtended = []string{
	"UpdateType", "ExplicitlyDeployable", "AutoSelectOnWebSites", "EulaID", "PublicationState", "PublisherID", "CreationDate",
	"IsPublic", "LegacyName", "DetectoidType", "OSUpgrade", "PerUser",
}

// properties divides the document's Properties: some attributes go to the core, the others and all children to the extended
// part, where the element is called ExtendedProperties (observed).
func (c *cutter) properties(s xml.StartElement) error {
	if c.core.Len() > 0 {
		return c.skip(s)
	}
	c.core.open("Properties", coreOf(s))
	c.core.close("Properties")

	c.extended.open("ExtendedProperties", slices.DeleteFunc(slices.Clone(s.Attr), func(a xml.Attr) bool {
		return slices.Contains(notExtended, a.Name.Local)
	}))
	if err := c.content(&c.extended); err != nil {
		return err
	}
	c.extended.close("ExtendedProperties")
	return nil
}

func coreOf(s xml.StartElement) []xml.Attr {
	var attrs []xml.Attr
	for _, a := range coreAttributes {
		v := attribute(s, a.name)
		if v == "" || a.flag && v != "true" && v != "1" {
			continue
		}
		attrs = append(attrs, xml.Attr{Name: xml.Name{Local: a.name}, Value: v})
	}
	return attrs
}
