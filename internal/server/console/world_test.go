package console_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redx-update/redx/internal/content/file"
	"github.com/redx-update/redx/internal/deploy"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/server"
	"github.com/redx-update/redx/internal/server/access"
	"github.com/redx-update/redx/internal/server/backend"
	"github.com/redx-update/redx/internal/server/console"
	"github.com/redx-update/redx/internal/server/findings"
	"github.com/redx-update/redx/internal/store"
	"github.com/redx-update/redx/internal/store/sqlite"
	"github.com/redx-update/redx/internal/store/storetest"
	"github.com/redx-update/redx/internal/update"
)

// now is when all of these tests take place.
var now = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// world is a console over a real store.
type world struct {
	t       testing.TB
	store   *sqlite.Store
	backend *backend.Backend
	log     strings.Builder
	setUp   bool
	http    *httptest.Server
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t}
	dir := t.TempDir()
	s, err := sqlite.Open(t.Context(), filepath.Join(dir, "s.db"))
	w.check(err)
	t.Cleanup(func() { s.Close() })
	w.store = s
	files, err := file.Open(filepath.Join(dir, "Content"))
	w.check(err)
	t.Cleanup(func() { files.Close() })
	log := slog.New(slog.NewTextHandler(&w.log, nil))
	w.backend, err = backend.New(t.Context(), s, files, server.Settings{}, log)
	w.check(err)
	c, err := console.New(console.Deps{
		Store: s, Catalogue: w.backend, Access: access.New(s, nil), Log: log, Now: func() time.Time { return now }, SetUp: func() { w.setUp = true },
	})
	w.check(err)
	w.http = httptest.NewServer(c)
	t.Cleanup(w.http.Close)
	return w
}

func (w *world) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// update adds an update whose file is there.
func (w *world) update(n byte, title, kb string) guid.GUID {
	w.t.Helper()
	u := storetest.Update(n, 1)
	u.Revision.Prerequisites = nil
	u.Info.Title, u.Info.KB, u.Info.Created = title, update.KB(kb), now.AddDate(0, 0, -int(n))
	u.Info.Files[0].Name = strings.ToLower(kb) + ".cab"
	_, err := w.store.AddUpdates(w.t.Context(), []store.Update{u})
	w.check(err)
	w.check(w.store.SetFileState(w.t.Context(), u.Info.Files[0].SHA1, store.FileState{Condition: store.Verified, Checked: now}))
	w.check(w.backend.Refresh(w.t.Context()))
	return u.Revision.ID.GUID
}

func (w *world) computer(id, name string) {
	w.t.Helper()
	_, err := w.store.Enroll(w.t.Context(), store.Sighting{ID: id, Name: name, Address: "192.0.2.7", Time: now.Add(-time.Hour)})
	w.check(err)
}

// report adds events about an update, each "id" or "id:code", a minute apart, the last one so long ago.
func (w *world) report(computer string, about guid.GUID, ago time.Duration, events ...string) {
	w.t.Helper()
	all := make([]store.Event, len(events))
	for i, text := range events {
		all[i] = w.event(computer, about, ago+time.Duration(len(events)-1-i)*time.Minute, text)
	}
	w.check(w.store.AddEvents(w.t.Context(), computer, all))
}

func (w *world) event(computer string, about guid.GUID, ago time.Duration, text string) store.Event {
	w.t.Helper()
	var id int
	var code uint32
	_, err := fmt.Sscanf(text, "%d:%x", &id, &code)
	if err != nil {
		_, err = fmt.Sscanf(text, "%d", &id)
	}
	w.check(err)
	e := store.Event{
		Time: now.Add(-ago), EventID: id, Code: hresult.Code(code), Update: update.ID{GUID: about, Revision: 1}, Received: now,
	}
	copy(e.Instance[:], fmt.Sprintf("%d%d%s", e.Time.Unix(), id, computer))
	return e
}

// diagnose has a computer send findings so long ago.
func (w *world) diagnose(computer string, ago time.Duration, sent string) {
	w.t.Helper()
	d, err := findings.Parse([]byte(sent))
	w.check(err)
	w.check(w.store.AddFinding(w.t.Context(), store.Finding{Computer: computer, Time: now.Add(-ago), JSON: []byte(sent), Causes: d.Causes()}))
}

// visitor is a browser without a screen.
type visitor struct {
	*world
	client *http.Client
}

func (w *world) visitor() *visitor {
	jar, err := cookiejar.New(nil)
	w.check(err)
	return &visitor{w, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// admin is a visitor who is logged in.
func (w *world) admin() *visitor {
	w.t.Helper()
	v := w.visitor()
	link, err := console.LoginLink(w.t.Context(), w.store, "")
	w.check(err)
	if r, body := v.get(link); r.StatusCode != http.StatusOK {
		w.t.Fatalf("the link: %d %s\n%s", r.StatusCode, body, w.log.String())
	}
	return v
}

// answer is what a request brings, beside its body.
type answer struct {
	StatusCode int
	Header     http.Header
	Cookies    []*http.Cookie
}

func (v *visitor) do(r *http.Request) (answer, string) {
	v.t.Helper()
	a, err := v.client.Do(r)
	v.check(err)
	defer a.Body.Close()
	b, err := io.ReadAll(a.Body)
	v.check(err)
	return answer{a.StatusCode, a.Header, a.Cookies()}, string(b)
}

func (v *visitor) get(path string) (answer, string) {
	v.t.Helper()
	r, err := http.NewRequestWithContext(v.t.Context(), http.MethodGet, v.http.URL+path, nil)
	v.check(err)
	return v.do(r)
}

// page gets a page that must be there.
func (v *visitor) page(path string) string {
	v.t.Helper()
	r, body := v.get(path)
	if r.StatusCode != http.StatusOK {
		v.t.Fatalf("%s: %d %s\n%s", path, r.StatusCode, body, v.log.String())
	}
	return body
}

var formField = regexp.MustCompile(`name="form" value="([^"]+)"`)

// post sends a form that the page at from has shown.
func (v *visitor) post(from, path string, fields ...string) (answer, string) {
	v.t.Helper()
	_, body := v.get(from)
	form := url.Values{}
	if m := formField.FindStringSubmatch(body); m != nil {
		form.Set("form", m[1])
	}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	r, err := http.NewRequestWithContext(v.t.Context(), http.MethodPost, v.http.URL+path, strings.NewReader(form.Encode()))
	v.check(err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return v.do(r)
}

// goneFile is a diagnosis that proves a file gone, of the update with the number one.
const goneFile = `{"image": {"kind": "online", "path": "C:"}, "findings": [{
	"id": "payload-missing-download-5f3a", "check": "payload-missing-download", "severity": "error", "confidence": "proven",
	"title": "A file of KB5034441 was downloaded and is gone", "turn": "owner", "codes": ["0x80070002"],
	"detail": "The update was downloaded and verified, and then the installer did not find this file in its folder.",
	"update": {"id": "00000000-0000-0000-0000-000000000001", "kb": "KB5034441", "title": "2026-11 Security Update for Windows 11 (KB5034441)"},
	"files": [{"path": "C:\\Windows\\SoftwareDistribution\\Download\\3c997e49bbf4ad5e\\amd64_winre_31bf3856ad364e35_10.0.22621.3000_none\\winre.dll", "sha1": "997e49bbf4ad5ee847d0e77aa30648c70c71323c"}],
	"missing": [{"kind": "file", "name": "amd64_winre_31bf3856ad364e35_10.0.22621.3000_none\\winre.dll"}],
	"proof": [{"source": "C:\\Windows\\Logs\\CBS\\CBS.log", "line": 4711, "time": "2026-11-25T10:58:07Z", "text": "Error CBS Failed to resolve item[0] in Package: Package_for_KB5034441, Update: Trigger_1 [HRESULT = 0x80070002 - ERROR_FILE_NOT_FOUND]"}],
	"next": ["redx repair"]}], "unread": []%s}`

const healed = `, "healing": {"healed": "mended", "findings": ["payload-missing-download-5f3a"], "rungs": ["update-folder"], "attempts": 1}`

// healing is the id of the computer that has healed itself.
const healing = "5a1b2c3d-0000-4000-8000-000000000000"

// fleet brings up an office: one update has failed alike on many computers, one of them has healed itself.
func (w *world) fleet() {
	w.t.Helper()
	security := w.update(1, "2026-11 Security Update for Windows 11 (KB5034441)", "KB5034441")
	cumulative := w.update(2, "2026-11 Cumulative Update for Windows 11 Version 24H2 (KB5046740)", "KB5046740")
	net := w.update(3, "2026-10 .NET Framework 3.5 and 4.8.1 Cumulative Update (KB5044033)", "KB5044033")
	lost := w.update(4, "Line of business application 7.2", "KB9000001")
	w.check(w.store.SetFileState(w.t.Context(), [20]byte{4}, store.FileState{Condition: store.Missing, Checked: now.Add(time.Minute), Problem: "not there"}))
	_, err := w.store.Approve(w.t.Context(), deploy.Approval{Update: security, Group: deploy.AllComputers, Choice: deploy.Install})
	w.check(err)
	// All at once: the store commits together what comes together.
	var all sync.WaitGroup
	for i := range 60 {
		all.Go(func() {
			id, name := fmt.Sprintf("5a1b2c3d-0000-4000-8000-%012x", i), fmt.Sprintf("pc-%03d.office.example", i)
			w.computer(id, name)
			w.check(w.store.Register(w.t.Context(), id, store.Details{"OSMajorVersion": "10", "OSMinorVersion": "0", "OSBuildNumber": "26100", "ComputerManufacturer": "Contoso", "ComputerModel": "Desk 7"}))
			w.report(id, cumulative, 80*time.Hour, "167", "162", "181", "184", "183")
			switch {
			case i < 37:
				ago := time.Hour + time.Duration(i)*5*time.Hour
				w.report(id, security, ago+2*time.Minute, "167", "162", "181", "182:80070002")
				w.diagnose(id, ago, fmt.Sprintf(goneFile, ""))
			case i < 45:
				w.report(id, net, 30*time.Hour, "167", "161:80072EE2")
			case i < 50:
				w.report(id, net, 3*time.Hour, "167", "162")
			case i < 53:
				w.report(id, lost, time.Hour, "181", "184")
			}
		})
	}
	all.Wait()
	_, err = w.store.Enroll(w.t.Context(), store.Sighting{ID: "silent", Name: "pc-900.office.example", Address: "192.0.2.9", Time: now.AddDate(0, 0, -40)})
	w.check(err)
	w.diagnose(healing, 30*time.Minute, fmt.Sprintf(goneFile, healed))
	w.report(healing, security, 20*time.Minute, "167", "162", "181", "183")
	w.check(w.store.PauseHealing(w.t.Context(), store.HealingPause{What: "payload-missing-download-5f3a", Since: now.Add(-50 * time.Minute), Why: "36 of 61 computers have sent it within a day"}))
	w.report(healing, net, 26*time.Hour, "167", "163")
	w.check(w.backend.Refresh(w.t.Context()))
}
