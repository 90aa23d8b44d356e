// Package publish makes updates of one's own: from a payload and what one says of it, an update document as an update
// server keeps it, with the categories that it belongs to. It is not where updates are kept (package intake takes in what
// this makes, as it takes in what others made), and it does not decide who gets them.
//
// Its invariants: the same payload, words and ids give the same document byte for byte; and no document is made for a
// payload whose signature does not hold.
package publish

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/update"
)

// Update is an update of one's own.
type Update struct {
	ID          update.ID
	Title       string
	Description string
	KB          update.KB // "": none
	MoreInfo    string    // URL; "": none
	Severity    Severity
	Reboot      Reboot
	Created     time.Time // UTC; milliseconds are kept
	Publisher   guid.GUID // who publishes it: the company's category
	Categories  []guid.GUID
	Supersedes  []guid.GUID
	Files       []File
	Package     Package
	// Bundled are the updates that it consists of, in the order in which they are to be installed. Then it has neither files nor
	// a package of its own.
	Bundled []update.ID
	// Part: it comes with the one that bundles it, and not by itself.
	Part bool
}

// Package is what a kind of payload adds: how it is installed, and how one sees that it is.
type Package struct {
	handler   handler
	installed []node // all of them hold on a computer that has it
	fits      []node // all of them hold on a computer that can have it
	metadata  []node
	uninstall bool
}

// Severity is how urgent an update is, in Microsoft's words; "" says nothing.
type Severity string

// Reboot is what an installation does about a restart (InstallationBehavior).
type Reboot string

// The kinds of restarts.
const (
	Never     Reboot = "NeverReboots"
	Always    Reboot = "AlwaysRequiresReboot"
	MayReboot Reboot = "CanRequestReboot"
)

var severities = []Severity{"", "Critical", "Important", "Moderate", "Low"}

// ParseSeverity reads a severity in any case.
func ParseSeverity(s string) (Severity, error) {
	for _, v := range severities {
		if strings.EqualFold(s, string(v)) {
			return v, nil
		}
	}
	return "", fmt.Errorf("severity %q; there are Critical, Important, Moderate and Low", s)
}

// ParseReboot reads never, always or may.
func ParseReboot(s string) (Reboot, error) {
	if r, ok := map[string]Reboot{"never": Never, "always": Always, "may": MayReboot}[s]; ok {
		return r, nil
	}
	return "", fmt.Errorf("restart %q; there are never, always and may", s)
}

// Bounds of what one says of an update.
const (
	maxTitle       = 300
	maxDescription = 4000
	maxRelated     = 1000
)

// check refuses what would make a document that clients choke on.
func (u *Update) check() error {
	switch {
	case u.ID.GUID == guid.GUID{} || u.ID.Revision == 0:
		return errors.New("an update without id or revision")
	case strings.TrimSpace(u.Title) == "" || len(u.Title) > maxTitle:
		return fmt.Errorf("a title has 1 to %d bytes", maxTitle)
	case len(u.Description) > maxDescription:
		return fmt.Errorf("a description has at most %d bytes", maxDescription)
	case len(u.Supersedes)+len(u.Categories) > maxRelated:
		return fmt.Errorf("more than %d categories and superseded updates", maxRelated)
	case slices.Contains(u.Supersedes, u.ID.GUID):
		return errors.New("an update cannot supersede itself; a new revision of it does by itself")
	case len(u.Files) == 0 && len(u.Bundled) == 0:
		return errors.New("an update without a file")
	case len(u.Package.installed) == 0 && len(u.Bundled) == 0:
		return errors.New("nothing says how one sees that it is installed")
	}
	for _, s := range []string{u.Title, u.Description, u.MoreInfo} {
		if strings.ContainsFunc(s, func(r rune) bool {
			return r < ' ' && r != '\n' && r != '\t' || r == 0xfffd || r == 0xfffe || r == 0xffff
		}) {
			return fmt.Errorf("%.40q has a character that cannot stand in XML", s)
		}
	}
	return nil
}
