package eventtext

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/redx-update/redx/internal/format/winevents"
)

// row is an event in one line, as Event Viewer saves a log as text and PowerShell lists one: what comes before, its provider, its
// number, the rest.
var row = regexp.MustCompile(`(?:^|[\t,;"\s])(` + providerNames() + `)"?[\t,; ]+"?(\d{1,5})"?[\t,; ]+(\S.*)$`)

// pane is what Event Viewer writes above the event that is chosen: "Event 20, WindowsUpdateClient", in any language.
var pane = regexp.MustCompile(`^\pL[\pL ]*\s(\d{1,5}), (` + providerNames() + `)$`)

// tableRow is an event in PowerShell's table of the events of one provider: time, number, level and description.
var tableRow = regexp.MustCompile(`^\d[\d./-]+ [\d:.]+(?: [AP]M)?\s+(\d{1,5}) \pL+\s+(\S.*)$`)

// providerNames are the alternatives of the names of providers, with and without the words that lists leave out.
func providerNames() string {
	var names []string
	for name := range maps.Keys(winevents.Filter()) {
		names = append(names, regexp.QuoteMeta(name))
		if short, cut := strings.CutPrefix(name, "Microsoft-Windows-"); cut {
			names = append(names, regexp.QuoteMeta(short))
		}
	}
	slices.Sort(names)
	slices.Reverse(names) // the longer of two that begin alike comes first
	return strings.Join(names, "|")
}

// inRow reads an event that stands, or begins, in one line. Its description may go on in the next ones. table
// is the provider whose table it may stand in.
func inRow(no int, text, table string) (block, bool) {
	m := row.FindStringSubmatch(text)
	if p := pane.FindStringSubmatch(text); p != nil {
		m = []string{text, p[2], p[1], ""}
	}
	if t := tableRow.FindStringSubmatch(text); t != nil && table != "" {
		m = []string{text, table, t[1], t[2]}
	}
	if m == nil {
		return block{}, false
	}
	id, err := strconv.ParseUint(m[2], 10, 16)
	b := block{line: no, provider: providerOf(m[1]), id: uint16(id), body: true}
	if err != nil || !known(b.provider, b.id) {
		return block{}, false
	}
	b.more(descriptionIn(m[3]))
	return b, true
}

// descriptionIn takes the category off that stands before the description, where the columns have a mark between them.
func descriptionIn(rest string) string {
	for _, mark := range []string{"\t", ",\"", ";\""} {
		if _, text, found := strings.Cut(rest, mark); found {
			rest = text
			break
		}
	}
	return strings.Trim(rest, "\" ")
}
