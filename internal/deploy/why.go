package deploy

import (
	"slices"

	"github.com/redx-update/redx/internal/catalog"
	"github.com/redx-update/redx/internal/guid"
)

// Reason names why an update is not offered to a computer, or why an offered one may not be installed.
type Reason string

// The reasons. MemberOnly, DriverNoMatch and IsSuperseded do not stop the offer.
const (
	UnknownUpdate     Reason = "unknown-update"      // not in the catalogue
	NotUpdate         Reason = "not-an-update"       // a category or a detectoid: there for others only
	MemberOnly        Reason = "member-only"         // meant to come with a bundle, not by itself
	NoApproval        Reason = "not-approved"        // for none of the computer's groups
	IsDeclined        Reason = "declined"            // for everybody
	IsExpired         Reason = "expired"             // its publisher took it back
	ContentMissing    Reason = "content-missing"     // files are missing or damaged on the server
	PrerequisiteUnmet Reason = "prerequisite-unmet"  // by what the computer last said it has installed
	NeverSynced       Reason = "never-synchronised"  // nothing is known of what the computer has
	DriverNoMatch     Reason = "driver-for-hardware" // offered only to devices it is the best match for
	IsSuperseded      Reason = "superseded"          // something newer replaces it; the client may prefer that
	ForDetection      Reason = "detect-only"         // the computer reports whether it needs it, no more
)

// Why explains what a computer is offered of one update.
type Why struct {
	Update     guid.GUID            `json:"update"`
	RevisionID catalog.RevisionID   `json:"revision_id,omitempty"`
	Offered    bool                 `json:"offered"`
	Action     Action               `json:"action,omitempty"`
	Approval   *Approval            `json:"approval,omitempty"`
	Because    []Because            `json:"because,omitempty"`
	Through    []catalog.RevisionID `json:"through,omitempty"` // bundles that bring it
}

// Because is one reason with what it rests on.
type Because struct {
	Reason Reason `json:"reason"`
	// Files that are missing or damaged.
	Files []string `json:"files,omitempty"`
	// Updates are the alternatives of an unmet prerequisite, or what supersedes.
	Updates []guid.GUID `json:"updates,omitempty"`
}

// Why explains an update. Installed is what the computer last said it has installed of the non-leaf revisions; synced
// is false when it never did.
func (v *View) Why(update guid.GUID, installed []catalog.RevisionID, synced bool) Why {
	w := Why{Update: update}
	r := v.plan.in.Catalog.Newest(update)
	if r == nil {
		w.because(Because{Reason: UnknownUpdate})
		return w
	}
	w.RevisionID = r.RevisionID
	if d, ok := v.deps[r.RevisionID]; ok {
		w.Action = d.Action
	}
	v.whyDecided(r, &w)
	stopped := len(w.Because) > 0
	v.whyBundled(r, &w)
	v.whyUnmet(r, installed, synced, &w)
	w.Offered = !stopped && (w.Action == ActionInstall || w.Action == ActionOptionalInstall || w.Action == ActionUninstall) &&
		!w.has(PrerequisiteUnmet) && !w.has(NeverSynced)
	v.whyNotChosen(r, &w)
	return w
}

func (w *Why) because(b Because) { w.Because = append(w.Because, b) }

func (w *Why) has(r Reason) bool {
	return slices.ContainsFunc(w.Because, func(b Because) bool { return b.Reason == r })
}

// whyDecided collects what keeps the update from being deployed at all.
func (v *View) whyDecided(r *catalog.Revision, w *Why) {
	if r.Type == catalog.Category || r.Type == catalog.Detectoid {
		w.because(Because{Reason: NotUpdate})
	}
	if _, ok := v.plan.in.Declined[r.ID.GUID]; ok {
		w.because(Because{Reason: IsDeclined})
	}
	if r.Expired {
		w.because(Because{Reason: IsExpired})
	}
	a, ok := v.plan.decide(r.ID.GUID, v.groups)
	if ok {
		w.Approval = &a
	}
	if !ok || a.Choice == NotApproved {
		w.because(Because{Reason: NoApproval})
	}
	if v.plan.withheld(r, a.Choice) {
		w.because(Because{Reason: ContentMissing, Files: v.plan.blocked[r.RevisionID]})
	}
}

func (v *View) whyBundled(r *catalog.Revision, w *Why) {
	for _, parent := range v.plan.in.Catalog.BundledBy(r.RevisionID) {
		if v.scope.Role(parent.RevisionID) != catalog.Outside {
			w.Through = append(w.Through, parent.RevisionID)
		}
	}
}

func (v *View) whyUnmet(r *catalog.Revision, installed []catalog.RevisionID, synced bool, w *Why) {
	if len(r.Prerequisites) > 0 && !synced {
		w.because(Because{Reason: NeverSynced})
		return
	}
	for _, clause := range v.plan.in.Catalog.Unmet(r, installed) {
		w.because(Because{Reason: PrerequisiteUnmet, Updates: clause.AnyOf})
	}
}

// whyNotChosen adds what makes a client pass over an update that it is offered.
func (v *View) whyNotChosen(r *catalog.Revision, w *Why) {
	if w.Action == ActionPreDeploymentCheck {
		w.because(Because{Reason: ForDetection})
	}
	if r.Hidden {
		w.because(Because{Reason: MemberOnly})
	}
	if r.Type == catalog.Driver {
		w.because(Because{Reason: DriverNoMatch})
	}
	var by []guid.GUID
	for _, s := range v.plan.in.Catalog.SupersededBy(r.ID.GUID) {
		if v.scope.Role(s.RevisionID) == catalog.Deployed {
			by = append(by, s.ID.GUID)
		}
	}
	if len(by) > 0 {
		w.because(Because{Reason: IsSuperseded, Updates: by})
	}
}
