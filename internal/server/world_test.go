package server

import (
	"bytes"
	"context"
	"crypto/sha1"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redx-update/redx/internal/catalog"
	"github.com/redx-update/redx/internal/deploy"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/update"
	"github.com/redx-update/redx/internal/wsus/clientws"
	"github.com/redx-update/redx/internal/wsus/fragment"
	"github.com/redx-update/redx/internal/wsus/reporting"
	"github.com/redx-update/redx/internal/wsus/simpleauth"
	"github.com/redx-update/redx/internal/wsus/soap"
	"github.com/redx-update/redx/internal/wsus/xpress"
)

// world is all that a server stands on, in memory.
type world struct {
	mu        sync.Mutex
	clock     time.Time
	set       Settings
	computers map[string]*Computer
	revs      []catalog.Revision
	approvals []deploy.Approval
	declined  map[guid.GUID]time.Time
	plan      *deploy.Plan
	fragments map[catalog.RevisionID]*fragment.Fragments
	files     map[catalog.RevisionID][]File
	events    []reporting.Event
	findings  map[string]string
	verdict   Verdict
	fetched   int // core fragments asked for
	log       bytes.Buffer
}

var (
	_ SettingsSource = (*world)(nil)
	_ Computers      = (*world)(nil)
	_ Updates        = (*world)(nil)
	_ Reports        = (*world)(nil)
)

const day = 24 * time.Hour

func newWorld() *world {
	w := &world{
		clock: time.Date(2026, 10, 4, 15, 0, 0, 0, time.UTC), computers: map[string]*Computer{}, declined: map[guid.GUID]time.Time{},
		fragments: map[catalog.RevisionID]*fragment.Fragments{}, files: map[catalog.RevisionID][]File{}, findings: map[string]string{},
	}
	w.set = Settings{Epoch: [16]byte{1}, Changed: w.clock.Add(-day), Keys: [][]byte{bytes.Repeat([]byte{7}, 32)}, RequireRegistration: true}
	w.compile()
	return w
}

func (w *world) deps() Deps {
	return Deps{
		Settings: w, Computers: w, Updates: w, Reports: w, Now: w.now, Limits: Limits{PageSize: 4, Wait: time.Minute, Body: time.Minute},
		Log: slog.New(slog.NewTextHandler(lockedWriter{w}, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Content: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(rw, "content %s", r.URL.Path) //nolint:errcheck // a recorder
		}),
	}
}

type lockedWriter struct{ w *world }

func (l lockedWriter) Write(p []byte) (int, error) {
	l.w.mu.Lock()
	defer l.w.mu.Unlock()
	return l.w.log.Write(p)
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.clock
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.clock = w.clock.Add(d)
}

func uid(n int) guid.GUID { return guid.GUID{0xab, byte(n >> 8), byte(n)} }

// add puts a revision with fragments of its own into the catalogue.
func (w *world) add(id int, t catalog.Type, prerequisites ...int) *catalog.Revision {
	r := catalog.Revision{
		RevisionID: catalog.RevisionID(id), ID: update.ID{GUID: uid(id), Revision: 100}, Type: t, Arrived: w.clock.Add(-day),
	}
	for _, p := range prerequisites {
		r.Prerequisites = append(r.Prerequisites, catalog.Clause{AnyOf: []guid.GUID{uid(p)}})
	}
	w.revs = append(w.revs, r)
	w.fragments[r.RevisionID] = &fragment.Fragments{
		Core: fmt.Sprintf("<UpdateIdentity UpdateID=%q />", r.ID.GUID), Extended: fmt.Sprintf("<ExtendedProperties ID=\"%d\" />", id),
		Localized: []fragment.Localized{{Language: "de", XML: "<L>de</L>"}, {Language: "en", XML: "<L>en</L>"}, {Language: "pt-br", XML: "<L>pt-br</L>"}},
		EULAs:     []fragment.EULA{{Language: "en", XML: "<E>en</E>"}, {Language: "en", GeoID: "DEU", XML: "<E>en DEU</E>"}},
	}
	sum := sha1.Sum([]byte{byte(id)})
	w.files[r.RevisionID] = []File{{SHA1: sum[:], Path: fmt.Sprintf("%02X/%X.cab", sum[19], sum)}}
	return &w.revs[len(w.revs)-1]
}

func (w *world) approve(id int, group deploy.GroupID, choice deploy.Choice) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := int32(len(w.approvals) + 1)
	w.approvals = append(w.approvals, deploy.Approval{ID: n, Update: uid(id), Group: group, Choice: choice, Changed: w.clock})
}

const other deploy.GroupID = 3

func (w *world) compile() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.plan = deploy.Compile(deploy.Input{
		Catalog: catalog.Compile(w.revs), Approvals: w.approvals, Declined: w.declined,
		Groups: []deploy.Group{{ID: deploy.AllComputers, Name: "All"}, {ID: deploy.Unassigned, Name: "Unassigned", Parent: deploy.AllComputers}, {ID: other, Name: "Other", Parent: deploy.AllComputers}},
	})
}

func (w *world) Settings() Settings {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.set
}

func (w *world) change(f func(*Settings)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f(&w.set)
}

func (w *world) Claim(_ context.Context, c Claim) (Computer, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.computers[c.ID] == nil {
		w.computers[c.ID] = &Computer{ID: c.ID, Groups: []deploy.GroupID{deploy.Unassigned}}
	}
	return *w.computers[c.ID], nil
}

func (w *world) Computer(_ context.Context, id string) (Computer, bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if id == "00000000-0000-0000-0000-00000000dead" {
		return Computer{}, false, io.ErrUnexpectedEOF
	}
	c := w.computers[id]
	if c == nil {
		return Computer{}, false, nil
	}
	return *c, true, nil
}

func (w *world) Register(_ context.Context, id string, _ clientws.ComputerInfo) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.computers[id].Registered = true
	return nil
}

func (w *world) Synced(string, time.Time, []catalog.RevisionID) {}

func (w *world) Plan() *deploy.Plan {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.plan
}

func (w *world) Core(_ context.Context, ids []catalog.RevisionID) ([]string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []string
	for _, id := range ids {
		all = append(all, w.fragments[id].Core)
		w.fetched++
	}
	return all, nil
}

func (w *world) Fragments(_ context.Context, id catalog.RevisionID) (*fragment.Fragments, error) {
	f := w.fragments[id]
	if f == nil {
		return nil, nil
	}
	beside := *f
	beside.Core = "" // as a store has it
	return &beside, nil
}

func (w *world) Files(_ context.Context, id catalog.RevisionID) ([]File, error) {
	return w.files[id], nil
}

func (w *world) FilesByDigest(_ context.Context, digests [][]byte) ([]File, error) {
	var found []File
	for _, d := range digests {
		for _, files := range w.files {
			if bytes.Equal(files[0].SHA1, d) {
				found = append(found, files[0])
			}
		}
	}
	return found, nil
}

func (w *world) Report(_ context.Context, _ string, events []reporting.Event) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events = append(w.events, events...)
	return nil
}

func (w *world) Findings(_ context.Context, computer string, findings []byte) (Verdict, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.findings[computer] = string(findings)
	return w.verdict, nil
}

// agent is a client of a world's server.
type agent struct {
	t        testing.TB
	w        *world
	server   *httptest.Server
	id       string
	protocol string
	name     string // its User-Agent; empty: Go's
	cookie   *clientws.Cookie
	last     time.Time // GetConfig's LastChange
}

func newAgent(t testing.TB, w *world) *agent {
	server := httptest.NewServer(NewServer(w.deps()))
	t.Cleanup(server.Close)
	return &agent{t: t, w: w, server: server, id: "e1da06a3-5601-43c9-bac3-52d5db701494", protocol: "2.90"}
}

// post sends a body as Windows' agent does, and gives what came back, unpacked.
func (a *agent) post(path string, message []byte) (int, http.Header, []byte) {
	a.t.Helper()
	r, err := http.NewRequest(http.MethodPost, a.server.URL+path, bytes.NewReader(message))
	if err != nil {
		a.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "text/xml; charset=utf-8")
	r.Header.Set("Accept-Encoding", "xpress")
	if a.name != "" {
		r.Header.Set("User-Agent", a.name)
	}
	res, err := a.server.Client().Do(r)
	if err != nil {
		a.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	if res.Header.Get("Content-Encoding") == "xpress" {
		if body, err = xpress.Decode(body, 16<<20); err != nil {
			a.t.Fatal(err)
		}
	}
	return res.StatusCode, res.Header, body
}

// call does an operation. The error is a *soap.Fault when the server said so.
func (a *agent) call(path string, request, answer soap.Body) error {
	a.t.Helper()
	message, err := soap.Agent.Append(nil, request)
	if err != nil {
		a.t.Fatal(err)
	}
	status, _, body := a.post(path, message)
	m, err := soap.Open(body)
	if err != nil {
		a.t.Fatalf("status %d: %v: %.200s", status, err, body)
	}
	if m.Name == "Fault" {
		f, err := m.Fault()
		if err != nil || status != http.StatusInternalServerError || len(f.ID) != 36 || !strings.HasSuffix(f.Method, "/"+nameOf(request)) {
			a.t.Fatalf("status %d, fault %+v: %v", status, f, err)
		}
		return f
	}
	if _, name := answer.Element(); m.Name != name || status != http.StatusOK {
		a.t.Fatalf("status %d, %s instead of %s", status, m.Name, name)
	}
	if err := m.Decode(answer); err != nil {
		a.t.Fatal(err)
	}
	return nil
}

func nameOf(b soap.Body) string {
	_, name := b.Element()
	return name
}

func (a *agent) client(request, answer soap.Body) error {
	a.t.Helper()
	return a.call("/ClientWebService/client.asmx", request, answer)
}

// must fails the test when an operation does.
func (a *agent) must(err error) {
	a.t.Helper()
	if err != nil {
		a.t.Fatal(err)
	}
}

func (a *agent) getConfig() {
	a.t.Helper()
	var answer clientws.GetConfigResponse
	a.must(a.client(&clientws.GetConfig{ProtocolVersion: a.protocol}, &answer))
	a.last = answer.Result.LastChange
}

func (a *agent) authorize() clientws.AuthorizationCookie {
	a.t.Helper()
	var answer simpleauth.GetAuthorizationCookieResponse
	a.must(a.call("/SimpleAuthWebService/SimpleAuth.asmx", &simpleauth.GetAuthorizationCookie{ClientID: a.id, DNSName: "pc"}, &answer))
	return clientws.AuthorizationCookie{PlugInID: answer.Result.PlugInID, CookieData: answer.Result.CookieData}
}

func (a *agent) getCookie(auth ...clientws.AuthorizationCookie) error {
	a.t.Helper()
	var answer clientws.GetCookieResponse
	err := a.client(&clientws.GetCookie{AuthCookies: auth, OldCookie: a.cookie, LastChange: a.last, CurrentTime: time.Now(), ProtocolVersion: a.protocol}, &answer)
	if err == nil {
		a.cookie = answer.Result
	}
	return err
}

func (a *agent) register() error {
	a.t.Helper()
	return a.client(&clientws.RegisterComputer{Cookie: a.cookie, ComputerInfo: &clientws.ComputerInfo{DNSName: "pc"}}, &clientws.RegisterComputerResponse{})
}

// handshake does all that comes before a synchronisation.
func (a *agent) handshake() *agent {
	a.t.Helper()
	a.getConfig()
	a.must(a.getCookie(a.authorize()))
	a.must(a.register())
	return a
}

func (a *agent) sync(p clientws.SyncUpdateParameters) (*clientws.SyncInfo, error) {
	a.t.Helper()
	var answer clientws.SyncUpdatesResponse
	if err := a.client(&clientws.SyncUpdates{Cookie: a.cookie, Parameters: &p}, &answer); err != nil {
		return nil, err
	}
	a.cookie = answer.Result.NewCookie
	return answer.Result, nil
}
