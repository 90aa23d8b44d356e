package location_test

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/agent"
	"github.com/redx-update/redx/internal/agent/location"
	"github.com/redx-update/redx/internal/agent/metadata"
	"github.com/redx-update/redx/internal/catalog"
	"github.com/redx-update/redx/internal/deploy"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/maintenance"
	"github.com/redx-update/redx/internal/server/servertest"
	"github.com/redx-update/redx/internal/wsus/clientws"
	"github.com/redx-update/redx/internal/wsus/soap"
)

const me = "e1da06a3-5601-43c9-bac3-52d5db701494"

// computer is a client with what its test wants to see of it.
type computer struct {
	*location.Client
	t      *testing.T
	http   *http.Client
	pauses []time.Duration
}

func options(url string) location.Options {
	return location.Options{
		URL: url, HTTP: &http.Client{Transport: &http.Transport{}}, ClientID: me, Name: "pc1.example",
		Info: clientws.ComputerInfo{DNSName: "pc1.example", OSMajorVersion: 10, ProcessorArchitecture: "AMD64"},
		Log:  slog.New(slog.DiscardHandler),
	}
}

func newComputer(t *testing.T, url string, state *location.State) *computer {
	t.Helper()
	o := options(url)
	c := &computer{t: t, http: o.HTTP}
	o.Wait = func(ctx context.Context, d time.Duration) error {
		c.pauses = append(c.pauses, d)
		return ctx.Err()
	}
	var err error
	if c.Client, err = location.New(o, state); err != nil {
		t.Fatal(err)
	}
	return c
}

// judge takes what is always true for installed.
func judge(cache map[int32]*metadata.Revision) []int32 {
	var ids []int32
	for id, r := range cache {
		if !r.Leaf && strings.Contains(r.Fragment, "<IsInstalled><True />") {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

func (c *computer) sync() {
	c.t.Helper()
	if err := c.Sync(c.t.Context(), judge); err != nil {
		c.t.Fatal(err)
	}
}

// has gives the cached updates with their actions.
func (c *computer) has() map[guid.GUID]metadata.Action {
	all := map[guid.GUID]metadata.Action{}
	for _, r := range c.State().Revisions {
		all[r.Core.ID.GUID] = r.Deployment.Action
	}
	return all
}

// calls records the operations that a site is asked for, and answers some of them itself.
type calls struct {
	mu     sync.Mutex
	all    []string
	faults map[string][]func(http.ResponseWriter) // by operation, the next one first
}

func watch(site *servertest.Site) *calls {
	c := &calls{faults: map[string][]func(http.ResponseWriter){}}
	site.Break(func(w http.ResponseWriter, r *http.Request) bool {
		action := strings.Trim(r.Header.Get("SOAPAction"), `"`)
		name := action[strings.LastIndexByte(action, '/')+1:]
		if name == "" {
			return false
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.all = append(c.all, name)
		if next := c.faults[name]; len(next) > 0 {
			c.faults[name] = next[1:]
			if next[0] == nil {
				return false
			}
			next[0](w)
			return true
		}
		return false
	})
	return c
}

func fault(code soap.ErrorCode) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) { servertest.Fault(w, code, "") }
}

func (c *calls) take() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := c.all
	c.all = nil
	return all
}

// small is a site with a detectoid that holds, one that does not, and an update behind each.
func small(t *testing.T) *servertest.Site {
	site := servertest.New(t)
	site.Add(
		servertest.Update{ID: servertest.ID(1), Type: catalog.Detectoid, Title: "holds", Installed: servertest.True},
		servertest.Update{ID: servertest.ID(2), Type: catalog.Detectoid, Title: "does not", Installed: servertest.False},
		servertest.Update{ID: servertest.ID(3), Title: "Fix A", KB: "5000003", Requires: []guid.GUID{servertest.ID(1)}, Installed: servertest.False, Installable: servertest.True, Files: []servertest.File{{Name: "a.cab", Data: []byte("content of a")}}},
		servertest.Update{ID: servertest.ID(4), Title: "Fix B", Requires: []guid.GUID{servertest.ID(2)}, Installed: servertest.False, Installable: servertest.True},
	)
	site.Approve(servertest.ID(3), deploy.Install, nil)
	site.Approve(servertest.ID(4), deploy.Install, nil)
	return site
}

func TestSync(t *testing.T) {
	site := small(t)
	seen := watch(site)
	c := newComputer(t, site.URL, &location.State{})
	c.sync()
	want := []string{"GetConfig", "GetAuthorizationCookie", "GetCookie", "RegisterComputer", "SyncUpdates", "SyncUpdates", "SyncUpdates"}
	if diff := cmp.Diff(want, seen.take()); diff != "" {
		t.Error(diff)
	}
	have := map[guid.GUID]metadata.Action{servertest.ID(1): metadata.Evaluate, servertest.ID(2): metadata.Evaluate, servertest.ID(3): metadata.Install}
	if diff := cmp.Diff(have, c.has()); diff != "" {
		t.Error(diff)
	}
	c.sync()
	if diff := cmp.Diff([]string{"SyncUpdates"}, seen.take()); diff != "" {
		t.Errorf("the second time: %s", diff)
	}
	deadline := time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)
	site.Approve(servertest.ID(3), deploy.Install, &deadline)
	c.sync()
	for _, r := range c.State().Revisions {
		if r.Core.ID.GUID == servertest.ID(3) && !r.Deployment.Deadline.Equal(deadline) {
			t.Errorf("after the deadline was set: %+v", r.Deployment)
		}
	}
	night, err := maintenance.Parse("Sat,Sun 01:00-05:00")
	if err != nil {
		t.Fatal(err)
	}
	for _, window := range []maintenance.Windows{night, nil} {
		site.Decide(deploy.Approval{Update: servertest.ID(3), Choice: deploy.Install, Window: window})
		c.sync()
		for _, r := range c.State().Revisions {
			if r.Core.ID.GUID == servertest.ID(3) && r.Deployment.Window != window.String() {
				t.Errorf("after the window became %q: %+v", window, r.Deployment)
			}
		}
	}
	site.Approve(servertest.ID(3), deploy.NotApproved, nil)
	c.sync()
	if _, there := c.has()[servertest.ID(3)]; there {
		t.Error("an update that is no longer approved is still cached")
	}
}

// TestSaved has a computer go on from what it saved, and begin anew from what is torn.
func TestSaved(t *testing.T) {
	site := small(t)
	seen := watch(site)
	dir := t.TempDir()
	first := newComputer(t, site.URL, &location.State{})
	first.sync()
	if err := first.Extend(t.Context(), slices.Sorted(maps.Keys(first.State().Revisions))); err != nil {
		t.Fatal(err)
	}
	if err := first.State().Save(dir); err != nil {
		t.Fatal(err)
	}
	seen.take()
	loaded, note, err := location.Load(dir)
	if err != nil || note != "" {
		t.Fatalf("%q, %v", note, err)
	}
	second := newComputer(t, site.URL, loaded)
	second.sync()
	if diff := cmp.Diff([]string{"SyncUpdates"}, seen.take()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(first.State().Details, loaded.Details); diff != "" || len(loaded.Places) != 1 {
		t.Errorf("%s %v", diff, loaded.Places)
	}
	for _, name := range []string{"location.session", "location.cache"} {
		if err := first.State().Save(dir); err != nil {
			t.Fatal(err)
		}
		tear(t, dir, name)
		torn, note, err := location.Load(dir)
		if err != nil || !strings.Contains(note, name) || torn.Cookie != nil || len(torn.Revisions) != 0 {
			t.Errorf("%s: %q, %v, %+v", name, note, err, torn)
		}
	}
}

// TestFaults has every operation that a synchronisation makes fail once with every fault, and looks at what comes then.
func TestFaults(t *testing.T) {
	four := []string{"GetConfig", "GetAuthorizationCookie", "GetCookie", "RefreshCache"}
	for _, tt := range []struct {
		code soap.ErrorCode
		want []string
	}{
		{soap.InvalidCookie, four},
		{soap.ServerChanged, four},
		{soap.ConfigChanged, four[:3]},
		{soap.CookieExpired, four[1:3]},
		{soap.RegistrationRequired, []string{"RegisterComputer"}},
		{soap.FileLocationChanged, []string{"GetFileLocations"}},
		{soap.ServerBusy, nil},
		{soap.InternalServerError, nil},
	} {
		t.Run(string(tt.code), func(t *testing.T) {
			site := small(t)
			c := newComputer(t, site.URL, &location.State{})
			c.sync()
			seen := watch(site)
			seen.faults["SyncUpdates"] = []func(http.ResponseWriter){fault(tt.code)}
			c.sync()
			want := slices.Concat([]string{"SyncUpdates"}, tt.want, []string{"SyncUpdates"})
			if diff := cmp.Diff(want, seen.take()); diff != "" {
				t.Error(diff)
			}
			if waited := len(c.pauses) > 0; waited != (tt.want == nil) {
				t.Errorf("pauses: %v", c.pauses)
			}
			if len(c.has()) != 3 {
				t.Errorf("has %v", c.has())
			}
		})
	}
}

// TestFatal has faults about which nothing can be done.
func TestFatal(t *testing.T) {
	for _, code := range []soap.ErrorCode{soap.InvalidParameters, "SomethingNew", ""} {
		site := small(t)
		c := newComputer(t, site.URL, &location.State{})
		seen := watch(site)
		seen.faults["SyncUpdates"] = []func(http.ResponseWriter){fault(code)}
		err := c.Sync(t.Context(), judge)
		var f *soap.Fault
		if !errors.As(err, &f) || f.Code != code || location.Code(err) != 0x80244007 {
			t.Errorf("%s: %v (%s)", code, err, location.Code(err))
		}
		c.sync()
	}
}

// TestRegistrationNotWanted has a server change its mind between GetConfig and RegisterComputer.
func TestRegistrationNotWanted(t *testing.T) {
	site := small(t)
	c := newComputer(t, site.URL, &location.State{})
	seen := watch(site)
	seen.faults["RegisterComputer"] = []func(http.ResponseWriter){fault(soap.RegistrationNotRequired)}
	err := c.Sync(t.Context(), judge)
	if err != nil {
		t.Fatal(err)
	}
	if got := seen.take(); !slices.Contains(got, "RegisterComputer") {
		t.Errorf("%v", got)
	}
}

func TestServerMoved(t *testing.T) {
	one, two := small(t), servertest.New(t)
	two.Add(servertest.Update{ID: servertest.ID(9), Type: catalog.Detectoid, Title: "first here", Installed: servertest.True})
	two.Add(
		servertest.Update{ID: servertest.ID(1), Type: catalog.Detectoid, Title: "holds", Installed: servertest.True},
		servertest.Update{ID: servertest.ID(3), Title: "Fix A", Requires: []guid.GUID{servertest.ID(1)}, Installed: servertest.False, Installable: servertest.True},
	)
	two.Approve(servertest.ID(3), deploy.Install, nil)
	c := newComputer(t, one.URL, &location.State{})
	c.sync()
	seen := watch(two)
	moved := newComputer(t, two.URL, c.State())
	moved.sync()
	want := []string{"GetConfig", "GetAuthorizationCookie", "GetCookie", "RefreshCache", "RegisterComputer", "SyncUpdates"}
	if diff := cmp.Diff(want, seen.take()); diff != "" {
		t.Error(diff)
	}
	have := map[guid.GUID]metadata.Action{servertest.ID(1): metadata.Evaluate, servertest.ID(3): metadata.Install}
	if diff := cmp.Diff(have, moved.has()); diff != "" {
		t.Error(diff)
	}
}

func TestExtend(t *testing.T) {
	site := small(t)
	c := newComputer(t, site.URL, &location.State{})
	c.sync()
	seen := watch(site)
	var fix int32
	for id, r := range c.State().Revisions {
		if r.Core.ID.GUID == servertest.ID(3) {
			fix = id
		}
	}
	for range 2 {
		if err := c.Extend(t.Context(), []int32{fix, fix, 999}); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"GetExtendedUpdateInfo"}, seen.take()); diff != "" {
		t.Error(diff)
	}
	e, err := metadata.ParseExtended(c.State().Details[fix].Extended)
	if err != nil || e.KB != "KB5000003" || len(e.Files) != 1 {
		t.Fatalf("%+v, %v", e, err)
	}
	if places := c.State().PlacesOf(e.Files[0].SHA1); len(places) != 1 || !strings.HasPrefix(places[0], site.URL+"/Content/") {
		t.Errorf("places %v", places)
	}
	if texts, err := metadata.ParseTexts(c.State().Details[fix].Texts); err != nil || texts.Title != "Fix A" {
		t.Errorf("%+v, %v", texts, err)
	}
	if err := c.Locate(t.Context(), [][20]byte{e.Files[0].SHA1}); err != nil || len(c.State().PlacesOf(e.Files[0].SHA1)) != 1 {
		t.Errorf("%v, %v", err, c.State().Places)
	}
	site.Approve(servertest.ID(3), deploy.NotApproved, nil)
	delete(c.State().Details, fix)
	if err := c.Extend(t.Context(), []int32{fix}); err != nil || c.State().Revisions[fix] != nil {
		t.Errorf("after it was taken back: %v, %v", err, c.State().Revisions[fix])
	}
}

// TestExtendRenumbered has the numbers become others while details are asked for.
func TestExtendRenumbered(t *testing.T) {
	site := small(t)
	c := newComputer(t, site.URL, &location.State{})
	c.sync()
	seen := watch(site)
	seen.faults["GetExtendedUpdateInfo"] = []func(http.ResponseWriter){fault(soap.ServerChanged)}
	ids := slices.Sorted(maps.Keys(c.State().Revisions))
	if err := c.Extend(t.Context(), ids); !errors.Is(err, location.ErrRenumbered) {
		t.Errorf("%v", err)
	}
	c.sync()
	if err := c.Extend(t.Context(), ids); err != nil {
		t.Error(err)
	}
}

// TestExtendSmaller has a server take less than it said.
func TestExtendSmaller(t *testing.T) {
	site := small(t)
	c := newComputer(t, site.URL, &location.State{})
	c.sync()
	seen := watch(site)
	seen.faults["GetExtendedUpdateInfo"] = []func(http.ResponseWriter){func(w http.ResponseWriter) {
		servertest.Fault(w, soap.InvalidParameters, "revisionIDs")
	}}
	if err := c.Extend(t.Context(), slices.Sorted(maps.Keys(c.State().Revisions))); err != nil || len(c.State().Details) != 3 {
		t.Errorf("%v, %v", err, c.State().Details)
	}
	if got := seen.take(); len(got) != 4 {
		t.Errorf("%v", got)
	}
}

func TestTell(t *testing.T) {
	site := small(t)
	c := newComputer(t, site.URL, &location.State{})
	c.sync()
	v, err := c.Tell(t.Context(), []byte(`{"findings": []}`))
	if err != nil || !v.Heal {
		t.Fatalf("%+v, %v", v, err)
	}
	found, err := site.Store.Findings(t.Context(), me)
	if err != nil || len(found) != 1 {
		t.Errorf("%v, %v", found, err)
	}
}

func TestUnreachable(t *testing.T) {
	site := small(t)
	c := newComputer(t, site.URL, &location.State{})
	site.Server.Close()
	err := c.Sync(t.Context(), judge)
	if !errors.Is(err, agent.ErrUnreachable) || location.Code(err) != 0x80072EFD || len(c.pauses) != 3 {
		t.Errorf("%v (%s), pauses %v", err, location.Code(err), c.pauses)
	}
	for i := 2; i < len(c.pauses); i++ {
		if c.pauses[i] < c.pauses[i-2] {
			t.Errorf("no back-off: %v", c.pauses)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Sync(ctx, judge); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// TestServerRestored has the server begin a new life from a backup.
func TestServerRestored(t *testing.T) {
	site := small(t)
	c := newComputer(t, site.URL, &location.State{})
	c.sync()
	if _, err := site.Store.NewEpoch(t.Context()); err != nil {
		t.Fatal(err)
	}
	site.Refresh()
	seen := watch(site)
	c.sync()
	want := []string{"SyncUpdates", "GetConfig", "GetAuthorizationCookie", "GetCookie", "RefreshCache", "SyncUpdates"}
	if diff := cmp.Diff(want, seen.take()); diff != "" {
		t.Error(diff)
	}
	if len(c.has()) != 3 {
		t.Errorf("it has %v", c.has())
	}
}
