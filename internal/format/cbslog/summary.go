package cbslog

import (
	"strconv"
	"strings"

	"github.com/redx-update/redx/internal/hresult"
)

// Summary is the block at the end of a check of the component store by DISM (ScanHealth, RestoreHealth).
type Summary struct {
	First, Last int    // its lines
	Operation   string // "Detect only", "Detect and Repair"
	Result      hresult.Code
	HasResult   bool
	LastStep    string // "Entire operation completes."
	// Detected and Repaired are the totals; -1 when the block does not say.
	Detected, Repaired int
	// Counts are the numbers by class, as named there: "CSI Payload Corruption", "CSI Payload Repaired", ...
	Counts []Count
}

// Count is one number of a Summary.
type Count struct {
	Name string
	N    int
}

const maxCounts = 32

// add takes a line into the summary; false when it is not part of one.
func (s *Summary) add(line int, text string) bool {
	name, value, found := strings.Cut(text, ":")
	value = strings.TrimSpace(value)
	switch {
	case text == "":
		return true
	case text == "Summary:" || name == "Operation":
		if s.Operation != "" {
			return false // the next one
		}
		if name == "Operation" {
			s.Operation = value
		}
	case !found:
		return false
	case name == "Operation result":
		s.Result, _, s.HasResult = number(value)
	case name == "Last Successful Step":
		s.LastStep = value
	case name == "Total Detected Corruption":
		s.Detected = count(value)
	case name == "Total Repaired Corruption":
		s.Repaired = count(value)
	case strings.HasPrefix(name, "CSI Store Metadata"), strings.HasPrefix(name, "Total Operation Time"):
	case isClass(name):
		if len(s.Counts) < maxCounts {
			s.Counts = append(s.Counts, Count{Name: name, N: count(value)})
		}
	default:
		return false
	}
	s.Last = line
	return true
}

// isClass accepts "CBS Manifest Corruption", "CSI Payload Repaired" and the like.
func isClass(name string) bool {
	return (strings.HasPrefix(name, "CBS ") || strings.HasPrefix(name, "CSI ")) &&
		(strings.HasSuffix(name, " Corruption") || strings.HasSuffix(name, " Repaired")) && len(name) < 64
}

func count(s string) int {
	n, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil || n < 0 {
		return -1
	}
	return n
}
