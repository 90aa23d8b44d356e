package trace

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/redx-update/redx/internal/winbin"
)

// reported are the kinds that stand in ReportingEvents.log: number and name (MS-WUSP, table of event identifiers),
// category, and the sentence, whose end readers take the title from.
var reported = map[Kind]struct {
	id       int
	name     string
	category string
	text     string
}{
	ScanDone:         {147, "AGENT_DETECTION_FINISHED", "Software Synchronization", "Searched for updates and found %d."},
	ScanFailed:       {148, "AGENT_DETECTION_FAILED", "Software Synchronization", "Could not search for updates, error %s."},
	DownloadStarted:  {167, "AGENT_DOWNLOAD_STARTED", "Content Download", "Download started."},
	DownloadDone:     {162, "AGENT_DOWNLOAD_SUCCEEDED", "Content Download", "Download succeeded."},
	DownloadFailed:   {161, "AGENT_DOWNLOAD_FAILED", "Content Download", "Could not download the following update with error %s: %s."},
	InstallStarted:   {181, "AGENT_INSTALLING_STARTED", "Content Install", "Begun to install the following update: %s"},
	InstallFailed:    {182, "AGENT_INSTALLING_FAILED", "Content Install", "Could not install the following update with error %s: %s."},
	InstallDone:      {183, "AGENT_INSTALLING_SUCCEEDED", "Content Install", "Installed the following update: %s"},
	InstallCancelled: {186, "AGENT_INSTALL_CANCEL", "Content Install", "Stopped before it was installed, the following update: %s"},
	UninstallFailed:  {221, "AGENT_UNINSTALLING_FAILED", "Content Install", "Could not uninstall the following update with error %s: %s."},
	UninstallDone:    {222, "AGENT_UNINSTALLING_SUCCEEDED", "Content Install", "Uninstalled the following update: %s"},
}

// maxReport is the size at which the older half of ReportingEvents.log is left out.
const maxReport = 4 << 20

// report adds a line to ReportingEvents.log.
func (k *Keeper) report(e *Event) error {
	what, ok := reported[e.Kind]
	if !ok {
		return nil
	}
	path := k.path("ReportingEvents.log")
	old, err := k.copyOf(path, 2*maxReport)
	if err != nil {
		return err
	}
	id := "{" + strings.ToUpper(k.identity(e).String()) + "}"
	if bytes.Contains(old, winbin.PutUTF16(id)) {
		return nil
	}
	subject, result := e.Update.ID, "Success"
	if e.Kind == ScanDone || e.Kind == ScanFailed {
		subject.GUID, subject.Revision = k.o.Service, 0
	}
	if e.Code.Failed() {
		result = "Failure"
	}
	at := e.At.In(k.o.Zone)
	line := strings.Join([]string{
		id, at.Format("2006-01-02 15:04:05:") + fmt.Sprintf("%03d", at.Nanosecond()/1e6) + at.Format("-0700"), "1",
		fmt.Sprintf("%d [%s]", what.id, what.name), "101", "{" + strings.ToUpper(subject.GUID.String()) + "}",
		fmt.Sprint(subject.Revision), fmt.Sprintf("%x", uint32(e.Code)), clean(k.o.Client), result, what.category,
		clean(sentence(what.text, e)), vector(id),
	}, "\t")
	return k.replace(path, append(whole(old), winbin.PutUTF16(line+"\r\n")...))
}

// sentence fills what its form has places for.
func sentence(form string, e *Event) string {
	switch {
	case e.Kind == ScanDone:
		return fmt.Sprintf(form, e.Found)
	case e.Kind == ScanFailed:
		return fmt.Sprintf(form, code(e))
	case strings.Count(form, "%s") == 2:
		return fmt.Sprintf(form, code(e), title(e.Update))
	case strings.Contains(form, "%s"):
		return fmt.Sprintf(form, title(e.Update))
	}
	return form
}

func code(e *Event) string { return fmt.Sprintf("0x%08x", uint32(e.Code)) }

// clean keeps a field on its line and between its tabs.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, s)
}

// vector is what stands for a correlation vector.
func vector(id string) string {
	return base64.StdEncoding.EncodeToString([]byte(id[1:13])) + ".1.0"
}

// whole gives a log as it can be added to: it begins with its mark and ends with a line. The older half of one that has
// become too large is left out.
func whole(b []byte) []byte {
	mark, end := []byte{0xff, 0xfe}, winbin.PutUTF16("\r\n")
	if len(b) < len(mark) {
		return bytes.Clone(mark)
	}
	b = bytes.Clone(b[:len(b)&^1])
	if len(b) > maxReport {
		half := b[len(b)/2&^1:]
		for i := 0; i+len(end) <= len(half); i += 2 {
			if bytes.Equal(half[i:i+len(end)], end) {
				half = half[i+len(end):]
				break
			}
		}
		b = append(bytes.Clone(mark), half...)
	}
	if len(b) > len(mark) && !bytes.HasSuffix(b, end) {
		b = append(b, end...)
	}
	return b
}
