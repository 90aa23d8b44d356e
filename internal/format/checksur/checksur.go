// Package checksur reads CheckSUR.log, in which the System Update Readiness Tool of Windows 7 and Server 2008 R2 and
// before told what of the component store is damaged. Later systems write the same into CBS.log (package cbslog).
//
// Invariant: every finding comes out once with its line; numbers come from the summary alone, never counted here.
package checksur

import (
	"bytes"
	"io"
	"iter"
	"strconv"
	"strings"

	"github.com/redx-update/redx/internal/format"
	"github.com/redx-update/redx/internal/format/cbslog"
	"github.com/redx-update/redx/internal/format/textline"
)

// Kind says what a Record is.
type Kind uint8

// The kinds of a Record.
const (
	Found       Kind = iota + 1 // Corruption, mark "f"
	Mended                      // Corruption, mark "fix"
	Unavailable                 // Path: a file for a repair that the tool did not have
	Count                       // Name, N: a number of the summary
)

// Record is one finding, repair or number.
type Record struct {
	Kind       Kind
	Line       int
	Text       string
	Corruption cbslog.Corruption
	Path       string // `winsxs\manifests\<component>.manifest`, `servicing\packages\<package>.mum`
	Name       string // "seconds", "errors", or a kind: "CSI Payload File Missing"
	Fixed      bool   // the number is of what was mended
	N          int
}

// Records reads a log to its end. An error, the source's, comes last.
func Records(r io.Reader) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		lines := textline.NewReader(r)
		unavailable := false
		for lines.Next() {
			text := strings.TrimSpace(string(lines.Bytes()))
			rec, ok := parse(text, unavailable)
			if text == "" || strings.HasSuffix(text, ":") {
				unavailable = strings.EqualFold(text, "Unavailable repair files:")
			}
			if rec.Line, rec.Text = lines.No(), text; ok && !yield(rec, nil) {
				return
			}
		}
		if err := lines.Err(); err != nil {
			yield(Record{}, &format.Error{Line: lines.No(), What: "read the log", Err: err})
		}
	}
}

func parse(text string, unavailable bool) (rec Record, ok bool) {
	if c, ok := cbslog.ParseCorruption(text); ok {
		rec.Kind, rec.Corruption = Found, c
		if c.Fixed {
			rec.Kind = Mended
		}
		return rec, true
	}
	if unavailable && strings.Contains(text, `\`) {
		return Record{Kind: Unavailable, Path: text}, true
	}
	return number(text)
}

// number reads "Seconds executed: 100", "Found 3 errors", "Fix 1 errors", "<kind> Total count: 3" and "Fix <kind>
// Total Count: 1"; newer versions of the tool write "Fixed" and "Fixed: <kind>.".
func number(text string) (rec Record, ok bool) {
	if len(text) > 200 {
		return rec, false
	}
	rec.Kind = Count
	lower := strings.ToLower(text)
	if i := strings.LastIndex(lower, " total count:"); i > 0 && len(lower) == len(text) {
		rec.Name = strings.TrimRight(text[:i], ". ")
		for _, prefix := range [...]string{"Fixed: ", "Fixed ", "Fix "} {
			if kind, found := strings.CutPrefix(rec.Name, prefix); found && !rec.Fixed {
				rec.Name, rec.Fixed = kind, true
			}
		}
		rec.N, ok = atoi(lower[i+len(" total count:"):])
		return rec, ok && rec.Name != ""
	}
	if rest, found := strings.CutPrefix(lower, "seconds executed:"); found {
		rec.Name = "seconds"
		rec.N, ok = atoi(rest)
		return rec, ok
	}
	rest, isError := strings.CutSuffix(lower, " errors")
	verb, digits, _ := strings.Cut(rest, " ")
	rec.Name, rec.Fixed = "errors", verb != "found"
	rec.N, ok = atoi(digits)
	return rec, ok && isError && (verb == "found" || verb == "fix" || verb == "fixed")
}

func atoi(s string) (int, bool) {
	n, err := strconv.Atoi(strings.TrimSpace(s))
	return n, err == nil && n >= 0
}

// Sniff reports whether the head of a file, in any of textline's encodings, is a CheckSUR.log.
func Sniff(head []byte) bool {
	lines := textline.NewReader(bytes.NewReader(head))
	for lines.Next() && lines.No() <= 200 {
		text := strings.TrimSpace(string(lines.Bytes()))
		if strings.HasPrefix(text, "Checking System Update Readiness.") {
			continue
		}
		if c, ok := cbslog.ParseCorruption(text); ok && c.Mark != "p" || strings.HasPrefix(text, "Checking Windows Servicing Packages") ||
			strings.HasPrefix(text, "Unavailable repair files:") {
			return true
		}
		if _, ok := number(text); ok {
			return true
		}
	}
	return false
}
