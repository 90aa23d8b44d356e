package native_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/redx-update/redx/internal/agent"
	"github.com/redx-update/redx/internal/agent/install"
	"github.com/redx-update/redx/internal/deploy"
	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/doctor/check"
	"github.com/redx-update/redx/internal/gather"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/history"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/repair"
	"github.com/redx-update/redx/internal/server/servertest"
	"github.com/redx-update/redx/internal/update"
)

// fails checks an error's stage and code.
func fails(t *testing.T, err error, stage agent.Stage, code string) {
	t.Helper()
	var f *agent.Failure
	if !errors.As(err, &f) || f.Stage != stage || !strings.HasPrefix(f.Code.String(), code) {
		t.Errorf("got %v, want %s with %s", err, stage, code)
	}
}

// TestUntrusted has payloads that nobody signed, or somebody whom the computer does not trust.
func TestUntrusted(t *testing.T) {
	ca, err := signers()
	if err != nil {
		t.Fatal(err)
	}
	for code, data := range map[string][]byte{"0x800B0100": payload(t, nil), "0x800B0109": payload(t, ca[1])} {
		c := newComputer(t, fix(servertest.File{Name: "fix.cab", Data: data}))
		u := c.needed()
		fails(t, c.get(u), agent.Downloading, code)
		if again := c.needed(); again.Ready {
			t.Errorf("%s: it is ready", code)
		}
		_, err := c.Install(t.Context(), u)
		fails(t, err, agent.Installing, "0x80246007")
		if _, err := os.Stat(c.extracted("update.mum")); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: it was extracted: %v", code, err)
		}
	}
}

// TestServerLosesFile has the server's content go: the computer says so, and nothing of it is its own fault.
func TestServerLosesFile(t *testing.T) {
	c := newComputer(t, signedFix(t))
	u := c.needed()
	c.site.Break(func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasPrefix(r.URL.Path, "/Content/") {
			return false
		}
		http.NotFound(w, r)
		return true
	})
	fails(t, c.get(u), agent.Downloading, "0x80244019")
	if err := c.Report(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.reported("147 156 167 161:0x80244019")
	c.site.Break(nil)
	if err := c.get(u); err != nil {
		t.Error(err)
	}
}

func TestDamagedDatastore(t *testing.T) {
	c := newComputer(t, signedFix(t))
	if err := c.get(c.needed()); err != nil {
		t.Fatal(err)
	}
	db := c.host("Windows", "SoftwareDistribution", "DataStore", "DataStore.edb")
	b, err := os.ReadFile(db)
	if err != nil {
		t.Fatal(err)
	}
	clear(b[:16384])
	if err := os.WriteFile(db, b, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = c.Scan(t.Context())
	fails(t, err, agent.Scanning, "0xC8000")
	if after, err := os.ReadFile(db); err != nil || !slices.Equal(after, b) {
		t.Errorf("a damaged datastore was written: %v", err)
	}
	if err := os.Rename(c.host("Windows", "SoftwareDistribution"), c.host("Windows", "SDTemp")); err != nil {
		t.Fatal(err)
	}
	if u := c.needed(); u.Ready {
		t.Error("it is ready without its folder")
	}
}

// TestDoctorNamesIt has the doctor look at what a lost file leaves behind.
func TestDoctorNamesIt(t *testing.T) {
	c := newComputer(t, signedFix(t))
	u := c.needed()
	if err := c.get(u); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(c.extracted(component, "lab.dll")); err != nil {
		t.Fatal(err)
	}
	_, err := c.Install(t.Context(), u)
	fails(t, err, agent.Installing, "0x80070002")
	img, err := c.options.Image()
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	set, err := gather.Gather(t.Context(), img, gather.Options{})
	if err != nil {
		t.Fatal(err)
	}
	found := doctor.Examine(set, check.All())
	i := slices.IndexFunc(found, func(f doctor.Finding) bool { return f.Check == "payload-missing-download" })
	if i < 0 || found[i].Update.ID.GUID != servertest.ID(3) || len(found[i].Files) != 1 {
		t.Fatalf("the doctor finds %+v", found)
	}
	f := found[i].Files[0]
	if !strings.HasSuffix(f.Path, component+`\lab.dll`) || f.SHA256 == "" || !strings.HasPrefix(f.URL, c.site.URL) || found[i].Confidence != doctor.Proven {
		t.Errorf("%+v", found[i])
	}
}

// TestTornMemory begins anew, and has what was downloaded again.
func TestTornMemory(t *testing.T) {
	c := newComputer(t, signedFix(t))
	if err := c.get(c.needed()); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"native.state", "location.session", "location.cache"} {
		path := c.host("ProgramData", "redx", "agent", name)
		if err := os.WriteFile(path, []byte("torn"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		c.start()
		u := c.needed()
		if name == "native.state" && u.Ready {
			t.Error("it is ready, and nobody knows")
		}
		if err := c.get(u); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.Install(t.Context(), c.needed()); err != nil {
		t.Error(err)
	}
}

// TestRestarted goes on in another process at every step.
func TestRestarted(t *testing.T) {
	c := newComputer(t, signedFix(t))
	again := func() {
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		c.start()
	}
	u := c.needed()
	again()
	if err := c.get(c.needed()); err != nil {
		t.Fatal(err)
	}
	again()
	if _, err := c.Install(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	again()
	if err := c.Report(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.reported("147 156 147 167 162 181 183")
	if computers, err := c.site.Store.Computers(t.Context()); err != nil || len(computers) != 1 {
		t.Errorf("it is %d computers: %v", len(computers), err)
	}
}

// TestNextRevision installs an update, then a later revision of it: its folder is the same, and what the first one has left
// there is no part of the second.
func TestNextRevision(t *testing.T) {
	ca, err := signers()
	if err != nil {
		t.Fatal(err)
	}
	c := newComputer(t, signedFix(t))
	if err := c.get(c.needed()); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Install(t.Context(), c.needed()); err != nil {
		t.Fatal(err)
	}
	next := fix(servertest.File{Name: "fix-2.cab", Data: payloadOf(t, ca[0], "1.0.0.2", "a better library")})
	next.Revision, next.Installed = 2, strings.Replace(next.Installed, "1.0.0.1", "1.0.0.2", 1)
	c.site.Add(next)
	c.site.Approve(next.ID, deploy.Install, nil)
	u := c.needed()
	if u.ID.Revision != 2 {
		t.Fatalf("%+v", u)
	}
	if err := c.get(u); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Install(t.Context(), c.needed()); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(c.host("Windows", "System32", "lab.dll")); err != nil || string(b) != "a better library" {
		t.Errorf("the file is %q, %v", b, err)
	}
	if _, err := os.Stat(c.extracted("fix.cab")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file of the first revision: %v", err)
	}
}

// TestBundle is an update of two parts, each with a file of its own.
func TestBundle(t *testing.T) {
	ca, err := signers()
	if err != nil {
		t.Fatal(err)
	}
	part := fix(servertest.File{Name: "fix.cab", Data: payload(t, ca[0])})
	part.Requires, part.Title, part.KB = nil, "part", ""
	whole := servertest.Update{
		ID: servertest.ID(4), Title: "Bundle (KB5000004)", KB: "5000004", Requires: []guid.GUID{servertest.ID(1)},
		Bundles: [][]update.ID{{{GUID: servertest.ID(3), Revision: 1}}},
	}
	c := newComputer(t, part, whole)
	c.site.Approve(part.ID, deploy.NotApproved, nil)
	u := c.needed()
	if u.ID.GUID != whole.ID || u.Bytes == 0 {
		t.Fatalf("%+v", u)
	}
	if err := c.get(u); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Install(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	if r, err := c.Scan(t.Context()); err != nil || len(r.Updates) != 0 || r.Installed != 1 {
		t.Errorf("%+v, %v", r, err)
	}
	c.site.Approve(whole.ID, deploy.Uninstall, nil)
	if u = c.needed(); u.Action != agent.Uninstall || !u.Ready {
		t.Fatalf("%+v", u)
	}
	if _, err := c.Install(t.Context(), u); err != nil {
		t.Errorf("take it off: %v", err)
	}
	if _, err := os.Stat(c.host("Windows", "System32", "lab.dll")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file is still there: %v", err)
	}
}

// TestUndecided names the rule that could not be evaluated.
func TestUndecided(t *testing.T) {
	u := signedFix(t)
	u.Installable = `<bar:WmiQuery WqlQuery="select * from Win32_Moon" />`
	c := newComputer(t, u)
	r, err := c.Scan(t.Context())
	if err != nil || len(r.Updates) != 0 || len(r.Undecided) != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	if got := r.Undecided[0]; got.Title != u.Title || !strings.HasPrefix(got.Rule, "WmiQuery") || got.Why == "" {
		t.Errorf("%+v", got)
	}
}

// TestRealImage does nothing to an image that is not the lab's but download beside Windows, and says what would install.
func TestRealImage(t *testing.T) {
	c := newComputer(t, signedFix(t))
	if err := errors.Join(c.Close(), os.Remove(c.host("redx-lab.json"))); err != nil {
		t.Fatal(err)
	}
	c.options.Lab, c.options.Root = false, repair.Root{Dir: `C:\ProgramData\redx`, Own: true}
	c.start()
	u := c.needed()
	if err := c.get(u); err != nil {
		t.Fatal(err)
	}
	_, err := c.Install(t.Context(), u)
	var elsewhere *install.Elsewhere
	if !errors.As(err, &elsewhere) || !strings.Contains(strings.ToLower(elsewhere.Command), "dism") {
		t.Errorf("%v", err)
	}
	if err := c.Report(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.reported("147 156 167 162")
	if names, err := os.ReadDir(c.host("Windows", "SoftwareDistribution")); err == nil && len(names) > 0 {
		t.Errorf("Windows' own folder was touched: %v", names)
	}
}

func TestTell(t *testing.T) {
	c := newComputer(t, signedFix(t))
	if v, err := c.Tell(t.Context(), []byte(`{"findings": []}`)); err != nil || !v.Heal {
		t.Errorf("%+v, %v", v, err)
	}
}

// TestUnknownHandler has an update that nobody knows how to install.
func TestUnknownHandler(t *testing.T) {
	u := signedFix(t)
	u.HandlerData = strings.ReplaceAll(cbs, "cbs:Cbs\"", "cbs:Moon\"")
	c := newComputer(t, u)
	offered := c.needed()
	if err := c.get(offered); err != nil {
		t.Fatal(err)
	}
	_, err := c.Install(t.Context(), offered)
	fails(t, err, agent.Installing, hresult.Code(0x80242002).String()[:10])
}

// TestKilledDownloads stops a download at any number of bytes: the next start goes on, and all of it is one attempt.
func TestKilledDownloads(t *testing.T) {
	c := newComputer(t, signedFix(t))
	for at := int64(1); at < 2000; at += 700 {
		ctx, cancel := context.WithCancel(t.Context())
		err := c.Download(ctx, c.needed(), func(done, _ int64) {
			if done >= at {
				cancel()
			}
		})
		cancel()
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Fatalf("at %d: %v", at, err)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		c.start()
	}
	u := c.needed()
	if err := c.get(u); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Install(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	img, err := c.options.Image()
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	set, err := gather.Gather(t.Context(), img, gather.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if all := history.Merge(set); len(all) != 1 || all[0].Result != update.Succeeded {
		t.Errorf("the history has %+v", all)
	}
}
