package eventtext

import (
	"regexp"
	"strings"

	"github.com/redx-update/redx/internal/format/evtx"
	"github.com/redx-update/redx/internal/format/winevents"
)

var (
	hexCode  = regexp.MustCompile(`(?i)\b0x[89c][0-9a-f]{7}\b`)
	decimal  = regexp.MustCompile(`\b(?:21\d{8}|22\d{8})\b|(?:^|[\s(])-2\d{9}\b`)
	esent    = regexp.MustCompile(`(?:^|[\s(])(-\d{3,4})\b`)
	address  = regexp.MustCompile(`https?://[^\s"'<>]+`)
	diskPath = regexp.MustCompile(`(?i)\b[a-z]:\\[^"'<>|*?:\s]*[^"'<>|*?:\s.,;]`)
	quotes   = regexp.MustCompile(`["„“”«']\s*([^"„“”»']+?)\s*["“”»']`)
	errorNo  = regexp.MustCompile(`\b(1[67]\d\d)\b`)
	engine   = regexp.MustCompile(`^(\S+(?: \S+)?) \((\d+[^)]*)\) ?([^:"]*):`)
	engineOf = regexp.MustCompile(`(?:^|\s)(\S+) \((\d+[^)]*)\) ?(SUS20ClientDataStore|QmgrDatabaseInstance|Catalog Database):`)
	state    = regexp.MustCompile(`\b(Installed|Absent|Staged|Uninstalled)\b`)
	service  = regexp.MustCompile(`\b[Tt]he (.+?) service (?:failed|terminated|depends|hung|was|is)`)
	product  = regexp.MustCompile(`^\S+ ?: (.+?) -{1,2} `)
)

// fields gives the values of a description by the names that records have them under.
func fields(provider string, id uint16, text string) []evtx.Field {
	switch provider {
	case winevents.WindowsUpdateClient:
		return named("errorCode", resultCode(text), "updateTitle", titleOf(text), "param1", "")
	case winevents.WUSA:
		return named("UpdateTitle", quoted(text, ""), "ErrorCode", resultCode(text))
	case winevents.Servicing:
		kb := knowledge.FindString(text)
		return named("PackageIdentifier", kb, "IntendedPackageStateTextized", state.FindString(text), "ErrorCode", resultCode(text))
	case winevents.BitsClient:
		return named("url", strings.TrimRight(address.FindString(text), "."), "hr", resultCode(text))
	case winevents.ESENT:
		return engineFields(text)
	case winevents.CAPI2:
		return named("param1", or(resultCode(text), engineCode(text)))
	case winevents.ServiceControlManager:
		return serviceFields(id, text)
	case winevents.MsiInstaller:
		if id == 1023 || id == 1024 {
			return named("param1", productOf(text), "param2", quoted(text, ""), "param3", errorNo.FindString(text))
		}
		return named("param1", text)
	case winevents.TaskScheduler:
		return named("param1", quoted(text, `\`), "param2", resultCode(text))
	}
	return named("param1", text)
}

// knowledge is the number of an article, by which servicing names a package.
var knowledge = regexp.MustCompile(`(?i)\bKB\d{6,7}\b`)

// named makes fields of names and values; what is empty is left out.
func named(pairs ...string) []evtx.Field {
	var out []evtx.Field
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			out = append(out, evtx.Field{Name: pairs[i], Value: pairs[i+1]})
		}
	}
	return out
}

// resultCode finds a result code in hex or in decimal.
func resultCode(text string) string {
	return strings.Trim(or(hexCode.FindString(text), decimal.FindString(text)), " (")
}

// titleOf is what stands behind the last colon: the agent's events about an update end in its title, in every language.
func titleOf(text string) string {
	title := text
	for _, colon := range []string{": ", "："} {
		if i := strings.LastIndex(title, colon); i >= 0 {
			title = title[i+len(colon):]
		}
	}
	if title == text {
		return ""
	}
	return strings.TrimRight(strings.TrimSpace(title), ".。")
}

// quoted gives the first text in quotes, of any language's kind, that begins so.
func quoted(text, prefix string) string {
	for _, m := range quotes.FindAllStringSubmatch(text, 16) {
		if strings.HasPrefix(m[1], prefix) {
			return m[1]
		}
	}
	return ""
}

func productOf(text string) string {
	if m := product.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return text
}

// engineFields reads "wuaueng.dll (1104,R,98) SUS20ClientDataStore: ... C:\...\edb.log ... -546".
func engineFields(text string) []evtx.Field {
	process, number, instance := "", "", ""
	m := engine.FindStringSubmatch(text)
	if m == nil {
		m = engineOf.FindStringSubmatch(text)
	}
	if m != nil {
		process, number, instance = m[1], m[2], m[3]
	}
	path := or(quoted(text, ""), "")
	if !strings.Contains(path, `\`) {
		path = diskPath.FindString(text)
	}
	return named("param1", process, "param2", number, "param3", instance, "param4", path, "param5", engineCode(text))
}

// engineCode is an error of the database engine, "-546".
func engineCode(text string) string {
	if m := esent.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return ""
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
