package check

import (
	"slices"
	"strings"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/hresult"
)

// queueCodes are the results of an attempt that could not get a transfer started.
var queueCodes = []hresult.Code{
	0x80246008, // WU_E_DM_FAILTOCONNECTTOBITS
}

// BitsQueueDamaged finds a queue of the transfer service (BITS) that cannot be read. A transfer that fails, however often,
// is no damage of the queue: that is the network's or the server's.
func BitsQueueDamaged() doctor.Check {
	return doctor.Check{
		ID:            "bits-queue-damaged",
		Title:         "The queue of the transfer service (BITS) is damaged",
		Reads:         []evidence.Kind{evidence.DatabaseDamaged, evidence.ServiceFailed, evidence.Trouble, evidence.Attempt, evidence.DownloadDone},
		ConsequenceOf: []string{"service-missing-or-disabled", "disk-full"},
		Run:           bitsQueueDamaged,
	}
}

func bitsQueueDamaged(x *doctor.Exam) []doctor.Finding {
	well := wentWell(x.Evidence, func(e *evidence.Event) bool { return e.Kind == evidence.DownloadDone || succeeded(e) },
		evidence.Attempt, evidence.DownloadDone)
	var damage []*evidence.Event
	for e := range x.Evidence.Of(evidence.DatabaseDamaged) {
		isQueue := within(e.Field(evidence.Path), `\Downloader\`) || strings.EqualFold(pathName(e.Field(evidence.Path)), "qmgr.db") ||
			strings.Contains(e.Field(evidence.Name), "QmgrDatabaseInstance") || cleared(e)
		if isQueue && !slices.Contains(noDamage, e.Code) && (seenNow(e) || !well.after(e)) {
			damage = append(damage, e)
		}
	}
	words := slices.DeleteFunc(troubled(x.Evidence, queueCodes), well.after)
	ended := slices.DeleteFunc(serviceFailures(x.Evidence, "BITS"), well.after)
	ended = slices.DeleteFunc(ended, func(e *evidence.Event) bool { return slices.Contains(serviceCodes, e.Code) })
	fails := standing(x, queueCodes...)
	alone := x.Evidence.Machine.Excerpt && len(words)+len(ended) > 0 // nothing else could say why
	if len(damage) == 0 && !alone && (len(ended) == 0 || len(words)+len(fails) == 0) {
		return nil
	}
	onlyCleared := !slices.ContainsFunc(damage, func(e *evidence.Event) bool { return !cleared(e) })
	if onlyCleared && !x.Evidence.Machine.Excerpt && len(ended)+len(words)+len(fails) == 0 {
		return nil // an upgrade of Windows does that too, and the empty queue serves
	}
	attempts, codes := attemptsOf(fails)
	f := doctor.Finding{
		Severity: doctor.Error, Confidence: doctor.Proven, Update: oneUpdate(fails),
		Title: "The queue of the transfer service (BITS) is damaged: nothing can be downloaded",
		Detail: "Windows Update has its files fetched by this service, which keeps its jobs in a queue. While that cannot be " +
			"read, no download begins. Cancelling Windows Update's own jobs empties it; other programs' jobs are left alone.",
		Files: []doctor.File{{Path: `%ProgramData%\Microsoft\Network\Downloader\qmgr.db`}},
		Codes: slices.Concat(codesOf(damage), codesOf(ended), codesOf(words), codes),
		Proof: slices.Concat(proofOf(damage, 3), proofOf(ended, 2), attempts, proofOf(words, 2)),
		Next:  []string{"bitsadmin /list /allusers", "redx repair --allow-irreversible", openWindowsUpdate},
	}
	if len(damage) > 0 {
		weigh(x, &f, damage)
	}
	if onlyCleared {
		f.Confidence = doctor.Likely
		f.Surer = "the queue itself, qmgr.db: redx diagnose --image DIR"
	}
	return []doctor.Finding{f}
}

// cleared reports a queue that the service itself has emptied since it could not read it.
func cleared(e *evidence.Event) bool { return e.Field(evidence.State) == evidence.Cleared }

// pathName is the last element of a path.
func pathName(path string) string { return path[strings.LastIndexByte(path, '\\')+1:] }
