package check

import (
	"slices"
	"strings"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/hresult"
)

// trustCodes are the results of an attempt whose signed files could not be matched with a catalog.
var trustCodes = []hresult.Code{
	0x80092003, // CRYPT_E_FILE_ERROR
	0x80092004, // CRYPT_E_NOT_FOUND
	0x800b0100, // TRUST_E_NOSIGNATURE
	0x80096010, // TRUST_E_BAD_DIGEST
	0x800b0109, // CERT_E_UNTRUSTEDROOT
	0x80070490, // ERROR_NOT_FOUND
}

// CatalogDatabaseDamaged finds a catalog database of the cryptographic services (catroot2) that cannot be opened, while
// updates fail or nothing was installed since. That a signature was not found alone is no finding.
func CatalogDatabaseDamaged() doctor.Check {
	return doctor.Check{
		ID:    "catalog-database-damaged",
		Title: "The catalog database of signatures is damaged",
		Reads: []evidence.Kind{evidence.CatalogFailed, evidence.DatabaseDamaged, evidence.Attempt, evidence.PutAside, evidence.Trouble, evidence.ScanDone},
		Run:   catalogDatabaseDamaged,
	}
}

// fileError is CRYPT_E_FILE_ERROR: the database of catalogs could not be read or written while a signature was looked up.
const fileError hresult.Code = 0x80092003

// fileErrors are the lines with that code in an excerpt, where nothing else could say why. In a log of a whole computer it is
// no finding by itself.
func fileErrors(x *doctor.Exam) []*evidence.Event {
	if !x.Evidence.Machine.Excerpt {
		return nil
	}
	attempts, _ := attemptsOf(standing(x, fileError))
	return append(attempts, unhealed(x.Evidence, troubled(x.Evidence, []hresult.Code{fileError}))...)
}

func catalogDatabaseDamaged(x *doctor.Exam) []doctor.Finding {
	damage := damagedDatabases(x.Evidence, func(e *evidence.Event) bool {
		return within(e.Field(evidence.Path), `\catroot2\`) || strings.Contains(e.Field(evidence.Name), "Catalog Database")
	})
	well := wentWell(x.Evidence, installed, evidence.Attempt)
	for e := range x.Evidence.Of(evidence.CatalogFailed) {
		if e.Code.Failed() && !slices.Contains(noDamage, e.Code) && !well.after(e) {
			damage = append(damage, e)
		}
	}
	words := fileErrors(x)
	if len(damage) == 0 && len(words) == 0 {
		return nil
	}
	fails := standing(x, trustCodes...)
	attempts, codes := attemptsOf(fails)
	f := doctor.Finding{
		Severity: doctor.Error, Confidence: doctor.Proven, Update: oneUpdate(fails),
		Title: "The catalog database (catroot2) is damaged: signatures of updates cannot be checked",
		Detail: "Windows looks up in this database which catalog vouches for a file. While it cannot be opened, the files of " +
			"an update look unsigned and are refused. Put catroot2 aside; Windows builds it anew. Never touch catroot beside it.",
		Files: []doctor.File{{Path: rootOf(x.Evidence) + `\System32\catroot2`}},
		Codes: slices.Concat(codesOf(damage), codes, codesOf(words)),
		Proof: slices.Concat(proofOf(damage, 3), attempts, proofOf(words, 3)),
		Next: []string{
			"net stop cryptsvc", `ren %windir%\System32\catroot2 ` + asideIn(x.Evidence, "catroot2"), "net start cryptsvc", openWindowsUpdate,
		},
	}
	weigh(x, &f, damage)
	if len(damage) == 0 || len(fails) == 0 && !slices.ContainsFunc(damage, seenNow) {
		f.Confidence = doctor.Likely
		f.Surer = "an update that fails for want of a signature, or the catalog database itself: redx diagnose --image DIR"
	}
	repairFirst(&f)
	settle(&f, x.Evidence)
	takenAway(&f, x.Evidence, f.Files[0].Path)
	return []doctor.Finding{f}
}
