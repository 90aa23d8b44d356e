package winevents

import (
	"strconv"
	"strings"

	"github.com/redx-update/redx/internal/format/evtx"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/update"
)

// bits reads the transfer service's events. Fields on real logs: 3 jobTitle jobId jobOwner processPath processId; 4 User
// jobTitle jobId jobOwner fileCount bytesTransferred bytesTransferredFromPeer; 59, 60, 61 transferId name Id url peer
// hr (decimal; not in 59) fileTime fileLength bytesTotal bytesTransferred ... A length that is not known is 2^64-1.
// Event 5 is left out: on real logs its values do not fit its own field names.
func bits(r *evtx.Record) Event {
	job, url := or(first(r, "jobTitle", "name"), "without a name"), r.Get("url")
	e := Event{Code: code(r.Get("hr")), Subject: url, Update: update.Ref{KB: update.FindKB(job + " " + url)}}
	switch r.EventID {
	case 3:
		e.Kind, e.Text, e.Subject = JobCreated, "Transfer job "+quote(job)+" was created", r.Get("jobId")
	case 4:
		e.Kind, e.Text, e.Subject = JobDone, "Transfer job "+quote(job)+" is complete", r.Get("jobId")
	case 16391: // BITS_MC_STATE_FILE_CORRUPT (bitsmsg.h); it has no fields
		e = Event{Kind: QueueCleared, Text: "The queue of transfers could not be read, and was emptied"}
	case 59:
		e.Kind, e.Text = TransferStarted, "Started to transfer "+url
	case 60:
		e.Kind, e.Text = TransferStopped, "Stopped to transfer "+url+" after "+amount(r)
		if e.Code.Failed() {
			e.Kind, e.Text = TransferFailed, failed("Failed to transfer "+url+" after "+amount(r), e.Code)
		}
	case 61:
		e.Kind, e.Text = TransferFailed, failed("Failed to transfer "+url+" after "+amount(r), e.Code)
	}
	return e
}

// content reads an update server's word for a file that it could not get (described): all in one text.
func content(r *evtx.Record) Event {
	var text string
	for _, f := range r.Data {
		text += " " + f.Value
	}
	if r.EventID != 364 {
		return Event{}
	}
	e := Event{Kind: ContentFailed, Update: update.Ref{KB: update.FindKB(text)}}
	if strings.Contains(text, "HTTP status 404") {
		e.Code = 0x80190194
	}
	_, rest, _ := strings.Cut(text, "Source File: ")
	source, rest, _ := strings.Cut(rest, " ")
	if _, to, found := strings.Cut(rest, "Destination File: "); found {
		e.Subject, _, _ = strings.Cut(to, " ")
	}
	e.Text = failed("The update server could not get "+or(source, "a file"), e.Code)
	return e
}

func amount(r *evtx.Record) string {
	const unknown = "18446744073709551615"
	s := or(r.Get("bytesTransferred"), "0")
	if total := r.Get("bytesTotal"); total != "" && total != unknown {
		s += " of " + total
	}
	return s + " bytes"
}

func quote(s string) string { return `"` + s + `"` }

// database reads the database engine's events (described): param1 process, param2 its id and flags, param3 the
// instance and a colon, then errors such as "-546" or "-1032 (0xfffffbf8)" and file names in an order of the event's own.
func database(r *evtx.Record) Event {
	var e Event
	for _, f := range r.Data {
		isFile := strings.ContainsAny(f.Value, `\/`) && e.Subject == ""
		switch n, ok := engineError(f.Value); {
		case ok && e.Code == hresult.OK:
			e.Code = n
		case isFile && f.Name != "param1":
			e.Subject = f.Value
		}
	}
	who := strings.TrimRight(strings.TrimSpace(r.Get("param3")), ":")
	who = strings.TrimSpace(or(r.Get("param1"), "a program") + " " + who)
	var what string
	switch r.EventID {
	case 412:
		what = "could not read the header of a log file"
	case 454:
		what = "could not recover its database"
	case 455:
		what = "could not open a log file"
	case 465:
		what = "found a damaged log file while recovering"
	case 467:
		what = "found a damaged index"
	case 474:
		what = "read a database page with a wrong checksum"
	case 481, 482:
		what = "could not read or write a database file"
	case 489, 490:
		e.Kind, what = DatabaseBlocked, "could not open a database file"
	case 494:
		what = "could not recover: a database is missing"
	default:
		return Event{}
	}
	if e.Kind == "" {
		e.Kind = DatabaseDamaged
	}
	e.Text = failed(who+" "+what+colon(e.Subject), e.Code)
	return e
}

func colon(s string) string {
	if s == "" {
		return ""
	}
	return ": " + s
}

// engineError reads "-546" or "-546 (0xfffffdde)" as the code that the update agent makes of it.
func engineError(s string) (hresult.Code, bool) {
	s, _, _ = strings.Cut(s, " ")
	n, err := strconv.ParseInt(strings.TrimSuffix(s, "."), 10, 32)
	if err != nil || n >= 0 || n < -0xffff {
		return 0, false
	}
	return hresult.Code(0xc8000000 | uint32(-n)), true
}

// catalog reads the cryptographic services' events (described): 256 and 257 have the error among their values; 11 is a
// failed certificate chain, with its error in Result's attribute "value"; 513 is a failed enumeration of system files.
func catalog(r *evtx.Record) Event {
	e := Event{Code: catalogCode(r.Data)}
	switch r.EventID {
	case 11:
		e.Kind, e.Text = TrustFailed, failed("A certificate chain could not be built", e.Code)
	case 256, 257:
		e.Kind, e.Text = CatalogFailed, failed("The catalog database of signatures could not be opened", e.Code)
	case 513:
		e.Kind, e.Text = TrustFailed, failed("The cryptographic services could not list the system's files", e.Code)
	}
	return e
}

func catalogCode(data []evtx.Field) hresult.Code {
	for i, f := range data {
		if f.Name == "Result" && i > 0 && data[i-1].Name == "value" {
			return code("0x" + data[i-1].Value)
		}
		if n, ok := engineError(f.Value); ok {
			return n
		}
		if c := code(f.Value); c.Failed() {
			return c
		}
	}
	return hresult.OK
}

// service reads the service manager's events. Fields on real logs: 7000 and 7023 param1 (display name) param2 ("%%" and
// the error); 7040 param1 param2 (old start type) param3 (new one) param4 (service name). Described: 7001 param1
// param2 (the service it needs) param3 (error); 7009 param1 (milliseconds) param2; 7024 as 7023; 7031 and 7034 param1
// param2 (count); 7036 param1 param2 (state).
func service(r *evtx.Record) Event {
	name, second, third := or(r.Get("param1"), "a service"), r.Get("param2"), r.Get("param3")
	e := Event{Subject: name, Code: code(second)}
	switch r.EventID {
	case 7000:
		e.Kind, e.Text = ServiceFailed, failed("Service "+quote(name)+" failed to start", e.Code)
	case 7001:
		e.Code = code(third)
		e.Kind, e.Text = ServiceFailed, failed("Service "+quote(name)+" failed to start because "+quote(second)+" did", e.Code)
	case 7009:
		e.Kind, e.Code, e.Subject = ServiceFailed, hresult.OK, second
		e.Text = "Service " + quote(second) + " did not answer within " + name + " ms"
	case 7023, 7024:
		e.Kind, e.Text = ServiceFailed, failed("Service "+quote(name)+" ended with an error", e.Code)
	case 7031, 7034:
		e.Kind, e.Code = ServiceFailed, hresult.OK
		e.Text = "Service " + quote(name) + " ended unexpectedly, " + or(second, "1") + " times so far"
	case 7036:
		e.Kind, e.Code, e.Text = ServiceState, hresult.OK, "Service "+quote(name)+" is now "+second
	case 7040:
		e.Kind, e.Code = ServiceStart, hresult.OK
		e.Text = "Start type of service " + quote(name) + " was changed from " + second + " to " + third
	}
	return e
}

// recovery reads the agent of the recovery environment: one text, with the reason in parentheses as a symbol.
func recovery(r *evtx.Record) Event {
	if r.EventID != 4502 {
		return Event{}
	}
	var reason string
	for _, f := range r.Data {
		reason = strings.TrimSpace(reason + " " + f.Value)
	}
	e := Event{Kind: RecoveryFailed, Text: "The recovery environment could not be serviced" + colon(reason)}
	if strings.Contains(reason, "CBS_E_INSUFFICIENT_DISK_SPACE") {
		e.Code = 0x800f0828
	}
	return e
}

// task reads the task scheduler's event 146 (described): a task, by a path that begins with a backslash, and the error as
// a decimal number, 2147942402 for 0x80070002. No real log of it was at hand, so the fields are known by their values.
func task(r *evtx.Record) Event {
	if r.EventID != 146 {
		return Event{}
	}
	var e Event
	for _, f := range r.Data {
		value := strings.TrimSpace(f.Value)
		if c := code(value); c.Failed() {
			e.Code = c
		} else if strings.HasPrefix(value, `\`) && e.Subject == "" {
			e.Subject = value
		}
	}
	e.Kind = TaskFailed
	e.Text = failed("The task scheduler could not load "+or(e.Subject, "a task"), e.Code)
	return e
}

// kernel reads the kernel's word that it has started (seen on real logs, with StartTime).
func kernel(r *evtx.Record) Event {
	if r.EventID != 12 {
		return Event{}
	}
	return Event{Kind: SystemStarted, Text: "Windows was started"}
}
