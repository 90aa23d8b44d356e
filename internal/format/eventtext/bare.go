package eventtext

import (
	"regexp"
	"strings"

	"github.com/redx-update/redx/internal/format/evtx"
	"github.com/redx-update/redx/internal/format/winevents"
)

// attempt is the description of a failed installation: words, the code, and behind a colon the title, in every language. Titles of
// updates have the number of an article, or the name of a Windows.
var attempt = regexp.MustCompile(`^\pL[^:\[\]{}=|<>]{2,60}: [^\[\]{}=|<>]{3,120}\b0x[89c][0-9a-fA-F]{7}\b[^\[\]{}=|<>]{0,120}: .*(?:\bKB\d{6,7}\b|\bWindows (?:1[01]|Server)\b)`)

// described knows the descriptions that say by themselves whose they are, since they name a database, a service or an
// installer's error; of which kind a database's is, its words tell.
func described(text string) (provider string, id uint16) {
	has := func(s string) bool { return strings.Contains(text, s) }
	database := has("SUS20ClientDataStore: ") || has("QmgrDatabaseInstance: ") || has("Catalog Database: ")
	switch {
	case database && (engineCode(text) == "" || has("lush map file")): // which the engine makes anew, and loses nothing
		return "", 0
	case database && has("open the file"):
		return winevents.ESENT, 490
	case database && has("header of logfile"):
		return winevents.ESENT, 412
	case database && (has("checksum") || has("verification")):
		return winevents.ESENT, 474
	case database:
		return winevents.ESENT, 454
	case has("failed to initialize the Catalog Database") && or(resultCode(text), engineCode(text)) != "":
		return winevents.CAPI2, 257
	case attempt.MatchString(text):
		return winevents.WindowsUpdateClient, 20
	case has("Windows failed to download an update with error 0x") || has("Windows Update failed to download an update"):
		return winevents.WindowsUpdateClient, 31
	case has("Windows Update failed to check for updates with error 0x"):
		return winevents.WindowsUpdateClient, 25
	case has(" -- Error 1706."):
		return winevents.MsiInstaller, 11706
	case has(" -- Error 1612."):
		return winevents.MsiInstaller, 11612
	case has("Windows Recovery Environment servicing failed"):
		return winevents.WinREAgent, 4502
	case service.MatchString(text) && reason(text) != "":
		return winevents.ServiceControlManager, 7000
	}
	return ofTransfers(text)
}

// serviceFields reads "The Windows Update service failed to start due to the following error: ..." and its like. In other
// languages the name stands in quotes, or is one of those that updates need.
func serviceFields(id uint16, text string) []evtx.Field {
	name := quoted(text, "")
	if m := service.FindStringSubmatch(text); m != nil {
		name = m[1]
	}
	for _, n := range needed {
		if name == "" && strings.Contains(text, n) {
			name = n
		}
	}
	if id == 7009 { // its first value is how long was waited
		return named("param1", "", "param2", name)
	}
	why := or(reason(text), resultCode(text))
	if id == 7001 {
		return named("param1", name, "param3", why)
	}
	return named("param1", name, "param2", why)
}

// needed are the services that updates need, by the names that are the same in many languages.
var needed = []string{"Windows Update", "wuauserv", "TrustedInstaller", "CryptSvc", "Windows Modules Installer", "BITS"}

// reasons are the words of system errors that a service does not start with, and their numbers.
var reasons = []struct{ words, number string }{
	{"is disabled", "1058"},
	{"deaktiviert", "1058"},
	{"désactivé", "1058"},
	{"deshabilitado", "1058"},
	{"disabilitato", "1058"},
	{"無効", "1058"},
	{"desabilitado", "1058"},
	{"desativado", "1058"},
	{"отключена", "1058"},
	{"uitgeschakeld", "1058"},
	{"wyłączona", "1058"},
	{"禁用", "1058"},
	{"사용할 수 없", "1058"},
	{"does not exist as an installed service", "1060"},
	{"kein installierter Dienst", "1060"},
	{"pas en tant que service installé", "1060"},
	{"cannot find the file specified", "2"},
	{"angegebene Datei nicht finden", "2"},
	{"fichier spécifié", "2"},
	{"encontrar el archivo especificado", "2"},
	{"mpossibile trovare il file", "2"},
	{"encontrar o arquivo especificado", "2"},
	{"найти указанный файл", "2"},
	{"opgegeven bestand niet vinden", "2"},
	{"指定されたファイルが見つかりません", "2"},
	{"找不到指定的文件", "2"},
	{"cannot find the path specified", "3"},
	{"angegebenen Pfad nicht finden", "3"},
	{"chemin d'accès spécifié", "3"},
	{"encontrar la ruta especificada", "3"},
	{"mpossibile trovare il percorso", "3"},
	{"encontrar o caminho especificado", "3"},
	{"найти указанный путь", "3"},
	{"opgegeven pad niet vinden", "3"},
	{"指定されたパスが見つかりません", "3"},
	{"找不到指定的路径", "3"},
}

func reason(text string) string {
	for _, r := range reasons {
		if strings.Contains(text, r.words) || strings.Contains(text, "%%"+r.number) {
			return "%%" + r.number
		}
	}
	return ""
}
