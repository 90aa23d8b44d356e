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
		Reads:         []evidence.Kind{evidence.Attempt, evidence.DatastoreFile, evidence.FileState, evidence.DownloadFailed, evidence.DownloadDone, evidence.Trouble},
		ConsequenceOf: []string{"server-content-missing"},
		Run:           payloadDamaged,
	}
}

func payloadDamaged(x *doctor.Exam) []doctor.Finding {
	var out []doctor.Finding
	damaged, transfers := byOwner(damagedFiles(x.Evidence)), byOwner(damagedTransfers(x))
	var told update.Index[bool]
	for _, group := range x.Attempts {
		last, failing := group.Standing()
		hash := slices.Contains(hashCodes, last.Code)
		if !failing || !hash && !slices.Contains(damageCodes, last.Code) {
			continue
		}
		own := damaged.of(group.Update)
		if len(own) == 0 && !hash {
			continue
		}
		told.Add(group.Update, true)
		out = append(out, damagedFinding(group.Update, &last, own, transfers.of(group.Update)))
	}
	faults := damagedWords(x, &told, len(out) > 0) // and of the transfers that belong to none
	for _, t := range transfers.faults {
		known := false
		for range told.Same(t.event.Update) {
			known = true
		}
		if !known {
			faults = append(faults, t)
		}
	}
	return append(out, gathered(faults, describeDamage)...)
}

// damagedWords gives the lines in which the agent says that what came is not what it must be, of updates that no attempt
// tells of. Where some does, lines that name no update are of it.
func damagedWords(x *doctor.Exam, told *update.Index[bool], some bool) []fault {
	words := unhealed(x.Evidence, troubled(x.Evidence, hashCodes))
	if !tell(x.Evidence, words) {
		return nil
	}
	var out []fault
	for _, e := range words {
		known := some && e.Update.IsZero()
		for range told.Same(e.Update) {
			known = true
		}
		if !known {
			out = append(out, fault{event: e, path: e.Field(evidence.Path)})
		}
	}
	return out
}

// owned are faults that are looked up by their update.
type owned struct {
	faults []fault
	index  update.Index[int]
}

func byOwner(faults []fault) *owned {
	o := owned{faults: faults}
	for i := range faults {
		o.index.Add(faults[i].event.Update, i)
	}
	return &o
}

// of gives those that are about an update, in their order.
func (o *owned) of(u update.Ref) []fault {
	var out []fault
	for _, i := range slices.Sorted(o.index.Same(u)) {
		out = append(out, o.faults[i])
	}
	return out
}

// damagedFiles gives the files that are there and other than the datastore knows them.
func damagedFiles(set *evidence.Set) []fault {
	var out []fault
	for e := range set.Of(evidence.DatastoreFile) {
		state, ok := set.FileState(e.Field(evidence.Path))
		if ok && state.Field(evidence.State) == evidence.Different {
			out = append(out, fault{event: e, more: []*evidence.Event{state}})
		}
	}
	return out
}

// damagedTransfers gives the transfers that ended with a wrong digest and that no later one made good.
func damagedTransfers(x *doctor.Exam) []fault {
	var out []fault
	came := downloadsDone(x)
	for e := range x.Evidence.Of(evidence.DownloadFailed) {
		if slices.Contains(hashCodes, e.Code) && !came.later(e, e.Update) {
			out = append(out, fault{event: e, path: e.Field(evidence.Path)})
		}
	}
	return out
}

func damagedFinding(u update.Ref, last *history.Entry, damaged, transfers []fault) doctor.Finding {
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
		f.Proof = append(f.Proof, t.event)
		if len(damaged) == 0 {
			f.Files = append(f.Files, fileOf(t.event))
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
	f.Detail = "What was downloaded is not what the update says: its digest or its size differs. It has to come again: redx repair puts the " +
		"update's download folder aside, and the next check for updates brings it anew. If it comes damaged again, look for what changes it on the way (a proxy, a scanner) and have the disk checked."
	if f.Confidence == doctor.Likely {
		f.Surer = "the file beside its entry in the datastore: redx diagnose --image DIR"
	}
	f.Next = []string{"redx repair", "chkdsk C: /scan", openWindowsUpdate}
	forOwnAgent(f)
}
