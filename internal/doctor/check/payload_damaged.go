package check

import (
	"fmt"
	"slices"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/history"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/update"
)

var (
	// hashCodes say themselves that a downloaded file is not what it must be (wuerror.h).
	hashCodes = []hresult.Code{
		0x80246002, // WU_E_DM_INCORRECTFILEHASH
		0x8024601C, // WU_E_DM_SANDBOX_HASH_MISMATCH
	}
	// damageCodes are what installers say of a file that is damaged; they say it of other files too.
	damageCodes = []hresult.Code{
		0x80070570, // ERROR_FILE_CORRUPT
		0x8007000D, // ERROR_INVALID_DATA
		0x80070017, // ERROR_CRC
		0x800B0100, // TRUST_E_NOSIGNATURE
		0x80096010, // TRUST_E_BAD_DIGEST
	}
)

// PayloadDamaged finds a downloaded file of an update that is there and is not what the update says: its digest or its
// size is another.
func PayloadDamaged() doctor.Check {
	return doctor.Check{
		ID:            "payload-damaged",
		Title:         "A downloaded file of an update is damaged",
		Reads:         []evidence.Kind{evidence.Attempt, evidence.DatastoreFile, evidence.FileState, evidence.DownloadFailed, evidence.DownloadDone},
		ConsequenceOf: []string{"server-content-missing"},
		Run:           payloadDamaged,
	}
}

func payloadDamaged(x *doctor.Exam) []doctor.Finding {
	var out []doctor.Finding
	for _, group := range history.ByUpdate(x.History) {
		last, failing := group.Standing()
		hash := slices.Contains(hashCodes, last.Code)
		if !failing || !hash && !slices.Contains(damageCodes, last.Code) {
			continue
		}
		damaged := damagedFiles(x.Evidence, group.Update)
		transfers := damagedTransfers(x, group.Update)
		if len(damaged) == 0 && !hash {
			continue
		}
		out = append(out, damagedFinding(group.Update, &last, damaged, transfers))
	}
	return append(out, looseTransfers(x, out)...)
}

// damagedFiles gives the files of an update that are there and other than the datastore knows them.
func damagedFiles(set *evidence.Set, u update.Ref) []fault {
	var out []fault
	for e := range set.Of(evidence.DatastoreFile) {
		if !e.Update.Same(u) {
			continue
		}
		state, ok := set.FileState(e.Field(evidence.Path))
		if ok && state.Field(evidence.State) == evidence.Different {
			out = append(out, fault{event: e, more: []*evidence.Event{state}})
		}
	}
	return out
}

// damagedTransfers gives the transfers of an update that ended with a wrong digest and that no later one made good.
func damagedTransfers(x *doctor.Exam, u update.Ref) []*evidence.Event {
	var out []*evidence.Event
	for e := range x.Evidence.Of(evidence.DownloadFailed) {
		if slices.Contains(hashCodes, e.Code) && (u.IsZero() || e.Update.Same(u)) && !curedLater(x, e, e.Update) {
			out = append(out, e)
		}
	}
	return out
}

// looseTransfers makes a finding of the transfers with a wrong digest that belong to none yet.
func looseTransfers(x *doctor.Exam, have []doctor.Finding) []doctor.Finding {
	var faults []fault
	for _, e := range damagedTransfers(x, update.Ref{}) {
		if !slices.ContainsFunc(have, func(f doctor.Finding) bool { return f.Update.Same(e.Update) }) {
			faults = append(faults, fault{event: e, path: e.Field(evidence.Path)})
		}
	}
	return gathered(faults, func(f *doctor.Finding) { describeDamage(f) })
}

func damagedFinding(u update.Ref, last *history.Entry, damaged []fault, transfers []*evidence.Event) doctor.Finding {
	f := doctor.Finding{
		Severity: doctor.Error, Confidence: doctor.Likely, Update: u, Codes: []hresult.Code{last.Code},
		Proof: slices.Clone(last.Proof[:1]),
	}
	for _, d := range damaged {
		f.Confidence = doctor.Proven
		f.Files = append(f.Files, fileOf(d.event))
		f.Proof = append(f.Proof, d.event, d.more[0])
	}
	for _, t := range transfers {
		f.Proof = append(f.Proof, t)
		if len(damaged) == 0 {
			f.Files = append(f.Files, fileOf(t))
		}
	}
	f.Proof = append(f.Proof, last.Proof[1:]...)
	describeDamage(&f)
	return f
}

func describeDamage(f *doctor.Finding) {
	f.Title = "A downloaded file of " + nameOf(f.Update) + " is damaged"
	if n := len(f.Files); n > 1 {
		f.Title = fmt.Sprintf("%d downloaded files of %s are damaged", n, nameOf(f.Update))
	}
	f.Detail = "What was downloaded is not what the update says: a digest or a size is another. Put the update's download folder aside and let it come " +
		"again. If it comes damaged again, look for what changes it on the way (a proxy, a scanner) and have the disk checked."
	if f.Confidence == doctor.Likely {
		f.Surer = "the file beside its entry in the datastore: redx diagnose --image DIR"
	}
	f.Next = []string{"redx repair", "chkdsk C: /scan", openWindowsUpdate}
}
