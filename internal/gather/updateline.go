package gather

import (
	"strings"

	"github.com/redx-update/redx/internal/format/wulog"
)

func readUpdateLog(in *input) error {
	s := wulog.NewScanner(in.lines())
	agent := newAgentReader(in)
	var held agentLine // a line that was cut off, while it is not known whether the next has the rest
	for s.Scan() {
		e := s.Entry()
		if len(held.text) > 0 {
			if e.Continuation && len(e.Text) > 0 && lineCut(held.text) {
				held.text += " " + string(e.Text)
				held.contents += " " + string(e.Text)
				continue
			}
			agent.line(&held)
			held = agentLine{}
		}
		if l := in.agentLine(e); lineCut(l.text) {
			held = l
		} else {
			agent.line(&l)
		}
	}
	if len(held.text) > 0 {
		agent.line(&held)
	}
	return s.Err()
}

func (in *input) agentLine(e *wulog.Entry) agentLine {
	text := string(e.Text)
	l := agentLine{source: in.line(e.Line), tid: e.TID, text: text, contents: text}
	if e.HasTime {
		l.time, l.local = e.Time, true
	}
	if len(e.Component) > 0 {
		l.contents = string(e.Component) + ": " + text
	}
	return l
}

// lineCut reports a line about a transfer that lacks the end which such lines have, as in a paste out of a narrow window.
func lineCut(text string) bool {
	const longest = 2 << 10
	switch {
	case len(text) > longest:
		return false
	case strings.HasPrefix(text, "DO job"):
		return !strings.Contains(text, "://")
	case strings.HasPrefix(text, "BITS job"):
		return !strings.Contains(text, " = 0x") && !strings.Contains(text, "completed")
	case strings.HasPrefix(text, "Failed job file:"):
		return !strings.Contains(text, `:\`)
	}
	return false
}
