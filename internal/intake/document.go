package intake

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redx-update/redx/internal/catalog"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/store"
	"github.com/redx-update/redx/internal/update"
)

// document is what is read of an update document, or of its fragments put together again. Names are matched without
// their namespaces, since fragments have none; where these have a prefix instead, both forms are there.
type document struct {
	Identity   identity   `xml:"UpdateIdentity"`
	Properties properties `xml:"Properties"`
	Extended   properties `xml:"ExtendedProperties"`
	Localized  []texts    `xml:"LocalizedPropertiesCollection>LocalizedProperties"`
	Loose      []texts    `xml:"LocalizedProperties"`
	EULAs      []fileXML  `xml:"LocalizedPropertiesCollection>EulaFile"`
	Relations  struct {
		Prerequisites struct {
			Items []clauseXML `xml:",any"`
		} `xml:"Prerequisites"`
		Bundled struct {
			Items []clauseXML `xml:",any"`
		} `xml:"BundledUpdates"`
		Superseded []identity `xml:"SupersededUpdates>UpdateIdentity"`
	} `xml:"Relationships"`
	Drivers []driverXML `xml:"ApplicabilityRules>Metadata>WindowsDriverMetaData"`
	Cut     []driverXML `xml:"ApplicabilityRules>Metadata>d.WindowsDriverMetaData"`
	Files   []fileXML   `xml:"Files>File"`
	Handler struct {
		Category struct {
			Type string `xml:"CategoryType,attr"`
		} `xml:"CategoryInformation"`
	} `xml:"HandlerSpecificData"`
}

type identity struct {
	ID       string `xml:"UpdateID,attr"`
	Revision uint32 `xml:"RevisionNumber,attr"`
}

type properties struct {
	Type       string   `xml:"UpdateType,attr"`
	Language   string   `xml:"DefaultPropertiesLanguage,attr"`
	Deployable string   `xml:"ExplicitlyDeployable,attr"`
	State      string   `xml:"PublicationState,attr"`
	Created    string   `xml:"CreationDate,attr"`
	Severity   string   `xml:"MsrcSeverity,attr"`
	KB         []string `xml:"KBArticleID"`
	Support    string   `xml:"SupportUrl"`
	Behaviour  struct {
		Reboot string `xml:"RebootBehavior,attr"`
	} `xml:"InstallationBehavior"`
	Uninstall *struct{} `xml:"UninstallationBehavior"`
}

type texts struct {
	Language    string   `xml:"Language"`
	Title       string   `xml:"Title"`
	Description string   `xml:"Description"`
	MoreInfo    []string `xml:"MoreInfoUrl"`
}

// clauseXML is an UpdateIdentity or an AtLeastOne with several.
type clauseXML struct {
	XMLName xml.Name
	identity
	IsCategory string     `xml:"IsCategory,attr"`
	Of         []identity `xml:"UpdateIdentity"`
}

type driverXML struct {
	HardwareID   string `xml:"HardwareID,attr"`
	Date         string `xml:"DriverVerDate,attr"`
	Version      string `xml:"DriverVerVersion,attr"`
	Class        string `xml:"Class,attr"`
	Manufacturer string `xml:"Manufacturer,attr"`
	Provider     string `xml:"Provider,attr"`
	Model        string `xml:"Model,attr"`
	Scores       []struct {
		System string `xml:"OperatingSystem,attr"`
		Score  uint8  `xml:"FeatureScore,attr"`
	} `xml:"FeatureScore"`
	Distribution []string `xml:"DistributionComputerHardwareId"`
	Target       []string `xml:"TargetComputerHardwareId"`
}

type fileXML struct {
	Name    string `xml:"FileName,attr"`
	Digest  string `xml:"Digest,attr"`
	Size    int64  `xml:"Size,attr"`
	Further []struct {
		Algorithm string `xml:"Algorithm,attr"`
		Value     string `xml:",chardata"`
	} `xml:"AdditionalDigest"`
}

// maxRelations bounds what one update can name; real ones have a few thousand at most.
const maxRelations = 100000

// read gives what a document says, as far as the server has to know it.
func read(whole []byte) (catalog.Revision, store.Info, error) {
	var d document
	if err := xml.NewDecoder(bytes.NewReader(whole)).Decode(&d); err != nil {
		return catalog.Revision{}, store.Info{}, err
	}
	r, err := d.revision()
	if err != nil {
		return r, store.Info{}, err
	}
	info, err := d.info()
	info.Categories = categories(r)
	return r, info, err
}

func (d *document) revision() (catalog.Revision, error) {
	id, err := d.Identity.parse()
	if err != nil {
		return catalog.Revision{}, err
	}
	r := catalog.Revision{
		ID: id, Type: catalog.Type(d.Properties.Type), CategoryType: d.Handler.Category.Type,
		Hidden: !isTrue(d.Properties.Deployable), Expired: strings.EqualFold(d.Properties.State, "Expired"),
	}
	switch r.Type {
	case catalog.Software, catalog.Driver, catalog.Category, catalog.Detectoid:
	default:
		return r, fmt.Errorf("update type %q", d.Properties.Type)
	}
	if len(d.Relations.Prerequisites.Items)+len(d.Relations.Bundled.Items)+len(d.Relations.Superseded) > maxRelations {
		return r, fmt.Errorf("more than %d relations", maxRelations)
	}
	if err := d.relate(&r); err != nil {
		return r, err
	}
	for _, x := range append(d.Drivers, d.Cut...) {
		if x.HardwareID != "" {
			r.Drivers = append(r.Drivers, x.entry())
		}
	}
	return r, nil
}

func (d *document) relate(r *catalog.Revision) error {
	for _, item := range d.Relations.Prerequisites.Items {
		ids, err := item.ids()
		if err != nil {
			return fmt.Errorf("prerequisite: %w", err)
		}
		clause := catalog.Clause{IsCategory: isTrue(item.IsCategory)}
		for _, id := range ids {
			clause.AnyOf = append(clause.AnyOf, id.GUID)
		}
		r.Prerequisites = append(r.Prerequisites, clause)
	}
	for _, item := range d.Relations.Bundled.Items {
		ids, err := item.ids()
		if err != nil {
			return fmt.Errorf("bundled update: %w", err)
		}
		r.Bundles = append(r.Bundles, ids)
	}
	for _, s := range d.Relations.Superseded {
		id, err := s.parse()
		if err != nil {
			return fmt.Errorf("superseded update: %w", err)
		}
		r.Supersedes = append(r.Supersedes, id.GUID)
	}
	return nil
}

func (i identity) parse() (update.ID, error) {
	g, err := guid.Parse(i.ID)
	return update.ID{GUID: g, Revision: i.Revision}, err
}

// ids gives the alternatives of a clause; one outside an AtLeastOne is a clause of its own.
func (c clauseXML) ids() ([]update.ID, error) {
	of := c.Of
	if c.XMLName.Local == "UpdateIdentity" {
		of = []identity{c.identity}
	}
	var ids []update.ID
	for _, i := range of {
		id, err := i.parse()
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

func isTrue(s string) bool { return s == "1" || strings.EqualFold(s, "true") }

func (x driverXML) entry() catalog.DriverEntry {
	e := catalog.DriverEntry{
		HardwareID: x.HardwareID, Class: x.Class, Manufacturer: x.Manufacturer, Provider: x.Provider, Model: x.Model,
		Date: date(x.Date), Version: version(x.Version), TargetComputers: guids(x.Target), DistributionComputers: guids(x.Distribution),
	}
	for _, s := range x.Scores {
		if e.FeatureScores == nil {
			e.FeatureScores = map[string]uint8{}
		}
		e.FeatureScores[s.System] = s.Score
	}
	return e
}

func guids(words []string) []guid.GUID {
	var all []guid.GUID
	for _, w := range words {
		if g, err := guid.Parse(w); err == nil {
			all = append(all, g)
		}
	}
	return all
}

// date reads a date or a time; what is neither counts as no date.
func date(s string) time.Time {
	for _, form := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02"} {
		if t, err := time.Parse(form, s); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

// version makes a number of four parts of 16 bits; it is what drivers are compared by.
func version(s string) uint64 {
	var v uint64
	parts := strings.SplitN(s, ".", 4)
	for i := range 4 {
		v <<= 16
		if i < len(parts) {
			n, err := strconv.ParseUint(parts[i], 10, 16)
			if err == nil {
				v |= n
			}
		}
	}
	return v
}

func categories(r catalog.Revision) []guid.GUID {
	var all []guid.GUID
	for _, c := range r.Prerequisites {
		if c.IsCategory {
			all = append(all, c.AnyOf...)
		}
	}
	return all
}

func (d *document) info() (store.Info, error) {
	p, x := d.Properties, d.Extended
	t := d.text(p.Language + x.Language)
	i := store.Info{
		Title: t.Title, Description: t.Description, Created: date(p.Created), Severity: p.Severity + x.Severity,
		RebootBehaviour: p.Behaviour.Reboot + x.Behaviour.Reboot, CanUninstall: p.Uninstall != nil || x.Uninstall != nil,
	}
	if len(t.MoreInfo) > 0 {
		i.MoreInfo = t.MoreInfo[0]
	}
	i.KB = update.FindKB(t.Title)
	for _, n := range append(p.KB, x.KB...) {
		if kb, ok := update.ParseKB(n); ok {
			i.KB = kb
		}
	}
	for _, f := range append(d.Files, d.EULAs...) {
		file, err := f.file()
		if err != nil {
			return i, fmt.Errorf("file %q: %w", f.Name, err)
		}
		i.Files = append(i.Files, file)
	}
	return i, nil
}

// text chooses the update's own language, or English, or whatever comes first.
func (d *document) text(language string) texts {
	all := slices.Concat(d.Localized, d.Loose)
	for _, want := range []string{language, "en"} {
		for _, t := range all {
			if strings.EqualFold(t.Language, want) {
				return t
			}
		}
	}
	if len(all) > 0 {
		return all[0]
	}
	return texts{}
}

func (f fileXML) file() (store.File, error) {
	out := store.File{Name: f.Name, Size: f.Size}
	if f.Size < 0 {
		return out, fmt.Errorf("size %d", f.Size)
	}
	if err := digest(out.SHA1[:], f.Digest); err != nil {
		return out, fmt.Errorf("SHA-1: %w", err)
	}
	for _, a := range f.Further {
		if strings.EqualFold(a.Algorithm, "SHA256") {
			if err := digest(out.SHA256[:], a.Value); err != nil {
				return out, fmt.Errorf("SHA-256: %w", err)
			}
		}
	}
	return out, nil
}

func digest(into []byte, text string) error {
	b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil {
		return err
	}
	if len(b) != len(into) {
		return fmt.Errorf("%d bytes instead of %d", len(b), len(into))
	}
	copy(into, b)
	return nil
}
