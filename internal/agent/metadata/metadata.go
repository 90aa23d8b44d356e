// Package metadata reads what an update location says of an update: the fragments that SyncUpdates and
// GetExtendedUpdateInfo give (MS-WUSP 3.1.1.1), and how the update is deployed to this computer.
//
// It evaluates no rule and decides nothing: rules are internal/applicability's, what is offered internal/agent/scan's. Its
// invariant: all of it is the server's word, so every number is bounded, and a name that is no plain file name is refused.
package metadata

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/redx-update/redx/internal/catalog"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/update"
)

// Bounds of one fragment. Microsoft's largest, of bundles with hundreds of members, stay far below.
const (
	MaxFragment  = 4 << 20 // bytes
	maxRelations = 20_000
)

// Core is what the core fragment says beside the rules.
type Core struct {
	ID            update.ID
	Type          catalog.Type
	Prerequisites []catalog.Clause
	Bundles       [][]update.ID // in conjunctive form; a member is one exact revision
	Supersedes    []guid.GUID
}

type coreXML struct {
	Identity   identityXML `xml:"UpdateIdentity"`
	Properties struct {
		Type string `xml:"UpdateType,attr"`
	} `xml:"Properties"`
	Relations struct {
		Prerequisites struct {
			Items []clauseXML `xml:",any"`
		} `xml:"Prerequisites"`
		Bundled struct {
			Items []clauseXML `xml:",any"`
		} `xml:"BundledUpdates"`
		Superseded []identityXML `xml:"SupersededUpdates>UpdateIdentity"`
	} `xml:"Relationships"`
}

type identityXML struct {
	ID       string `xml:"UpdateID,attr"`
	Revision uint32 `xml:"RevisionNumber,attr"`
}

func (i identityXML) parse() (update.ID, error) {
	g, err := guid.Parse(i.ID)
	return update.ID{GUID: g, Revision: i.Revision}, err
}

// clauseXML is an UpdateIdentity by itself, or an AtLeastOne with some in it.
type clauseXML struct {
	XMLName xml.Name
	identityXML
	IsCategory string        `xml:"IsCategory,attr"`
	Of         []identityXML `xml:"UpdateIdentity"`
}

func (c clauseXML) ids() ([]update.ID, error) {
	of := c.Of
	if c.XMLName.Local == "UpdateIdentity" {
		of = []identityXML{c.identityXML}
	}
	ids := make([]update.ID, 0, len(of))
	for _, i := range of {
		id, err := i.parse()
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// decode reads a fragment, which may have several roots.
func decode(fragment string, to any) error {
	if len(fragment) > MaxFragment {
		return fmt.Errorf("a fragment of %d bytes, more than %d", len(fragment), MaxFragment)
	}
	whole := io.MultiReader(strings.NewReader("<Fragment>"), strings.NewReader(fragment), strings.NewReader("</Fragment>"))
	return xml.NewDecoder(whole).Decode(to)
}

// ParseCore reads a core fragment.
func ParseCore(fragment string) (Core, error) {
	var x coreXML
	if err := decode(fragment, &x); err != nil {
		return Core{}, fmt.Errorf("core fragment: %w", err)
	}
	id, err := x.Identity.parse()
	if err != nil {
		return Core{}, fmt.Errorf("core fragment: identity: %w", err)
	}
	c := Core{ID: id, Type: catalog.Type(x.Properties.Type)}
	switch c.Type {
	case catalog.Software, catalog.Driver, catalog.Category, catalog.Detectoid:
	default:
		return c, fmt.Errorf("core fragment of %s: update type %q", id.GUID, x.Properties.Type)
	}
	if err := c.relate(&x); err != nil {
		return c, fmt.Errorf("core fragment of %s: %w", id.GUID, err)
	}
	return c, nil
}

func (c *Core) relate(x *coreXML) error {
	r := &x.Relations
	if n := len(r.Prerequisites.Items) + len(r.Bundled.Items) + len(r.Superseded); n > maxRelations {
		return fmt.Errorf("%d relations, more than %d", n, maxRelations)
	}
	for _, item := range r.Prerequisites.Items {
		ids, err := item.ids()
		if err != nil {
			return fmt.Errorf("prerequisite: %w", err)
		}
		clause := catalog.Clause{IsCategory: item.IsCategory == "true" || item.IsCategory == "1"}
		for _, id := range ids {
			clause.AnyOf = append(clause.AnyOf, id.GUID)
		}
		c.Prerequisites = append(c.Prerequisites, clause)
	}
	for _, item := range r.Bundled.Items {
		ids, err := item.ids()
		if err != nil {
			return fmt.Errorf("bundled update: %w", err)
		}
		c.Bundles = append(c.Bundles, ids)
	}
	for _, s := range r.Superseded {
		id, err := s.parse()
		if err != nil {
			return fmt.Errorf("superseded update: %w", err)
		}
		c.Supersedes = append(c.Supersedes, id.GUID)
	}
	return nil
}

// Deployment is how a revision is deployed to this computer.
type Deployment struct {
	Action   Action
	Deadline time.Time `json:",omitzero"` // UTC; zero: none
	// Window is when it may be installed, as a redx server says it (package maintenance); no other server says anything.
	Window string `json:",omitempty"`
}

// Action is what a client does with a revision (MS-WUSP 2.2.2.2.4).
type Action string

// The actions that a client tells apart. All others are as if nothing was to be done.
const (
	Install            Action = "Install"
	OptionalInstall    Action = "OptionalInstall"
	Uninstall          Action = "Uninstall"
	PreDeploymentCheck Action = "PreDeploymentCheck"
	Evaluate           Action = "Evaluate"
	Bundle             Action = "Bundle"
)

// Revision is one revision as this computer has it cached.
type Revision struct {
	ID         int32 // the server's number for it
	Leaf       bool  // nothing has it for a prerequisite
	Deployment Deployment
	// Hardware are the ids of devices for which the server has found this driver to be the best, and better than theirs.
	Hardware []string `json:",omitempty"`
	Fragment string   // the core fragment as it came
	Core     Core     `json:"-"`
	// Problem says why the revision cannot be judged; empty when it can.
	Problem string `json:",omitempty"`
}

// Read fills Core from Fragment. A fragment that cannot be read is the revision's Problem: it stays cached, or the server
// would send it for ever.
func (r *Revision) Read() {
	core, err := ParseCore(r.Fragment)
	r.Core = core
	if err != nil {
		r.Problem = err.Error()
	}
}
