package wulog

import (
	"strconv"
	"strings"

	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/update"
)

// Server is what a text says of the update server.
type Server struct {
	Role  string // "WSUS server", "WSUS status server", "Server URL", "ServiceUrl", "targeting"
	URL   string // empty for targeting, and where the text says <NULL>
	Group string // target group, targeting only; often empty
}

// ParseServer reads "WSUS server: http://...", "WSUS status server: ...", "Server URL = ...", "ServiceUrl = ..." and
// "Initializing simple targeting cookie, clientId = ..., target group = X, DNS name = Y". A URL of another service's
// host is a server too: whether it is WSUS, the first role tells.
func ParseServer(text string) (s Server, ok bool) {
	if strings.Contains(text, "Initializing simple targeting") {
		_, rest, _ := strings.Cut(text, "target group = ")
		s.Group, _, _ = strings.Cut(rest, ",")
		s.Group = strings.TrimSpace(s.Group)
		s.Role = "targeting"
		return s, true
	}
	for _, role := range [...]string{"WSUS server", "WSUS status server", "Server URL", "ServiceUrl"} {
		_, rest, found := strings.Cut(text, role)
		if !found {
			continue
		}
		url := strings.TrimLeft(rest, " :=")
		if len(url) == len(rest) {
			continue
		}
		if i := strings.IndexAny(url, " ,\t\"'"); i >= 0 {
			url = url[:i]
		}
		s = Server{Role: role, URL: strings.TrimRight(url, ".")}
		if strings.EqualFold(s.URL, "<NULL>") || strings.EqualFold(s.URL, "NULL") || s.URL == "(null)" {
			s.URL = ""
		}
		return s, s.URL == "" || strings.Contains(s.URL, "://")
	}
	return s, false
}

// Outcome is the end of an installation or a download.
type Outcome struct {
	Operation string // "install", "uninstall", "download"
	Code      hresult.Code
	Handler   string // "CBS", "MSI", ... where the text names it
}

// Succeeded reports the end without a failure code.
func (o Outcome) Succeeded() bool { return !o.Code.Failed() }

// ParseOutcome reads "Completed install of CBS update with type=3, requiresReboot=0, installerError=1,
// hr=0x80070002", "Install call completed, reboot required = No, error = 0x80070002", and "Install failed, error =
// 0x80070002 / 0x80070002"; the same for uninstall and download.
func ParseOutcome(text string) (o Outcome, ok bool) {
	text = strings.TrimLeft(text, "#*: \t")
	for _, level := range [...]string{"WARNING: ", "FATAL: "} {
		text = strings.TrimPrefix(text, level)
	}
	if rest, found := strings.CutPrefix(text, "Completed "); found {
		operation, rest, found := strings.Cut(rest, " of ")
		o.Operation = strings.ToLower(operation)
		o.Handler, _, _ = strings.Cut(rest, " update")
		o.Code, ok = Code(rest)
		return o, ok && found && isOperation(o.Operation) && len(o.Handler) < 40
	}
	operation, rest, found := strings.Cut(text, " ")
	o.Operation = strings.ToLower(operation)
	if !found || !isOperation(o.Operation) || !strings.HasPrefix(rest, "call complete") && !strings.HasPrefix(rest, "failed, ") {
		return Outcome{}, false
	}
	o.Code, ok = Code(rest)
	return o, ok
}

func isOperation(s string) bool { return s == "install" || s == "uninstall" || s == "download" }

// ParseHistory reads the line by which the agent of Windows 8.1 and before writes an attempt into its list: "LogHistory called.
// idUpdate={...}.101, resultMapped=80246012, resultUnMapped=0". The code of one that went well is 0.
func ParseHistory(text string) (id update.ID, code hresult.Code, ok bool) {
	_, rest, found := strings.Cut(text, "LogHistory called. ")
	_, digits, coded := strings.Cut(rest, "resultMapped=")
	ids := UpdateIDs(rest)
	if !found || !coded || len(ids) != 1 {
		return id, 0, false
	}
	digits, _, _ = strings.Cut(digits, ",")
	n, err := strconv.ParseUint(digits, 16, 32)
	code = hresult.Code(n)
	return ids[0], code, err == nil && (n == 0 || code.Failed())
}

// Call is the count at the end of a call to download or install several updates.
type Call struct {
	Operation                                string // "install", "uninstall", "download"
	Succeeded, WithErrors, Failed, Cancelled int
}

// ParseCall reads "Install call complete (succeeded = 1, succeeded with errors = 0, failed = 0, cancelled = 0, ..."
// (observed in traces of Windows 11). ok is false unless the counts of success and failure are there.
func ParseCall(text string) (c Call, ok bool) {
	operation, rest, ok := strings.Cut(text, " call complete (")
	c.Operation = strings.ToLower(operation)
	if !ok || !isOperation(c.Operation) {
		return Call{}, false
	}
	found := 0
	for _, field := range strings.SplitN(rest, ", ", 8) {
		name, value, _ := strings.Cut(field, " = ")
		n, err := strconv.Atoi(strings.TrimRight(value, ")."))
		if err != nil || n < 0 {
			continue
		}
		switch name {
		case "succeeded":
			c.Succeeded = n
			found++
		case "failed":
			c.Failed = n
			found++
		case "succeeded with errors":
			c.WithErrors = n
		case "cancelled":
			c.Cancelled = n
		}
	}
	return c, found == 2
}

// ReportEvent is an event that the agent reports to its server, as the legacy log writes it out.
type ReportEvent struct {
	ID       int // 181 install started, 182 failed, 183 succeeded, 161 download failed, 162 succeeded, ...
	Update   update.ID
	Code     hresult.Code
	Client   string
	Result   string // "Success", "Failure"
	Category string // "Content Install", "Content Download", "Software Synchronization"
	Text     string
}

// ParseReportEvent reads "REPORT EVENT: {GUID}<tab>time<tab>1<tab>182<tab>101<tab>{update}<tab>revision<tab>code<tab>
// client<tab>Failure<tab>Content Install<tab>text"; the fields are those of ReportingEvents.log.
func ParseReportEvent(text string) (ev ReportEvent, ok bool) {
	_, rest, ok := strings.Cut(text, "REPORT EVENT: ")
	field := strings.SplitN(rest, "\t", 13)
	if !ok || len(field) < 12 {
		return ev, false
	}
	id, _, _ := strings.Cut(field[3], " ")
	n, err := strconv.Atoi(id)
	g, errGUID := guid.Parse(field[5])
	revision, errRev := strconv.ParseUint(field[6], 10, 32)
	code, errCode := strconv.ParseUint(field[7], 16, 32)
	if err != nil || errGUID != nil || errRev != nil || errCode != nil {
		return ev, false
	}
	return ReportEvent{
		ID: n, Update: update.ID{GUID: g, Revision: uint32(revision)}, Code: hresult.Code(code),
		Client: field[8], Result: field[9], Category: field[10], Text: field[11],
	}, true
}
