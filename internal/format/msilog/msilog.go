// Package msilog reads the logs that Windows Installer writes of one run (msiexec /l*v, or MSI*.LOG below TEMP): which
// product, which of its kept packages was not found, and how it ended. It judges nothing.
//
// Layout as Microsoft's documentation of the log and public examples have it: lines "MSI (s) (A4:2C) [03:12:31:744]: text",
// and messages that stand without that head.
//
// Invariant: every line of the source comes out of the Scanner once, in order, with its number.
package msilog

import (
	"bytes"
	"io"
	"regexp"
	"strconv"

	"github.com/redx-update/redx/internal/format/textline"
)

const sniffed = 200 // lines that decide what a file is

// Entry is one line. Text is valid until the next call of Scan.
type Entry struct {
	Line int
	Text []byte // without the head
	// Package is the kept package (.msi, .msp) that the line says is not there.
	Package string
	// Product is the product that the line names.
	Product string
	// Error is the message that the line tells of ("Error 1706. ..."), 0 when none.
	Error int
	// Ended says that the run ended here, with Result.
	Ended  bool
	Result int
}

var (
	head = regexp.MustCompile(`^MSI \([a-zA-Z]\) \([0-9A-Fa-f]{2,4}[:!][0-9A-Fa-f]{2,4}\) \[\d\d:\d\d:\d\d:\d{3}\]: `)
	gone = regexp.MustCompile(`^(?:Warning: )?(?:Local cached package '([^']+)' is missing|Couldn't find local patch '([^']+)')`)
	// product names one in a message about it, and in the summary at the end.
	product = regexp.MustCompile(`^Product: (.{1,200}?) -- |Product Name: (.{1,200}?)\. Product Version:`)
	failure = regexp.MustCompile(`(?:^|-- )Error (\d{4})\. `)
	// ended is the last word of the service, or of the summary that stands in shorter logs too.
	ended = regexp.MustCompile(`^MainEngineThread is returning (\d{1,5})\b|^Windows Installer .* (?:success or )?error status: (\d{1,5})\.$`)
	begun = regexp.MustCompile(`^=== (?:Verbose logging|Logging) (?:started|stopped): `)
)

// NewScanner reads from r; it does not close it.
func NewScanner(r io.Reader) *textline.Scanner[Entry] { return textline.NewScanner(r, parse) }

func parse(no int, line []byte) Entry {
	text := bytes.TrimSpace(line)
	text = text[len(head.Find(text)):]
	e := Entry{Line: no, Text: text}
	if m := gone.FindSubmatch(text); m != nil {
		e.Package = string(m[1]) + string(m[2])
	}
	if m := product.FindSubmatch(text); m != nil {
		e.Product = string(m[1]) + string(m[2])
	}
	if m := failure.FindSubmatch(text); m != nil {
		e.Error, _ = strconv.Atoi(string(m[1]))
	}
	if m := ended.FindSubmatch(text); m != nil {
		e.Result, _ = strconv.Atoi(string(m[1]) + string(m[2]))
		e.Ended = true
	}
	return e
}

// Sniff reports whether the head of a file, in any of textline's encodings, is such a log.
func Sniff(data []byte) bool {
	lines := textline.NewReader(bytes.NewReader(data))
	for n := 0; n < sniffed && lines.Next(); n++ {
		text := bytes.TrimSpace(lines.Bytes())
		if head.Match(text) || begun.Match(text) {
			return true
		}
		if len(text) > 0 && n > 10 {
			return false
		}
	}
	return false
}
