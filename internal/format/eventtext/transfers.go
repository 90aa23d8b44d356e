package eventtext

import (
	"regexp"
	"slices"
	"strings"

	"github.com/redx-update/redx/internal/format/winevents"
)

// packageFailed is how servicing tells of a package that it could not change.
var packageFailed = regexp.MustCompile(`^Package \S+ failed to be changed to the \w+ state\. Status: 0x[89c][0-9a-f]{7}\b`)

// ofTransfers knows the descriptions of transfers, of the files of an update server, and of packages.
func ofTransfers(text string) (provider string, id uint16) {
	has := func(s string) bool { return strings.Contains(text, s) }
	switch {
	case has("BITS job list is not in a recognized format"):
		return winevents.BitsClient, 16391
	case has("BITS ") && has("URL") && address.MatchString(text) && hexCode.MatchString(text):
		return winevents.BitsClient, 61
	case has("Content file download failed") && has("Destination File: "):
		return winevents.UpdateServices, 364
	case packageFailed.MatchString(text):
		return winevents.Servicing, 3
	}
	return "", 0
}

// joiner puts a description together again whose line was broken where a window ended, or that has several by itself.
type joiner struct {
	text string
	line int
	left int // lines that may come
}

// starts reports the beginning of a description whose end decides what it is.
func starts(text string) bool {
	if m := engine.FindStringSubmatch(text); m != nil {
		return slices.Contains([]string{"SUS20ClientDataStore", "QmgrDatabaseInstance", "Catalog Database"}, m[3])
	}
	return strings.HasPrefix(text, "Content file download failed") || strings.HasPrefix(text, "BITS ") ||
		strings.HasPrefix(text, "Installation Failure: ")
}

// add takes a line, and gives the description that it completes with the line at which that begins.
func (j *joiner) add(no int, text string) (provider string, id uint16, whole string, line int) {
	const most = 10 // lines of a description
	if provider, id = described(text); provider != "" {
		*j = joiner{}
		return provider, id, text, no
	}
	switch {
	case starts(text):
		*j = joiner{text, no, most}
	case j.left > 0 && text != "":
		j.text, j.left = j.text+" "+text, j.left-1
		if provider, id = described(j.text); provider != "" {
			whole, line = j.text, j.line
			*j = joiner{}
			return provider, id, whole, line
		}
	default:
		*j = joiner{}
	}
	return "", 0, "", 0
}
