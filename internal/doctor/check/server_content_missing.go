package check

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/update"
)

// notFoundCodes are the ways in which a transfer reports the server's 404.
var notFoundCodes = []hresult.Code{
	0x80190194, // HTTP status 404 as BITS reports it
	0x80244019, // WU_E_PT_HTTP_STATUS_NOT_FOUND
	0x80070194, // the same as a Win32 code
}

// wsusContent is the path of a file on a WSUS server: Content, two hex digits, the SHA-1 as the name.
var wsusContent = regexp.MustCompile(`(?i)/Content/[0-9A-F]{2}/[0-9A-F]{40}\.[a-z0-9]+$`)

// plainURL is an address that means nothing to any shell. The address comes out of a log and ends up in a command that
// people copy.
var plainURL = regexp.MustCompile(`^https?://[A-Za-z0-9._~:/@+,=-]+$`)

// ServerContentMissing finds a file that the update server does not have: a 404 from the WSUS server's own host that
// no later attempt cured. It is not this computer's fault.
func ServerContentMissing() doctor.Check {
	return doctor.Check{
		ID:    "server-content-missing",
		Title: "The update server does not have a file of an update",
		Reads: []evidence.Kind{
			evidence.DownloadFailed, evidence.DownloadDone, evidence.UpdateServer, evidence.Attempt,
		},
		Turn: doctor.ServersTurn,
		Run:  serverContentMissing,
	}
}

func serverContentMissing(x *doctor.Exam) []doctor.Finding {
	hosts := map[string]*evidence.Event{}
	for e := range x.Evidence.Of(evidence.UpdateServer) {
		if h := host(e.Field(evidence.URL)); h != "" {
			hosts[h] = e
		}
	}
	owners := fileOwners(x.Evidence)
	came := downloadsDone(x)
	g := newGathering()
	for e := range x.Evidence.Of(evidence.DownloadFailed) {
		address := e.Field(evidence.URL)
		owner := owners[strings.ToLower(address)].Merge(e.Update)
		if !slices.Contains(notFoundCodes, e.Code) || address == "" || came.later(e, owner) {
			continue
		}
		server, named := hosts[host(address)]
		// Without a word on which server is configured, the form of the address must tell.
		if !named && (len(hosts) > 0 || !wsusContent.MatchString(address) || isMicrosoft(host(address))) {
			continue
		}
		g.addContent(e, owner, server)
	}
	for i := range g.list {
		describeServer(&g.list[i])
	}
	if own := ownContent(x.Evidence); len(own) > 0 {
		return append(g.list, own...)
	}
	if len(g.list) == 0 {
		return unnamedContent(x)
	}
	return g.list
}

// ownContent is an update server's own word: it could not get a file for its store (event 364), which its clients will miss.
func ownContent(set *evidence.Set) []doctor.Finding {
	f := doctor.Finding{
		Severity: doctor.Error, Confidence: doctor.Likely,
		Title: "This update server could not get a file of an update: its clients will not find it there",
		Detail: "The server above it answered 404 for a file that it had announced. Computers that ask this server for the file are not at fault. Have " +
			"the server look for its files again; if the file is not to be had any more, decline the update.",
		Surer: "whether the file has come since: look for it in WsusContent",
		Next:  []string{`"%ProgramFiles%\Update Services\Tools\wsusutil.exe" reset`},
	}
	for e := range set.Of(evidence.DownloadFailed) {
		path := e.Field(evidence.Path)
		if !slices.Contains(notFoundCodes, e.Code) || e.Field(evidence.URL) != "" || !within(path, `\WsusContent\`) {
			continue
		}
		f.Proof, f.Codes = append(f.Proof, e), append(f.Codes, e.Code)
		f.Files = append(f.Files, doctor.File{Path: path})
		f.Missing = append(f.Missing, doctor.Missing{Kind: doctor.MissingFile, Name: path})
	}
	if len(f.Proof) == 0 {
		return nil
	}
	if !set.Machine.Excerpt {
		f.Severity = doctor.Warning // in a whole log, where nothing tells of the files that came since
	}
	return []doctor.Finding{f}
}

// unnamedContent is what an attempt alone says that ended with the server's 404: no log names the file.
func unnamedContent(x *doctor.Exam) []doctor.Finding {
	var out []doctor.Finding
	for e := range x.Evidence.Of(evidence.DownloadFailed) {
		if slices.Contains(notFoundCodes, e.Code) && e.Field(evidence.URL) != "" {
			return nil // the file is known, and was weighed
		}
	}
	for _, s := range standing(x, notFoundCodes...) {
		f := doctor.Finding{
			Severity: doctor.Error, Confidence: doctor.Likely, Update: s.update, Codes: []hresult.Code{s.last.Code}, Proof: s.last.Proof,
			Title: "The update server does not have a file of " + nameOf(s.update),
			Detail: "The server answers 404 for a file that it offered. This computer is not at fault: do not reset it. Tell whoever runs the " +
				"server, and name the update; the log of the download says which file it is.",
			Surer: "the file's address: WindowsUpdate.log or its traces, or the log of the transfer service (Bits-Client/Operational)",
			Next:  []string{"redx explain " + s.last.Code.Hex()},
		}
		if server, named := configuredServer(x.Evidence); named && host(server.Field(evidence.URL)) != "" {
			f.Title = fmt.Sprintf("The update server %s does not have a file of %s", host(server.Field(evidence.URL)), nameOf(s.update))
			f.Proof = append(slices.Clip(f.Proof), server)
		}
		out = append(out, f)
	}
	return out
}

// fileOwners tells for each address whose file it is, from whichever source knows it: transfer events name no update.
func fileOwners(set *evidence.Set) map[string]update.Ref {
	owners := map[string]update.Ref{}
	for e := range set.Of(evidence.DownloadFailed, evidence.DatastoreFile) {
		if address := strings.ToLower(e.Field(evidence.URL)); address != "" {
			owners[address] = owners[address].Merge(e.Update)
		}
	}
	return owners
}

// host is the host of an address in lower case, without port: clients use the configured port for metadata and may
// use another for content.
func host(address string) string {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Hostname())
}

// isMicrosoft reports a host of Microsoft's own delivery networks.
func isMicrosoft(h string) bool {
	for _, d := range []string{"microsoft.com", "windowsupdate.com"} {
		if h == d || strings.HasSuffix(h, "."+d) {
			return true
		}
	}
	return false
}

// downloads are the files that came, and the updates that were downloaded or installed.
type downloads struct {
	files   byName // by address
	updates byUpdate
	fetched update.Index[bool] // updates that a download of succeeded
}

func downloadsDone(x *doctor.Exam) *downloads {
	return doctor.View(x, viewKey("downloads"), makeDownloads)
}

func makeDownloads(x *doctor.Exam) *downloads {
	d := downloads{files: byName{}}
	for e := range x.Evidence.Of(evidence.DownloadDone) {
		d.files.add(strings.ToLower(e.Field(evidence.URL)), e)
	}
	for e := range x.Evidence.Of(evidence.Attempt) {
		if !succeeded(e) {
			continue
		}
		d.updates.add(e.Update, e)
		if e.Field(evidence.Phase) == evidence.PhaseDownload {
			d.fetched.Add(e.Update, true)
		}
	}
	return &d
}

// later reports that the file of a failed download came later, or that its update was installed later.
func (d *downloads) later(e *evidence.Event, owner update.Ref) bool {
	return d.files[strings.ToLower(e.Field(evidence.URL))].after(e) || d.updates.after(owner, e)
}

func (g *gathering) addContent(e *evidence.Event, owner update.Ref, server *evidence.Event) {
	fresh := doctor.Finding{Severity: doctor.Error, Confidence: doctor.Proven}
	if server == nil {
		fresh.Confidence = doctor.Likely
		fresh.Surer = "which update server is configured: no evidence names it, and the address only has the form of one"
	} else {
		fresh.Proof = []*evidence.Event{server}
	}
	i := g.of(owner, fresh)
	f := &g.list[i]
	f.Codes = append(f.Codes, e.Code)
	f.Proof = append(f.Proof, e)
	file := fileOf(e)
	if !g.first(mention{finding: i, path: strings.ToLower(file.URL)}) {
		return
	}
	if m := wsusContent.FindString(file.URL); m != "" && file.SHA1 == "" {
		name := m[strings.LastIndexByte(m, '/')+1:]
		file.SHA1 = strings.ToLower(name[:40])
	}
	f.Files = append(f.Files, file)
	f.Missing = append(f.Missing, doctor.Missing{Kind: doctor.MissingFile, Name: file.URL})
}

func describeServer(f *doctor.Finding) {
	server := host(f.Files[0].URL)
	f.Title = fmt.Sprintf("The update server %s does not have %s of %s", server, files(len(f.Files)), nameOf(f.Update))
	f.Detail = "Tell the administrator of " + server + " that it answers 404 for the address above, a file that it offers; the PC that asks is " +
		"not at fault. Once the file is there, check for updates. For the administrator: is the " +
		"file in WsusContent? If so, the web server does not hand it out (rights on the folder; the /Content folder of the site; MIME types " +
		"of .psf, .msu and .wim). If not, get it again; wsusutil reset only as the last thing."
	f.Next = []string{"redx explain " + f.Codes[0].Hex()}
	if plainURL.MatchString(f.Files[0].URL) {
		f.Next = []string{"curl -I " + f.Files[0].URL}
	}
}
