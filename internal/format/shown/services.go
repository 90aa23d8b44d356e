package shown

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/redx-update/redx/internal/hresult"
)

var (
	// prompt is a command line behind the prompt of cmd or PowerShell.
	prompt = regexp.MustCompile(`^(?:PS )?[A-Za-z]:\\[^<>|"*?]*>\s*(\S.*)$`)
	// serviceCommand is a command that starts or shows a service.
	serviceCommand = regexp.MustCompile(`(?i)^(?:net1?(?:\.exe)?\s+start|sc(?:\.exe)?\s+(?:start|query|queryex|qc)|(?:start|restart|get)-service(?:\s+-name)?)\s+` +
		`(?:"([^"]+)"|'([^']+)'|([\w.-]+))`)
	// serviceName is how sc names the service that it shows, and disabled its start type, in every language.
	serviceName = regexp.MustCompile(`^SERVICE_NAME: (\S+)$`)
	disabled    = regexp.MustCompile(`^START_TYPE\s+: 4\b`)
	// serviceDialog is what the list of services shows when one does not start (English, German, French, Spanish); the error follows.
	serviceDialog = regexp.MustCompile(`^Windows could not start the (.+?) service on |^Der Dienst ["„](.+?)["“] auf .* konnte nicht gestartet werden|` +
		`démarrer le service (.+?) sur |iniciar el servicio (.+?) en `)
	// noService is how PowerShell says in every language that a service is not there.
	noService = regexp.MustCompile(`^\+ CategoryInfo\s+: ObjectNotFound: \(([\w.-]+):String\) \[(?:Start|Get|Restart)-Service\]`)
	// serviceField is a line of sc about a service: its process may have any number, and its last end is none of this start.
	serviceField = regexp.MustCompile(`^[A-Z][A-Z0-9_]*\s+: `)
	// startNumber is an error of starting a service in an answer whose words are of any language.
	startNumber = regexp.MustCompile(`(?:^|[^\d.:,])(10[5-7]\d)(?:[^\d.:,]|[.:,]?$|[.:,] )`)
	// systemNumber are the answers that say by themselves that a number is a system error: those of sc, and of net in the
	// languages whose words are known.
	systemNumber = regexp.MustCompile(`^\[SC\] \S.*\D(\d{1,5}):?$|(?i)^(?:system error|systemfehler|l['’]erreur système|` +
		`error de sistema|errore di sistema|erro de sistema|systeemfout|системная ошибка) (\d{1,5})\b`)
)

// The errors of services, by their names in winerror.h.
const (
	serviceDisabled hresult.Code = 0x80070422 // ERROR_SERVICE_DISABLED
	serviceUnknown  hresult.Code = 0x80070424 // ERROR_SERVICE_DOES_NOT_EXIST
)

// ofService reads what net, sc and PowerShell say of a service that they were to start or to show. Which it is stands in the
// command; the error of one that was to be stopped tells nothing of updates.
func (s *state) ofService(r *Record) bool {
	if m := prompt.FindStringSubmatch(r.Text); m != nil {
		s.service = ""
		if c := serviceCommand.FindStringSubmatch(m[1]); c != nil {
			s.service = c[1] + c[2] + c[3]
		}
		return false
	}
	if m := serviceName.FindStringSubmatch(r.Text); m != nil {
		s.service = m[1]
	}
	if m := serviceDialog.FindStringSubmatch(r.Text); m != nil {
		s.service = m[1] + m[2] + m[3] + m[4]
	}
	r.Kind, r.Name = ServiceFailed, s.service
	switch m := noService.FindStringSubmatch(r.Text); {
	case m != nil:
		r.Name, r.Code = m[1], serviceUnknown
	case disabled.MatchString(r.Text):
		r.Code = serviceDisabled
	case serviceField.MatchString(r.Text):
	default:
		r.Code = systemError(r.Text, s.service != "")
	}
	return r.Code != 0 && (r.Name != "" || r.Code == serviceDisabled || r.Code == serviceUnknown)
}

// systemError gives the system error that an answer has, 0 when none.
func systemError(text string, toStart bool) hresult.Code {
	digits := ""
	if m := systemNumber.FindStringSubmatch(text); m != nil {
		digits = m[1] + m[2]
	} else if m := startNumber.FindStringSubmatch(text); m != nil && toStart {
		digits = m[1]
	}
	n, err := strconv.ParseUint(strings.TrimSpace(digits), 10, 16)
	if err != nil || n == 0 {
		return 0
	}
	return 0x80070000 | hresult.Code(n)
}
