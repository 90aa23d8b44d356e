package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/history"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/update"
)

// payloadCodes are the results of an attempt that did not find its downloaded files (wuerror.h; KB 910336).
var payloadCodes = []hresult.Code{
	hresult.FileNotFound, hresult.PathNotFound,
	0x80246007, // WU_E_DM_NOTDOWNLOADED
	0x80246010, // WU_E_DM_SANDBOXNOTFOUND (observed name in wuerror.h)
	0x80246012, // WU_E_DM_DOWNLOADFILEMISSING
	0x80248027, // WU_E_DS_NODATA_FILE
}

// articleCommands are the steps of KB 910336 as commands, with a name that is not taken by an earlier reset.
func articleCommands(set *evidence.Set) []string {
	name := evidence.AsideName(1)
	for n := 1; n < 100; n++ {
		name = evidence.AsideName(n)
		if state, looked := set.FileState(set.Machine.SystemRoot + `\` + name); !looked || state.Field(evidence.State) == evidence.Absent {
			break
		}
	}
	return []string{
		"net stop wuauserv", `ren %windir%\SoftwareDistribution ` + name, "net start wuauserv", openWindowsUpdate,
	}
}

// PayloadMissingDownload finds an update that was downloaded, whose installation failed because files are missing,
// and a file of it that is not there. A file that is merely absent, as after any clean-up, is no finding, and neither
// is the code without a file.
func PayloadMissingDownload() doctor.Check {
	return doctor.Check{
		ID:            "payload-missing-download",
		Title:         "Files of an update are missing from the download folder",
		Reads:         []evidence.Kind{evidence.Attempt, evidence.DatastoreFile, evidence.UpdateFileMissing, evidence.FileState, evidence.PutAside},
		ConsequenceOf: []string{"server-content-missing"},
		Run:           payloadMissingDownload,
	}
}

func payloadMissingDownload(x *doctor.Exam) []doctor.Finding {
	var out []doctor.Finding
	for _, group := range history.ByUpdate(x.History) {
		last, failing := group.Standing()
		if !failing || !slices.Contains(payloadCodes, last.Code) || !wasDownloaded(x.Evidence, group) {
			continue
		}
		lost := lostFiles(x.Evidence, group.Update)
		if len(lost) == 0 {
			continue
		}
		u := group.Update
		if !lost[0].joined {
			u = update.Ref{} // the file is certain, whose it is is not
		}
		f := payloadFinding(x.Evidence, u, last, lost)
		repairFirst(&f)
		settle(&f, x.Evidence)
		out = append(out, f)
	}
	return out
}

// wasDownloaded reports that the failed attempt had its files once: it got as far as installing, or an earlier
// download of the same update succeeded, and nothing says that the last download failed otherwise.
func wasDownloaded(set *evidence.Set, group history.Attempts) bool {
	if group.Entries[0].Phase == evidence.PhaseInstall {
		return true
	}
	for e := range set.Of(evidence.Attempt) {
		if e.Field(evidence.Phase) == evidence.PhaseDownload && e.Field(evidence.Result) == string(update.Succeeded) &&
			e.Update.Same(group.Update) {
			return true
		}
	}
	return false
}

// lostFile is a file that something names and that is not there.
type lostFile struct {
	file     doctor.File
	missing  doctor.Missing
	seen     bool // looked for on the image and absent, not only said to be
	joined   bool // the evidence ties it to the update
	evidence []*evidence.Event
}

// lostFiles gives the files of one update that are named and not there. Files that the datastore knows without their
// update count only when none is tied to it.
func lostFiles(set *evidence.Set, u update.Ref) []lostFile {
	var tied, loose []lostFile
	for e := range set.Of(evidence.DatastoreFile, evidence.UpdateFileMissing) {
		known := !e.Update.IsZero()
		if known && !e.Update.Same(u) {
			continue
		}
		l, ok := lost(set, e)
		if !ok {
			continue
		}
		l.joined = known || e.Kind == evidence.UpdateFileMissing && inUpdateFolder(set, e, u)
		if l.joined {
			tied = mergeLost(tied, l)
		} else {
			loose = mergeLost(loose, l)
		}
	}
	if len(tied) > 0 {
		return tied
	}
	return loose
}

// inUpdateFolder reports that a path lies in a download folder that the datastore ties to the update.
func inUpdateFolder(set *evidence.Set, e *evidence.Event, u update.Ref) bool {
	folder := downloadFolder(e.Field(evidence.Path))
	for d := range set.Of(evidence.DatastoreFile) {
		if folder != "" && d.Update.Same(u) && strings.EqualFold(downloadFolder(d.Field(evidence.Path)), folder) {
			return true
		}
	}
	return false
}

// downloadFolder is the folder of one update below SoftwareDistribution\Download, "" when the path is elsewhere.
func downloadFolder(path string) string {
	const download = `\download\`
	i := strings.Index(strings.ToLower(path), download)
	if i < 0 {
		return ""
	}
	rest := path[i+len(download):]
	if j := strings.IndexByte(rest, '\\'); j >= 0 {
		rest = rest[:j]
	}
	return path[:i+len(download)] + rest
}

func lost(set *evidence.Set, e *evidence.Event) (lostFile, bool) {
	l := lostFile{file: fileOf(e), evidence: []*evidence.Event{e}}
	l.missing = doctor.Missing{Kind: doctor.MissingFile, Name: l.file.Path}
	state, looked := set.FileState(l.file.Path)
	if !looked {
		// In a bundle of logs nothing can be looked at: only what the log itself says is missing counts.
		return l, e.Kind == evidence.UpdateFileMissing
	}
	l.seen = true
	l.evidence = append(l.evidence, state)
	switch state.Field(evidence.State) {
	case evidence.NoFolder:
		l.missing = doctor.Missing{Kind: doctor.MissingDirectory, Name: state.Field(evidence.Name)}
		return l, true
	case evidence.Absent:
		return l, true
	default:
		return l, false
	}
}

// mergeLost adds a file, or what a second source knows of it.
func mergeLost(list []lostFile, l lostFile) []lostFile {
	for i := range list {
		if strings.EqualFold(list[i].file.Path, l.file.Path) {
			list[i].file = mergeFile(list[i].file, l.file)
			list[i].evidence = append(list[i].evidence, l.evidence[0])
			return list
		}
	}
	return append(list, l)
}

func payloadFinding(set *evidence.Set, u update.Ref, last history.Entry, lost []lostFile) doctor.Finding {
	f := doctor.Finding{
		Severity: doctor.Error, Confidence: doctor.Proven, Update: u,
		Title: fmt.Sprintf("%s missing from the download folder of %s", filesAre(len(lost)), nameOf(u)),
		Detail: "The update was downloaded, and files of it are gone since; installing it fails each time until they are " +
			"downloaded again: put the folder aside, then check for updates. Installed updates are not touched by that.",
		Codes: []hresult.Code{last.Code},
		Proof: slices.Clone(last.Proof[:1]),
		Next:  articleCommands(set),
	}
	for _, l := range lost {
		f.Files = append(f.Files, l.file)
		if !slices.Contains(f.Missing, l.missing) {
			f.Missing = append(f.Missing, l.missing)
		}
		f.Proof = append(f.Proof, l.evidence...)
		if !l.seen || !l.joined {
			f.Confidence = doctor.Likely
		}
		if !l.seen {
			f.Surer = "look on the disk itself: redx diagnose --image DIR"
		}
		if !l.joined {
			f.Surer = "the datastore does not tie the file to this update"
		}
	}
	// The first account of the attempt and the files come first; that other sources tell of the attempt too is less.
	f.Proof = append(f.Proof, last.Proof[1:]...)
	return f
}
