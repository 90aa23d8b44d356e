// Package wer reads Report.wer, the files of Windows Error Reporting: key=value lines, where Sig[n].Name and
// Sig[n].Value belong together. Updates that fail leave them under ProgramData\Microsoft\Windows\WER.
//
// It does not read crash dumps and does not judge a report; Kind and Code say what the report itself says.
//
// Invariant: every value keeps the number of the line it stands on.
package wer

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/redx-update/redx/internal/format"
	"github.com/redx-update/redx/internal/format/textline"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/winbin"
)

const (
	maxSignatures = 256     // real reports have ten
	maxSize       = 8 << 20 // bytes of text kept; real reports have 20 KB
	maxValue      = 16 << 10
	maxFields     = 10_000 // lines kept; real reports have some hundreds
)

// Report is one Report.wer. Lines are 1-based.
type Report struct {
	EventType    string    // "WindowsWcpOtherFailure3"
	Time         time.Time // EventTime, UTC; zero when absent or no FILETIME
	FriendlyName string
	AppName      string
	AppPath      string
	ID           string // ReportIdentifier
	Line         int    // of EventType
	Sig          []NameValue
	Dynamic      []NameValue // DynamicSig[n]
	Fields       []NameValue // all other lines, in their order
	// Cut says that lines or values beyond the package's bounds were left out.
	Cut bool
}

// NameValue is one named value and the line of the value, or of the name when there is no value.
type NameValue struct {
	Name, Value string
	Line        int
}

// Read reads a report in any encoding that Windows writes. A text without an EventType wraps format.ErrNotThis; what
// was read is returned with every error.
func Read(r io.Reader) (*Report, error) {
	rep := &Report{}
	lines := textline.NewReader(r)
	size := 0
	for lines.Next() {
		line := lines.Bytes()
		if size += len(line); size > maxSize {
			rep.Cut = true
			break
		}
		if lines.No() == 1 && !bytes.HasPrefix(line, []byte("Version=")) {
			return rep, fmt.Errorf("first line is not Version=: %w", format.ErrNotThis)
		}
		if len(line) > maxValue {
			rep.Cut = true
			line = line[:maxValue]
		}
		if key, value, ok := strings.Cut(string(line), "="); ok {
			rep.set(key, value, lines.No())
		}
	}
	if err := lines.Err(); err != nil {
		return rep, err
	}
	if rep.EventType == "" {
		return rep, fmt.Errorf("no EventType: %w", format.ErrNotThis)
	}
	return rep, nil
}

func (rep *Report) set(key, value string, line int) {
	switch key {
	case "EventType":
		rep.EventType, rep.Line = value, line
		return
	case "EventTime":
		if ticks, err := strconv.ParseUint(value, 10, 64); err == nil {
			rep.Time = winbin.Filetime(ticks)
		}
		return
	case "FriendlyEventName":
		rep.FriendlyName = value
	case "AppName":
		rep.AppName = value
	case "AppPath":
		rep.AppPath = value
	case "ReportIdentifier":
		rep.ID = value
	}
	if name, index, part, ok := element(key); ok {
		switch name {
		case "Sig":
			rep.element(&rep.Sig, index, part, value, line)
			return
		case "DynamicSig":
			rep.element(&rep.Dynamic, index, part, value, line)
			return
		}
	}
	if len(rep.Fields) == maxFields {
		rep.Cut = true
		return
	}
	rep.Fields = append(rep.Fields, NameValue{Name: key, Value: value, Line: line})
}

// element takes "Sig[4].Value" apart.
func element(key string) (name string, index int, part string, ok bool) {
	name, rest, ok := strings.Cut(key, "[")
	if !ok {
		return "", 0, "", false
	}
	number, part, ok := strings.Cut(rest, "].")
	index, err := strconv.Atoi(number)
	return name, index, part, ok && err == nil && index >= 0
}

func (rep *Report) element(list *[]NameValue, index int, part, value string, line int) {
	if index >= maxSignatures {
		rep.Cut = true
		return
	}
	for len(*list) <= index {
		*list = append(*list, NameValue{})
	}
	e := &(*list)[index]
	switch part {
	case "Name":
		e.Name = value
		if e.Line == 0 {
			e.Line = line
		}
	case "Value":
		e.Value, e.Line = value, line
	}
}

// Kind tells the reports that failed updates leave.
type Kind int

// Kinds of reports.
const (
	Other        Kind = iota // nothing that an update's failure leaves
	Servicing                // the component store: WindowsWcpOtherFailure3
	UpdateClient             // Windows Update: WindowsUpdateFailure3
	StoreUpdate              // the Store's agent: StoreAgentScanForUpdatesFailure0
)

// Kind goes by the event type without its trailing number, which is the version of its layout.
func (rep *Report) Kind() Kind {
	name := strings.TrimRight(rep.EventType, "0123456789")
	switch {
	case strings.HasPrefix(name, "WindowsWcp"), strings.HasPrefix(name, "CbsPackageServicingFailure"):
		return Servicing
	case strings.HasPrefix(name, "WindowsUpdateFailure"):
		return UpdateClient
	case strings.HasPrefix(name, "StoreAgent") && strings.HasSuffix(name, "Failure"):
		return StoreUpdate
	}
	return Other
}

// Code is the result code among the signatures of an update's report, and where it stands. The parameter's name is
// preferred ("Status" in servicing reports, observed on wer_1.Report.wer; names with "HResult", "Result code" or
// "Error" in the others); without such a name the first value that is a failing code of eight hex digits counts.
func (rep *Report) Code() (hresult.Code, NameValue, bool) {
	if rep.Kind() == Other {
		return 0, NameValue{}, false
	}
	for _, named := range []bool{true, false} {
		for _, s := range rep.Sig {
			code, ok := parseCode(s.Value)
			if ok && code.Failed() && (codeName(s.Name) || !named && !strings.Contains(strings.ToLower(s.Name), "hash")) {
				return code, s, true
			}
		}
	}
	return 0, NameValue{}, false
}

func codeName(name string) bool {
	name = strings.ToLower(name)
	if strings.Contains(name, "hash") {
		return false
	}
	for _, word := range []string{"status", "hresult", "result", "error"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}

// parseCode takes eight hex digits, with or without 0x.
func parseCode(s string) (hresult.Code, bool) {
	s = strings.TrimSpace(s)
	if len(s) == 10 && (s[:2] == "0x" || s[:2] == "0X") {
		s = s[2:]
	}
	if len(s) != 8 {
		return 0, false
	}
	v, err := strconv.ParseUint(s, 16, 32)
	return hresult.Code(v), err == nil
}
