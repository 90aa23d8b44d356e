package shown

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/redx-update/redx/internal/hresult"
)

var (
	// toolError is the last word of DISM: "Error: 0x800f081f", "Fehler: 3017".
	toolError = regexp.MustCompile(`^(\pL+) ?[:：] ?(?:0x([0-9a-fA-F]{8})|([1-9][0-9]{0,4}))$`)
	// version is one of the two versions that DISM tells first.
	version = regexp.MustCompile(`^\pL[\pL ’'-]* ?[:：] ?\d{1,2}\.\d\.\d{4,5}\.\d+$`)
	// wizard is the end of the role wizard's message: a sentence, then the code of servicing.
	wizard = regexp.MustCompile(`[.。] ?(\pL+) ?[:：] ?0x(800[fF][0-9a-fA-F]{4}|800737[0-9a-fA-F]{2})\.?$`)
	// cmdlet is the head of an error of a cmdlet for updates, features and images.
	cmdlet = regexp.MustCompile(`^([A-Z][a-z]+-(?:Windows[A-Z]\w*|WU\w*)) ?:(?: |$)`)
	// script is an error of Windows Script Host in a script that calls the update agent: "x.vbs(11, 1) (null): 0x8024500C".
	script = regexp.MustCompile(`^\S.*\.(?i:vbs|wsf|js)\(\d+, \d+\) .*: ?(?:0x)?8024[0-9a-fA-F]{4}$`)
	// standalone is what the standalone installer (wusa) shows, in English, German, French and Spanish.
	standalone = regexp.MustCompile(`(?i)(?:Installer encountered an error|Installationsprogramm hat einen Fehler|programme d['’]installation a rencontré une erreur|` +
		`instalador (?:ha )?encontr\pL+ un error)[^:：]{0,20}[:：] ?0x([89c][0-9a-f]{7})\b`)
	// features is what the dialog of Windows features begins with (English, German, French, Spanish, Italian); its code comes last.
	features = regexp.MustCompile(`(?i)complete the requested changes|angeforderten Änderungen|modifications demandées|los cambios solicitados|modifiche richieste`)
	// method is a method of the update agent that a script has called.
	method = regexp.MustCompile(`^Exception calling "(?:Search|Download|Install)" with `)
	// thrown is how .NET tells in every language of a call that the update agent failed: "Exception from HRESULT: 0x8024500C".
	thrown  = regexp.MustCompile(`\bHRESULT ?: ?0x8024[0-9a-fA-F]{4}\b`)
	hexCode = regexp.MustCompile(`\b0x([89c][0-9a-fA-F]{7})\b`)

	// stuckStart are the screens of a start that cannot get past an operation of servicing.
	stuckStart = regexp.MustCompile(`(?i)!! ?(?:0x)?(c0[0-9a-f]{6}) ?!! ?\d+/\d+|\bfatal error (?:0x)?(c0[0-9a-f]{6}) applying update operation \d+ of \d+`)
	inBrackets = regexp.MustCompile(`\(([^()]+)\)$`)
)

// errorWords are what stands before the code in DISM's languages.
var errorWords = map[string]bool{
	"error": true, "fehler": true, "erreur": true, "errore": true, "erro": true, "fout": true, "fel": true, "fejl": true, "feil": true,
	"virhe": true, "błąd": true, "chyba": true, "hiba": true, "hata": true, "ошибка": true, "помилка": true, "エラー": true,
	"错误": true, "錯誤": true, "오류": true,
}

// repairPending are the words of sfc, English and German.
var repairPending = [...]string{"system repair pending which requires", "Systemreparatur aus, die einen Neustart erfordert"}

// tool reads what a tool for the component store or a cmdlet says at its end.
func (s *state) tool(r *Record) bool {
	for _, words := range repairPending {
		if strings.Contains(r.Text, words) {
			r.Kind = RepairPending
			return true
		}
	}
	r.Kind = ToolFailed
	if m := toolError.FindStringSubmatch(r.Text); m != nil && errorWords[strings.ToLower(m[1])] {
		s.ofDISM(r, m[2], m[3])
		return false // whether DISM has said it, the rest of the text tells
	}
	var ok bool
	if m := standalone.FindStringSubmatch(r.Text); m != nil {
		r.Code, ok = number(m[1])
		return ok
	}
	if m := wizard.FindStringSubmatch(r.Text); m != nil && errorWords[strings.ToLower(m[1])] {
		s.cmdlet = block{}
		r.Code, ok = number(m[2])
		return ok
	}
	return s.ofCmdlet(r)
}

// ofDISM keeps a line that is DISM's if DISM is named anywhere.
func (s *state) ofDISM(r *Record, hex, decimal string) {
	if c, ok := number(hex); ok {
		r.Code = c
	} else if n, err := strconv.ParseUint(decimal, 10, 16); err == nil {
		r.Code = 0x80070000 | hresult.Code(n)
	}
	if r.Code != 0 && len(s.errors) < maxRecords {
		s.errors = append(s.errors, *r)
	}
}

// ofCmdlet finds the code in the lines of an error of a cmdlet.
func (s *state) ofCmdlet(r *Record) bool {
	const most = 12 // lines of an error
	if m := cmdlet.FindStringSubmatch(r.Text); m != nil {
		s.cmdlet = block{m[1], most}
	} else if m := method.FindString(r.Text); m != "" {
		s.cmdlet = block{"the update agent", most}
	}
	switch {
	case features.MatchString(r.Text):
		s.cmdlet = block{"Windows features", most}
	case s.cmdlet.left == 0 && (thrown.MatchString(r.Text) || script.MatchString(r.Text)):
		s.cmdlet = block{"the update agent", 1}
	}
	if s.cmdlet.left == 0 {
		return false
	}
	s.cmdlet.left--
	m := hexCode.FindStringSubmatch(r.Text)
	if m == nil {
		return false
	}
	r.Name = s.cmdlet.name
	s.cmdlet = block{}
	var ok bool
	r.Code, ok = number(m[1])
	return ok
}

// start reads the screen of a start of Windows that is stuck.
func (s *state) start(r *Record) bool {
	m := stuckStart.FindStringSubmatch(r.Text)
	if m == nil {
		return false
	}
	r.Kind = StartFailed
	r.Code, _ = number(m[1] + m[2])
	if in := inBrackets.FindStringSubmatch(r.Text); in != nil {
		r.Path = in[1]
	}
	return true
}
