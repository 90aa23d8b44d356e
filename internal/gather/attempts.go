package gather

import (
	"regexp"
	"strings"

	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/update"
)

// reported are the attempts that the update agent reports, by the numbers of the events that end them (MS-WUSP,
// table of event identifiers). A commit ends an installation whose restart is over.
var reported = map[int]attemptFields{
	161: {update.Install, evidence.PhaseDownload, update.Failed},
	162: {update.Install, evidence.PhaseDownload, update.Succeeded},
	163: {update.Install, evidence.PhaseDownload, update.Cancelled},
	164: {update.Install, evidence.PhaseDownload, update.Succeeded},

	182: {update.Install, evidence.PhaseInstall, update.Failed},
	183: {update.Install, evidence.PhaseInstall, update.Succeeded},
	184: {update.Install, evidence.PhaseInstall, update.Succeeded},
	186: {update.Install, evidence.PhaseInstall, update.Cancelled},
	187: {update.Install, evidence.PhaseInstall, update.Failed},
	190: {update.Install, evidence.PhaseInstall, update.Succeeded},
	191: {update.Install, evidence.PhaseInstall, update.Succeeded},
	192: {update.Install, evidence.PhaseInstall, update.Failed},
	195: {update.Install, evidence.PhaseInstall, update.Failed},
	197: {update.Install, evidence.PhaseInstall, update.Succeeded},
	198: {update.Install, evidence.PhaseInstall, update.Failed},
	199: {update.Install, evidence.PhaseInstall, update.Succeeded},
	200: {update.Install, evidence.PhaseInstall, update.Failed},
	203: {update.Install, evidence.PhaseInstall, update.Failed},
	204: {update.Install, evidence.PhaseInstall, update.Failed},
	522: {update.Install, evidence.PhaseInstall, update.Failed},
	523: {update.Install, evidence.PhaseInstall, update.Succeeded},
	524: {update.Install, evidence.PhaseInstall, update.Cancelled},
	525: {update.Install, evidence.PhaseInstall, update.Failed},

	221: {update.Uninstall, evidence.PhaseInstall, update.Failed},
	222: {update.Uninstall, evidence.PhaseInstall, update.Succeeded},
	223: {update.Uninstall, evidence.PhaseInstall, update.Cancelled},
	224: {update.Uninstall, evidence.PhaseInstall, update.Succeeded},
	225: {update.Uninstall, evidence.PhaseInstall, update.Failed},
}

// reportedAttempt gives the fields of an attempt for a reported event, false for one that tells of no end. The
// column Success/Failure has the last word: an event of success that says Failure is a failure. (The reverse is not
// so: real logs say Success beside a cancelled download.)
func reportedAttempt(id int, result string) (map[string]string, bool) {
	a, ok := reported[id]
	if !ok {
		return nil, false
	}
	if a.result == update.Succeeded && strings.EqualFold(result, "Failure") {
		a.result = update.Failed
	}
	return a.fields(), true
}

// reportedText takes the title out of the texts of reported events, which end in it: "... the following update with
// error 0x80070002: TITLE."
var reportedText = regexp.MustCompile(`(?i)following updates?(?: with error 0x[0-9a-f]{8})?: *(.+?)\.?\s*$`)

func reportedTitle(text string) string {
	if m := reportedText.FindStringSubmatch(text); m != nil {
		return strings.TrimSpace(m[1])
	}
	return ""
}
