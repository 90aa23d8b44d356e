package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/hresult"
)

// rangeCodes say that the way to the server does not pass parts of files, which all transfers of updates ask for.
var rangeCodes = []hresult.Code{
	0x8020002b, // BG_E_INSUFFICIENT_RANGE_SUPPORT as observed beside its text
	0x80200013, // BG_E_INSUFFICIENT_RANGE_SUPPORT
	0x80200011, // BG_E_MISSING_FILE_SIZE
}

// DeliveryOptimizationFailed finds downloads that Delivery Optimization does not get through, of an update that was not
// downloaded since. The agent falls back to other ways by itself, so a failed job alone is nothing.
func DeliveryOptimizationFailed() doctor.Check {
	return doctor.Check{
		ID:    "delivery-optimization-failed",
		Title: "Delivery Optimization does not get an update's files",
		Reads: []evidence.Kind{evidence.DownloadFailed, evidence.DownloadDone, evidence.Trouble, evidence.Attempt},
		ConsequenceOf: []string{
			"network-or-proxy", "clock-or-tls-wrong", "server-content-missing", "disk-full", "service-missing-or-disabled",
		},
		Run: deliveryOptimizationFailed,
	}
}

// forbidden is HTTP status 403, with which Microsoft's delivery refuses an address that has grown too old.
const forbidden hresult.Code = 0x80190193

func isDelivery(c hresult.Code) bool { return c>>16 == 0x80d0 }

func deliveryOptimizationFailed(x *doctor.Exam) []doctor.Finding {
	well := wentWell(x.Evidence, func(e *evidence.Event) bool {
		return e.Kind == evidence.DownloadDone && ofUpdates(x.Evidence, e) || succeeded(e)
	},
		evidence.Attempt, evidence.DownloadDone)
	var jobs, lines []*evidence.Event
	for e := range x.Evidence.Of(evidence.DownloadFailed, evidence.Trouble) {
		wanted := isDelivery(e.Code) || slices.Contains(rangeCodes, e.Code) || e.Code == forbidden && strings.Contains(e.Text, "DO job")
		switch {
		case !wanted || well.after(e):
		case e.Kind == evidence.Trouble:
			lines = append(lines, e)
		case ofUpdates(x.Evidence, e):
			jobs = append(jobs, e)
		}
	}
	fails := slices.DeleteFunc(standing(x), func(s stuck) bool {
		return !isDelivery(s.last.Code) && !slices.Contains(rangeCodes, s.last.Code) || well.after(s.last.Proof[0])
	})
	if len(fails) == 0 && !tell(x.Evidence, jobs) && !tell(x.Evidence, lines) {
		return nil
	}
	attempts, codes := attemptsOf(fails)
	f := doctor.Finding{
		Severity: doctor.Error, Confidence: doctor.Proven, Update: oneUpdate(fails),
		Detail: "Delivery Optimization fetches the files of updates from Microsoft and from neighbouring computers. Empty its cache, then try " +
			"again; if that does not help, let Windows Update fetch without it for a while (policy Download Mode: 99 or 100).",
		Codes: slices.Concat(codes, codesOf(jobs), codesOf(lines)),
		Proof: slices.Concat(attempts, proofOf(jobs, 3), proofOf(lines, 3)),
		Next:  []string{`powershell -Command "Delete-DeliveryOptimizationCache -Force"`, "netsh winhttp show proxy", openWindowsUpdate},
	}
	if f.Update.IsZero() && len(jobs) > 0 {
		f.Update = jobs[len(jobs)-1].Update
	}
	for _, j := range jobs {
		if file := fileOf(j); !slices.ContainsFunc(f.Files, func(o doctor.File) bool { return strings.EqualFold(o.URL, file.URL) }) {
			f.Files = append(f.Files, file)
		}
	}
	f.Title = fmt.Sprintf("Delivery Optimization does not get the files of %s", nameOf(f.Update))
	if slices.ContainsFunc(f.Codes, func(c hresult.Code) bool { return slices.Contains(rangeCodes, c) }) {
		f.Turn = doctor.NetworksTurn
		f.Detail = "Updates are fetched in parts, and something on the way (a proxy, a filter) does not pass requests for parts of files. " +
			"This computer is not at fault: do not reset it. Let the proxy pass HTTP range requests to Microsoft's hosts."
		f.Next = []string{"netsh winhttp show proxy", "redx explain " + f.Codes[0].Hex()}
	}
	if len(fails) == 0 || len(jobs)+len(lines) == 0 {
		f.Confidence = doctor.Likely
		f.Surer = "both the failed update (event log) and the failed job (WindowsUpdate.log or its traces)"
	}
	return []doctor.Finding{f}
}
