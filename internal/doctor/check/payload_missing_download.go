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

// saysMissing are those of them that mean nothing else, and so stand for a file that is not named.
var saysMissing = []hresult.Code{
	0x80246010, // WU_E_DM_SANDBOXNOTFOUND
	0x80246012, // WU_E_DM_DOWNLOADFILEMISSING
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
		Reads:         []evidence.Kind{evidence.Attempt, evidence.DatastoreFile, evidence.UpdateFileMissing, evidence.FileState, evidence.PutAside, evidence.Trouble},
		ConsequenceOf: []string{"server-content-missing"},
		Run:           payloadMissingDownload,
	}
}

func payloadMissingDownload(x *doctor.Exam) []doctor.Finding {
	var out []doctor.Finding
	files := lostFiles(x.Evidence)
	once := downloadsDone(x)
	for _, group := range x.Attempts {
		last, failing := group.Standing()
		if !failing || !slices.Contains(payloadCodes, last.Code) || !wasDownloaded(once, group) {
			continue
		}
		lost := files.of(group.Update)
		if len(lost) == 0 {
			if slices.Contains(saysMissing, last.Code) && !x.Evidence.Machine.Present {
				out = append(out, unnamedPayload(x.Evidence, group.Update, last.Code, last.Proof))
			}
			continue
		}
		u := group.Update
		if !lost[0].joined {
			u = update.Ref{} // the file is certain, whose it is is not
			files.loose = nil
		}
		f := payloadFinding(x.Evidence, u, last.Code, last.Proof, lost)
		repairFirst(&f)
		forOwnAgent(&f)
		settle(&f, x.Evidence)
		out = append(out, f)
	}
	words := unhealed(x.Evidence, troubled(x.Evidence, saysMissing))
	if len(out) == 0 && !x.Evidence.Machine.Present && tell(x.Evidence, words) {
		last := words[len(words)-1]
		out = append(out, unnamedPayload(x.Evidence, last.Update, last.Code, proofOf(words, 3)))
	}
	return out
}

// unnamedPayload is what the agent's own word for it comes to where no file is named: a log without the datastore.
func unnamedPayload(set *evidence.Set, u update.Ref, code hresult.Code, proof []*evidence.Event) doctor.Finding {
	f := payloadFinding(set, u, code, proof, nil)
	f.Title = "Files are missing from the download folder of " + nameOf(u)
	f.Confidence = doctor.Likely
	f.Surer = "which files: the datastore and the folder, redx diagnose --image DIR"
	for _, e := range proof {
		if path := e.Field(evidence.Path); path != "" {
			f.Missing = append(f.Missing, doctor.Missing{Kind: doctor.MissingFile, Name: path})
			f.Files = append(f.Files, doctor.File{Path: path})
		}
	}
	return f
}

// wasDownloaded reports that the failed attempt had its files once: it got as far as installing, or an earlier
// download of the same update succeeded, and nothing says that the last download failed otherwise.
func wasDownloaded(once *downloads, group history.Attempts) bool {
	if group.Entries[0].Phase == evidence.PhaseInstall {
		return true
	}
	for range once.fetched.Same(group.Update) {
		return true
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

// lostOnes are the files that are named and not there, in the order of what names them.
type lostOnes struct {
	all     []lostFile
	tied    update.Index[int]    // by the update that the evidence ties them to
	folders update.Index[string] // the download folders that the datastore ties to an update
	inside  map[string][]int     // of no known update, by the download folder that they lie in
	loose   []int                // all of no known update
}

func lostFiles(set *evidence.Set) *lostOnes {
	o := lostOnes{inside: map[string][]int{}}
	known := map[string]bool{}
	for e := range set.Of(evidence.DatastoreFile, evidence.UpdateFileMissing) {
		folder := strings.ToLower(downloadFolder(e.Field(evidence.Path)))
		if key := folder + "\x00" + fmt.Sprint(e.Update); e.Kind == evidence.DatastoreFile && folder != "" && !known[key] {
			known[key] = true
			o.folders.Add(e.Update, folder)
		}
		l, ok := lost(set, e)
		if !ok {
			continue
		}
		at := len(o.all)
		o.all = append(o.all, l)
		if !e.Update.IsZero() {
			o.tied.Add(e.Update, at)
			continue
		}
		o.loose = append(o.loose, at)
		if e.Kind == evidence.UpdateFileMissing && folder != "" {
			o.inside[folder] = append(o.inside[folder], at)
		}
	}
	return &o
}

// of gives the files of one update. Those that are named without an update are its own when they lie in a download
// folder of its; else they count only when none is tied to it.
func (o *lostOnes) of(u update.Ref) []lostFile {
	at := slices.Collect(o.tied.Same(u))
	for folder := range o.folders.Same(u) {
		at = append(at, o.inside[folder]...)
	}
	joined := len(at) > 0
	if !joined {
		at = slices.Clone(o.loose)
	}
	slices.Sort(at)
	var out []lostFile
	index := map[string]int{}
	for _, i := range slices.Compact(at) {
		l := o.all[i]
		l.joined = joined
		path := strings.ToLower(l.file.Path)
		if first, again := index[path]; again {
			out[first].file = mergeFile(out[first].file, l.file)
			out[first].evidence = append(slices.Clip(out[first].evidence), l.evidence[0])
			continue
		}
		index[path] = len(out)
		out = append(out, l)
	}
	return out
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

func payloadFinding(set *evidence.Set, u update.Ref, code hresult.Code, told []*evidence.Event, lost []lostFile) doctor.Finding {
	f := doctor.Finding{
		Severity: doctor.Error, Confidence: doctor.Proven, Update: u,
		Title: fmt.Sprintf("%s missing from the download folder of %s", filesAre(len(lost)), nameOf(u)),
		Detail: "The update was downloaded, and files of it are gone since; installing it fails each time until they are " +
			"downloaded again: redx repair puts the update's folder aside, and the next check for updates brings it anew. " +
			"Installed updates are not touched.",
		Codes: []hresult.Code{code},
		Proof: slices.Clone(told[:1]),
		Next:  articleCommands(set),
	}
	named := map[doctor.Missing]bool{}
	for _, l := range lost {
		f.Files = append(f.Files, l.file)
		if !named[l.missing] {
			named[l.missing] = true
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
			f.Surer = "a datastore that ties the file to this update; this one does not"
		}
	}
	// The first account of the attempt and the files come first; that other sources tell of the attempt too is less.
	f.Proof = append(f.Proof, told[1:]...)
	return f
}
