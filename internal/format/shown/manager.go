package shown

import (
	"regexp"
	"slices"
	"strings"
)

// scanFailed is how the client of a Configuration Manager tells of a search of the update agent, in the log of its handler.
var scanFailed = regexp.MustCompile(`(?i)<!\[LOG\[[^\]]*\berror = 0x([89][0-9a-f]{7})\b[^\]]*\]LOG\]!>.*component="WUAHandler"`)

// wuaHandler names the records of that log.
const wuaHandler = "WUAHandler"

// handler reads a line of that log. A search that went well takes back what the ones before it ended with.
func (s *state) handler(r *Record) bool {
	if !strings.Contains(r.Text, `component="`+wuaHandler+`"`) {
		return false
	}
	if strings.Contains(r.Text, "Successfully completed scan") {
		s.out = slices.DeleteFunc(s.out, func(o Record) bool { return o.Name == wuaHandler })
	}
	m := scanFailed.FindStringSubmatch(r.Text)
	if m == nil {
		return false
	}
	r.Kind, r.Name = AgentFailed, wuaHandler
	var ok bool
	r.Code, ok = number(m[1])
	return ok
}
