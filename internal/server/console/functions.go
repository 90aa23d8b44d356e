package console

import (
	"fmt"
	"html/template"
	"net/url"
	"strings"
	"time"

	"github.com/redx-update/redx/internal/deploy"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/store"
)

// functions are what the templates can call.
func functions() template.FuncMap {
	return template.FuncMap{
		"when": when, "moment": moment, "code": codeText, "prose": prose, "clip": clip, "n": plural,
		"condition": conditionText, "standing": standingText, "choice": choiceText, "healed": healedText, "computerURL": computerURL, "query": query,
		"conditionMark": conditionMark, "standingMark": standingMark,
	}
}

// moment is a time in attributes; empty for none.
func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func when(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format("2006-01-02 15:04")
}

func codeText(c hresult.Code) string {
	if c == 0 {
		return ""
	}
	return c.String()
}

// prose marks the commands of our own texts, which stand in backquotes.
func prose(s string) template.HTML {
	var b strings.Builder
	for i, part := range strings.Split(s, "`") {
		part = template.HTMLEscapeString(part)
		if i%2 == 1 {
			part = "<code>" + part + "</code>"
		}
		b.WriteString(part)
	}
	return template.HTML(b.String()) // every part of it is escaped above
}

// plural is "1 computer" and "2 computers".
func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// conditions are those that lists are narrowed to.
func conditions() []store.ComputerCondition {
	return []store.ComputerCondition{store.Failing, store.Needing, store.Restarting, store.UpToDate, store.Unreported, store.Silent, store.Shared}
}

func conditionText(c store.ComputerCondition) string {
	switch c {
	case store.Failing:
		return "Failed updates"
	case store.Needing:
		return "Needs updates"
	case store.Restarting:
		return "Restart due"
	case store.UpToDate:
		return "Up to date"
	case store.Silent:
		return "Not seen lately"
	case store.Shared:
		return "Id used by several"
	default:
		return "Nothing reported"
	}
}

func conditionMark(c store.ComputerCondition) mark {
	switch c {
	case store.Failing:
		return markFailed
	case store.UpToDate:
		return markDone
	case store.Unreported:
		return markCancelled
	default:
		return markWaiting
	}
}

func standingMark(s store.Standing) mark {
	if s == store.FailedState {
		return markFailed
	}
	return markWaiting
}

func choiceText(c deploy.Choice) string {
	switch c {
	case deploy.Install:
		return "Install"
	case deploy.Optional:
		return "Offer, to be chosen"
	case deploy.Uninstall:
		return "Uninstall"
	case deploy.DetectOnly:
		return "Detect only"
	default:
		return "Not approved"
	}
}

// healedText says how a computer's own repair ended; the words are those of package agent.
func healedText(word string) string {
	switch word {
	case "mended":
		return "mended, and the update then worked"
	case "still-fails":
		return "repaired, and the update still fails"
	case "unproven":
		return "repaired, and nobody could see whether it helped"
	case "left-alone":
		return "left alone"
	case "taken-back":
		return "the repair could not be done, and was taken back"
	case "waits":
		return "repaired, waits for a restart"
	case "open":
		return "the repair was interrupted; the next start ends it"
	}
	return word
}

func standingText(s store.Standing) string {
	switch s {
	case store.FailedState:
		return "Failed"
	case store.Needed:
		return "Needed"
	case store.Downloaded:
		return "Downloaded"
	case store.RestartDue:
		return "Restart due"
	case store.Installed:
		return "Installed"
	case store.NotNeeded:
		return "Not needed"
	default:
		return "Unknown"
	}
}

// computerURL names the computer for people and says its id for sure: names need not be one computer's alone, and both
// are the computer's word.
func computerURL(name, id string) string {
	path := "-"
	if isPlain(name) {
		path = name
	}
	return "/computers/" + path + "?" + url.Values{"id": {id}}.Encode()
}

// isPlain reports whether a name can stand in a path as it is.
func isPlain(name string) bool {
	return name != "" && strings.Trim(name, ".") != "" && !strings.ContainsFunc(name, func(c rune) bool {
		return c != '.' && c != '-' && c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z')
	})
}

// query makes a link out of a path and pairs of names and values; pairs without a value are left out.
func query(path string, pairs ...any) string {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if value := fmt.Sprint(pairs[i+1]); value != "" {
			q.Set(fmt.Sprint(pairs[i]), value)
		}
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}
