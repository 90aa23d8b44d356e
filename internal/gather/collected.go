package gather

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/redx-update/redx/internal/image"
	"github.com/redx-update/redx/internal/winsys"
)

// Manifest is the file by which a bundle that redx has made says where its files come from.
const Manifest = "redx-collected.json"

// collectedVersion is the version of that form; fields are only added.
const collectedVersion = 1

// Collected is what a bundle loses of the installation it was made from and what its logs alone do not say.
type Collected struct {
	Version int `json:"redx_collected"`
	// Drive is the drive, such as "C:", whose files stand below the folder of its letter; "" when none do.
	Drive  string           `json:"drive,omitempty"`
	Root   string           `json:"root,omitempty"` // the Windows folder, on that drive
	Masked bool             `json:"masked"`         // names of people, computers and domains were replaced
	Zone   *winsys.TimeZone `json:"zone,omitempty"`
}

// NewCollected says it of an installation. What its registry does not tell is left out.
func NewCollected(img image.Image, masked bool) Collected {
	c := Collected{Version: collectedVersion, Masked: masked}
	c.Root = img.SystemRoot()
	c.Drive, _ = image.SplitDrive(c.Root)
	root, _, err := img.Hive(image.System)
	if err != nil {
		return c
	}
	sys, err := winsys.NewSystem(root)
	if err != nil {
		return c
	}
	var software *winsys.Software
	if root, _, err := img.Hive(image.Software); err == nil {
		software = winsys.NewSoftware(root)
	}
	if tz, err := sys.TimeZone(software); err == nil {
		c.Zone = &tz
	}
	return c
}

// Path is where a file of the installation stands in the bundle, "" for one on another drive.
func (c *Collected) Path(file string) string {
	drive, rest := image.SplitDrive(file)
	if drive == "" || drive != c.Drive {
		return ""
	}
	return drive[:1] + rest
}

// shown is the path that a file of the bundle had in the installation; of files beside those, their own.
func (c *Collected) shown(path string) string {
	if c.Drive == "" || len(path) < 2 || !strings.EqualFold(path[:2], c.Drive[:1]+`\`) {
		return path
	}
	return c.Drive + path[1:]
}

// manifest reads what a bundle says of itself. Bundles that redx has not made have none.
func (g *gatherer) manifest() {
	c, err := readManifest(g.img.FS())
	if err != nil {
		g.unread(Manifest, err)
		return
	}
	g.collected = c
	g.out.SetWhole(c.Masked)
	if g.zone.rules == nil && c.Zone != nil {
		g.zone.follow(c.Zone)
	}
}

// maxManifest is far more than a zone with rules for every year takes.
const maxManifest = 1 << 20

func readManifest(fsys image.FS) (Collected, error) {
	f, err := fsys.Open(Manifest)
	if err != nil {
		return Collected{}, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxManifest))
	if err != nil {
		return Collected{}, err
	}
	var c Collected
	if err := json.Unmarshal(b, &c); err != nil {
		return Collected{}, fmt.Errorf("%w: %w", errUnrecognised, err)
	}
	drive, rest := image.SplitDrive(c.Drive)
	if c.Version != collectedVersion || c.Drive != "" && (drive != c.Drive || rest != "") {
		return Collected{}, fmt.Errorf("%w: version %d, drive %.10q", errUnrecognised, c.Version, c.Drive)
	}
	if root, err := image.Normalize(c.Root, c.Root); err != nil || root != c.Root || !strings.HasPrefix(c.Root, c.Drive) {
		return Collected{}, fmt.Errorf("%w: the Windows folder %.100q", errUnrecognised, c.Root)
	}
	if c.Zone != nil && !c.Zone.Plausible() {
		return Collected{}, fmt.Errorf("%w: its time zone is none", errUnrecognised)
	}
	return c, nil
}
