// Package setuplog reads setupact.log and setuperr.log, the logs of Windows Setup and of feature updates. It splits
// lines and finds the result codes in them, with the extend code that setup adds; it judges nothing.
package setuplog

import (
	"bytes"
	"io"
	"regexp"
	"strconv"

	"github.com/redx-update/redx/internal/format/textline"
	"github.com/redx-update/redx/internal/format/wdslog"
	"github.com/redx-update/redx/internal/hresult"
)

// Entry is one line. Its head's Text is valid until the next call of Scan.
type Entry struct {
	wdslog.Head
	Line int
}

// NewScanner reads from r; it does not close it.
func NewScanner(r io.Reader) *textline.Scanner[Entry] {
	var heads wdslog.Parser
	return textline.NewScanner(r, func(no int, line []byte) Entry { return Entry{Head: heads.Parse(line), Line: no} })
}

// components are those that only setup's logs have.
var components = map[string]bool{
	"MOUPG": true, "SP": true, "IBS": true, "IBSLIB": true, "SYSPRP": true, "MIG": true, "CONX": true, "DIAG": true,
	"SETUPCL": true, "DU": true, "UI": true, "WinPE": true, "Culture": true, "SPLIB": true, "OOBELD": true,
	"MACHMIG": true, "WDSCLI": true, "AudMig": true, "HWMIG": true, "PANTHR": true, "CallBack_": true,
}

// Sniff reports whether the head of a file, in any of textline's encodings, is one of setup's logs.
func Sniff(head []byte) bool {
	s := NewScanner(bytes.NewReader(head))
	for n := 0; n < 200 && s.Scan(); n++ {
		e := s.Entry()
		switch {
		case isSetupText(e.Text):
			return true
		case components[e.Component]: // with a level at least, also where the time was left out of an excerpt
			return true
		case e.Component != "" && e.HasTime:
			return false
		}
	}
	return false
}

// SniffPlain reports whether the head of a file has a line of setup's layout, whatever it is about: the logs of small parts
// of setup, such as its clean-up, name no component. Servicing and DISM write the same layout: ask for theirs first.
func SniffPlain(head []byte) bool {
	s := NewScanner(bytes.NewReader(head))
	for n := 0; n < 200 && s.Scan(); n++ {
		if e := s.Entry(); e.HasTime && e.Level != wdslog.None {
			return true
		}
	}
	return false
}

// isSetupText knows the lines that people paste without their head.
func isSetupText(text []byte) bool {
	for _, words := range [...]string{
		"Process Drivers for Migration", "WimMount ImagePath", "Required profile hive does not exist", "User profile suffix mismatch",
		"MigPlatformStartupOffline", "InsufficientSystemPartitionDiskSpace", "AudMig: ",
		"update the system reserved partition", "update system reserved partition",
	} {
		if bytes.Contains(text, []byte(words)) {
			return true
		}
	}
	r, ok := ParseResult(text)
	return ok && r.Extend != 0
}

var resultCode = regexp.MustCompile(
	`(?i)\b(0x[89c][0-9a-f]{7})\b(?:(?: *[-–—] *| *, *|\]?,? +Extended(?: ?(?:Result|Error|Code))?:? *(?:= *)?\[?)(0x[0-9a-f]{5})\b)?`)

// Result is a result code, with the extend code that tells setup's phase and operation; 0 when there is none.
type Result struct {
	Code   hresult.Code
	Extend uint32
}

// ParseResult finds the first failure code of a line, such as 0x80070003, 0xC1900101-0x20017 or "Result = 0xC1900101,
// ExtendedResult = 0x20017".
func ParseResult(text []byte) (r Result, ok bool) {
	m := resultCode.FindSubmatch(text)
	if m == nil {
		return r, false
	}
	code, err := strconv.ParseUint(string(m[1][2:]), 16, 32)
	if err != nil {
		return r, false
	}
	r.Code = hresult.Code(code)
	if m[2] != nil {
		extend, err := strconv.ParseUint(string(m[2][2:]), 16, 32)
		if err != nil {
			return r, false
		}
		r.Extend = uint32(extend)
	}
	return r, true
}
