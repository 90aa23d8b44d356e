package shown

import (
	"regexp"
	"strconv"
	"strings"
)

var (
	knowledge = regexp.MustCompile(`\(KB\d{6,7}\)|\bKB\d{6,7}\b`)
	// listed is the end of an entry that failed in Settings' list: "Failed to install on 3/14/2023 - 0x800f0831".
	listed = regexp.MustCompile(`[-–—] ?(?:\pL+ )?\(?0x([89c][0-9a-fA-F]{7})\)?$`)
	// details is the same in the list of Windows 8.1 and before: "Error details: Code 80070005".
	details = regexp.MustCompile(`^\pL[^:：]{0,40} ?[:：] ?\pL+ (?:0x)?([89C][0-9A-F]{7})\.?$`)
	// dated is the end of one that was installed: "Successfully installed on 3/14/2023".
	dated   = regexp.MustCompile(`^\pL[^:：\d]* \d{1,4}[./-]\d{1,2}[./-]\d{2,4}$`)
	loading = regexp.MustCompile(`(?i)^(?:download|erreur de téléchargement|error de descarga|errore di download)`)
	// found is the dialog of Windows 8.1 and before after a search: "Code 80072F8F  Windows Update encountered ...".
	found = regexp.MustCompile(`^\pL+ (?:0x)?([89C][0-9A-F]{7})\b`)
	// mayHelp is what the later one ends with, in any language: "... this may help: (0x80072ee2)".
	mayHelp = regexp.MustCompile(`[:：] ?\(0x([89][0-9a-fA-F]{7})\)\.?["”]?$`)
	// delivery is an entry of Get-DeliveryOptimizationLog about a service that is not there, a download that stands still, or parts that
	// are not as asked for. Its other codes stand in healthy ones: who asked for a job that is done, or waits for another network.
	delivery = regexp.MustCompile(`^ErrorCode *: *0x(80[dD]0(?:1001|2002|5[0-9a-fA-F]{3}))$`)
	// delivered is an entry about something else, or that went well.
	delivered = regexp.MustCompile(`^ErrorCode *: *(?:0x)?0*$`)

	packageKey = regexp.MustCompile(`\\Component Based Servicing\\Packages\\([^\\\s\]]+~[^\\\s\]]*)\]?$`)
	stateValue = regexp.MustCompile(`^"?CurrentState"? *(?:REG_DWORD +0x|=dword:)([0-9a-fA-F]{1,8})`)
	stateRow   = regexp.MustCompile(`^([\w-]+~[\w~.-]+) +(-\d{1,3})$`)
)

// entitled remembers a line that can be the title of an entry.
func (s *state) entitled(text string) {
	const near = 4 // lines between the title and the result
	switch {
	case knowledge.MatchString(text) && !strings.Contains(text, "~"): // which names of packages have
		s.title = heading{text, near}
	case strings.Contains(text, "Windows 1") && len(text) < 120 && !strings.ContainsAny(text, `\:`):
		s.title = heading{text, 1} // of a new version of Windows, which has no number
	case s.title.left > 0:
		s.title.left--
	}
}

// inList reads the result of an entry of the list of updates.
func (s *state) inList(r *Record) bool {
	title, rest := s.title.text, r.Text
	if at := knowledge.FindStringIndex(r.Text); at != nil {
		title, rest = r.Text[:at[1]], r.Text[at[1]:]
	} else if s.title.left == 0 {
		return false
	}
	m := listed.FindStringSubmatch(rest)
	if m == nil {
		m = details.FindStringSubmatch(rest)
	}
	if m == nil {
		s.installed(rest)
		return false
	}
	r.Kind, r.Title, r.Download = UpdateFailed, title, loading.MatchString(r.Text)
	s.title = heading{}
	var ok bool
	r.Code, ok = number(m[1])
	return ok
}

// installed remembers an entry that only has a date: that of its success. The newest entry of an update stands first.
func (s *state) installed(text string) {
	if dated.MatchString(text) && len(s.done) < maxRecords {
		if s.done == nil {
			s.done = map[string]bool{}
		}
		s.done[s.title.text] = true
		s.title = heading{}
	}
}

// dialog reads a dialog of Windows Update, or an entry of Delivery Optimization's log.
func (s *state) dialog(r *Record) bool {
	const near = 5 // lines behind the one that names Windows Update
	if delivered.MatchString(r.Text) {
		s.delivered++
	}
	m := mayHelp.FindStringSubmatch(r.Text)
	if m == nil {
		m = delivery.FindStringSubmatch(r.Text)
	}
	if m == nil && s.agent > 0 && r.Line-s.agent <= near {
		m = found.FindStringSubmatch(r.Text)
	}
	if m == nil {
		return false
	}
	r.Kind = AgentFailed
	var ok bool
	r.Code, ok = number(m[1])
	return ok
}

// registry reads the state of a package: out of reg query, an exported key, or a list of PowerShell's.
func (s *state) registry(r *Record) bool {
	if m := packageKey.FindStringSubmatch(r.Text); m != nil {
		s.key = m[1]
		return false
	}
	r.Kind = PackageState
	if m := stateValue.FindStringSubmatch(r.Text); m != nil && s.key != "" {
		n, err := strconv.ParseUint(m[1], 16, 32)
		r.Name, r.State = s.key, int(int32(uint32(n)))
		return err == nil && r.State < 0
	}
	if m := stateRow.FindStringSubmatch(r.Text); m != nil {
		n, err := strconv.Atoi(m[2])
		r.Name, r.State = m[1], n
		return err == nil
	}
	return false
}
