package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/hresult"
)

// serviceCodes are what a caller gets from a service that is not to be started.
var serviceCodes = []hresult.Code{
	0x80070422, // ERROR_SERVICE_DISABLED
	0x80070424, // ERROR_SERVICE_DOES_NOT_EXIST
}

// serviceNames are the names of the services that updates need, as logs show them; a Windows in another language shows
// others, but gives the key in events that name it.
var serviceNames = map[string][]string{
	"wuauserv": {"wuauserv", "Windows Update", "Automatic Updates", "Центр обновления Windows"},
	"BITS": {
		"BITS", "Background Intelligent Transfer Service", "Intelligenter Hintergrundübertragungsdienst",
		"Service de transfert intelligent en arrière-plan", "Servicio de transferencia inteligente en segundo plano",
		"Serviço de Transferência Inteligente em Segundo Plano",
	},
	"CryptSvc": {
		"CryptSvc", "Cryptographic Services", "Kryptografiedienste", "Services de chiffrement", "Services cryptographiques",
		"Servicios de cifrado", "Servizi di crittografia", "Serviços de Criptografia", "Службы криптографии",
	},
	"TrustedInstaller": {
		"TrustedInstaller", "Windows Modules Installer", "Programme d’installation pour les modules Windows",
		"Programme d'installation pour les modules Windows", "Instalador de módulos de Windows",
		"Programma di installazione dei moduli di Windows", "Instalador de Módulos do Windows", "Установщик модулей Windows",
	},
}

// defaultStart is how Windows sets these services up (as sc config wants it).
var defaultStart = map[string]string{"wuauserv": "demand", "BITS": "demand", "CryptSvc": "auto", "TrustedInstaller": "demand"}

// ServiceMissingOrDisabled finds a service that updates need and that cannot be started: its key or program is missing, or
// it is disabled. Where updates succeed all the same, that is no finding.
func ServiceMissingOrDisabled() doctor.Check {
	return doctor.Check{
		ID:    "service-missing-or-disabled",
		Title: "A service that updates need is missing or disabled",
		Reads: []evidence.Kind{
			evidence.ServiceConfig, evidence.ServiceFailed, evidence.FileState, evidence.Trouble, evidence.Attempt, evidence.ScanFailed,
			evidence.ScanDone,
		},
		Run: serviceMissingOrDisabled,
	}
}

func serviceMissingOrDisabled(x *doctor.Exam) []doctor.Finding {
	words := serviceWords(x)
	fails := standing(x, serviceCodes...)
	well, works, whole := agentWentWell(x.Evidence), worksAnyway(x), programsThere(x.Evidence)
	var out []doctor.Finding
	for e := range x.Evidence.Of(evidence.ServiceConfig) {
		f, bad := brokenService(x.Evidence, e, whole)
		if !bad {
			continue
		}
		own := slices.DeleteFunc(serviceFailures(x.Evidence, e.Field(evidence.Name)), well.after)
		if len(words)+len(fails)+len(own) == 0 {
			if works {
				continue
			}
			f.Severity = doctor.Warning
		}
		attempts, codes := attemptsOf(fails)
		f.Update = oneUpdate(fails)
		f.Proof = slices.Concat(f.Proof, proofOf(own, 2), attempts, proofOf(words, 2))
		f.Codes = slices.Concat(f.Codes, codesOf(own), codes, codesOf(words))
		out = append(out, f)
	}
	if len(out) == 0 {
		return untoldService(x)
	}
	return out
}

// serviceWords are the unhealed lines and searches that say that a service does not start.
func serviceWords(x *doctor.Exam) []*evidence.Event {
	words := slices.DeleteFunc(troubled(x.Evidence, serviceCodes), ofAnotherService)
	for e := range x.Evidence.Of(evidence.ScanFailed) {
		if slices.Contains(serviceCodes, e.Code) {
			words = append(words, e)
		}
	}
	return unhealed(x.Evidence, words)
}

// ofAnotherService tells the lines of servicing, whose installers start services of all kinds, from those about a service that
// updates need.
func ofAnotherService(e *evidence.Event) bool {
	if component := e.Field(evidence.Component); component != "CBS" && component != "CSI" {
		return false
	}
	for _, names := range serviceNames {
		if slices.ContainsFunc(names, func(n string) bool { return strings.Contains(e.Text, n) }) {
			return false
		}
	}
	return true
}

// worksAnyway reports that updates were installed or searched for and that none fails now.
func worksAnyway(x *doctor.Exam) bool {
	well := agentWentWell(x.Evidence)
	return (!well.latest.IsZero() || len(well.untimed) > 0) && len(standing(x)) == 0
}

// serviceFailures gives the failures to start that the log of the service manager has of a service.
func serviceFailures(set *evidence.Set, service string) []*evidence.Event {
	var out []*evidence.Event
	for _, n := range serviceNames[service] {
		for e := range set.Named(evidence.ServiceFailed, n) {
			out = append(out, e)
		}
	}
	return out
}

// brokenService says what is wrong with a service as it is set up.
func brokenService(set *evidence.Set, e *evidence.Event, whole bool) (doctor.Finding, bool) {
	name := e.Field(evidence.Name)
	f := doctor.Finding{
		Severity: doctor.Error, Confidence: doctor.Proven, Proof: []*evidence.Event{e},
		Missing: []doctor.Missing{{Kind: doctor.MissingService, Name: name}},
	}
	gone, ok := lostProgram(set, e, whole)
	switch {
	case e.Field(evidence.Start) == evidence.StartMissing:
		f.Title = fmt.Sprintf("The service %s, which updates need, is not there", name)
		f.Detail = "Its key in the registry is missing. Bring it back from a computer with the same build of Windows: export the key " +
			"there, import it here, restart."
		f.Codes = []hresult.Code{0x80070424}
		f.Next = []string{"sc query " + name, `reg query HKLM\SYSTEM\CurrentControlSet\Services\` + name}
	case ok:
		path := gone.Field(evidence.Path)
		f.Title = fmt.Sprintf("The program of the service %s, which updates need, is not there", name)
		f.Detail = "The registry names a file that is missing, so the service cannot be started. sfc brings back a file of Windows; " +
			"a path that is not Windows' own was set by something else."
		f.Codes = []hresult.Code{hresult.FileNotFound}
		f.Files = []doctor.File{{Path: path}}
		f.Missing = []doctor.Missing{{Kind: doctor.MissingFile, Name: path}}
		f.Proof = append(f.Proof, gone)
		f.Next = []string{"sc qc " + name, "sfc /scannow"}
	case e.Field(evidence.Start) == "disabled":
		f.Title = fmt.Sprintf("The service %s, which updates need, is disabled", name)
		f.Detail = "Somebody or some program has switched it off. Set it back to how Windows has it, and find out who: a policy or a " +
			"\"debloat\" tool does it again."
		f.Missing = nil
		f.Codes = []hresult.Code{0x80070422}
		f.Next = []string{"sc qc " + name, fmt.Sprintf("sc config %s start= %s", name, defaultStart[name]), openWindowsUpdate}
	default:
		return f, false
	}
	return f, true
}

// programsThere reports that some service's program is there: in a tree of which only parts were copied, none is lost.
func programsThere(set *evidence.Set) bool {
	for s := range set.Of(evidence.ServiceConfig) {
		if _, there, _ := looked(set, s.Field(evidence.Path)); there {
			return true
		}
	}
	return false
}

// lostProgram gives the program or library of a service that is not there, in a tree that is whole.
func lostProgram(set *evidence.Set, e *evidence.Event, whole bool) (*evidence.Event, bool) {
	for _, path := range []string{e.Field(evidence.Path), e.Field(evidence.DLL)} {
		if state, gone := absent(set, path); gone && whole {
			return state, true
		}
	}
	return nil, false
}

// untoldService is what can be said without the registry: the service manager's log names a service that does not start.
func untoldService(x *doctor.Exam) []doctor.Finding {
	var out []doctor.Finding
	for _, name := range []string{"wuauserv", "BITS", "CryptSvc", "TrustedInstaller"} {
		known := false
		for e := range x.Evidence.Of(evidence.ServiceConfig) {
			known = known || strings.EqualFold(e.Field(evidence.Name), name)
		}
		own := slices.DeleteFunc(serviceFailures(x.Evidence, name), func(e *evidence.Event) bool {
			return !slices.Contains(serviceCodes, e.Code) && !missingCode(e)
		})
		own = unhealed(x.Evidence, own)
		if known || len(own) == 0 {
			continue
		}
		out = append(out, doctor.Finding{
			Severity: doctor.Error, Confidence: doctor.Proven, Proof: proofOf(own, 3), Codes: codesOf(own),
			Title: fmt.Sprintf("The service %s, which updates need, cannot be started", name),
			Detail: "Windows' own log says that it is disabled or not there. Set it back to how Windows has it, and find out who has " +
				"switched it off.",
			Next: []string{"sc qc " + name, fmt.Sprintf("sc config %s start= %s", name, defaultStart[name]), openWindowsUpdate},
		})
		if missingCode(own[len(own)-1]) {
			f := &out[len(out)-1]
			f.Detail = "Windows' own log says that the program of the service is not found. sfc brings back a file of Windows; a path " +
				"that is not Windows' own, which sc qc shows, was set by something else."
			f.Next = []string{"sc qc " + name, "sfc /scannow", openWindowsUpdate}
		}
	}
	if len(out) == 0 {
		return unnamedService(x)
	}
	return out
}

// unnamedService is the least that can be said: searches or attempts end with the code, and nothing names the service.
func unnamedService(x *doctor.Exam) []doctor.Finding {
	for range x.Evidence.Of(evidence.ServiceConfig) {
		return nil // the services were seen, and none of them is at fault
	}
	fails := standing(x, serviceCodes...)
	words := serviceWords(x)
	if len(fails) == 0 && !tell(x.Evidence, words) {
		return nil
	}
	attempts, codes := attemptsOf(fails)
	return []doctor.Finding{{
		Severity: doctor.Error, Confidence: doctor.Likely, Update: oneUpdate(fails),
		Title: "A service that updates need is missing or disabled",
		Detail: "Windows Update gets the answer that a service is disabled or not there. These lines do not name it; look at all " +
			"four.",
		Surer: "the registry (the SYSTEM hive) or the System event log, which name the service",
		Codes: slices.Concat(codes, codesOf(words)), Proof: slices.Concat(attempts, proofOf(words, 3)),
		Next: []string{"sc qc wuauserv", "sc qc bits", "sc qc cryptsvc", "sc qc trustedinstaller"},
	}}
}
