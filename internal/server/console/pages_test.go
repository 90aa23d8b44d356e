package console_test

import (
	"fmt"
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/redx-update/redx/internal/catalog"
	"github.com/redx-update/redx/internal/deploy"
	"github.com/redx-update/redx/internal/store"
	"github.com/redx-update/redx/internal/store/storetest"
)

var (
	inline = regexp.MustCompile(`</?(a|code|strong|span|time)\b[^>]*>`)
	tags   = regexp.MustCompile(`<[^>]*>`)
	blanks = regexp.MustCompile(`\s+`)
)

// plain is what a page says, its tags left out.
func plain(page string) string {
	return html.UnescapeString(blanks.ReplaceAllString(tags.ReplaceAllString(inline.ReplaceAllString(page, ""), " "), " "))
}

func has(t *testing.T, page string, texts ...string) {
	t.Helper()
	p := plain(page)
	for _, text := range texts {
		if !strings.Contains(p, text) {
			t.Errorf("no %q in: %s", text, p)
		}
	}
}

func hasNot(t *testing.T, page string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(plain(page), text) {
			t.Errorf("has %q", text)
		}
	}
}

func TestOverview(t *testing.T) {
	w := newWorld(t)
	v := w.admin()
	has(t, v.page("/"), "0 in all", "No diagnosis names a cause", "All files that updates have are here", "No failed attempt is known")
	w.fleet()
	page := v.page("/")
	has(t, page, "61 in all", "44 Failed updates", "Needs updates", "Restart due", "1 Nothing reported", "1 Not seen lately",
		"36 computers: A file of KB5034441 was downloaded and is gone", `Missing: amd64_winre_31bf3856ad364e35_10.0.22621.3000_none\winre.dll`,
		"1 revision cannot be offered for installation", "Line of business application 7.2: kb9000001.cab",
		"45 in the last 14 days", "24 Nov 12", "pc-001.office.example: 2026-11 Security Update for Windows 11 (KB5034441) 0x80070002 ERROR_FILE_NOT_FOUND")
	cause := regexp.MustCompile(`/computers\?cause=[0-9a-f]+`).FindString(page)
	list := v.page(cause)
	has(t, list, "1 to 36 of 36", "pc-036.office.example")
	hasNot(t, list, "pc-000.office.example", "pc-037.office.example")
}

func TestComputers(t *testing.T) {
	w := newWorld(t)
	w.fleet()
	v := w.admin()
	page := v.page("/computers")
	has(t, page, "1 to 50 of 61", "pc-000.office.example", "Page 1 of 2", "Next")
	hasNot(t, page, "pc-050.office.example", "Previous")
	has(t, v.page("/computers?page=2"), "51 to 61 of 61", "pc-059.office.example", "Page 2 of 2", "Previous")
	has(t, v.page("/computers?page=99999"), "51 to 61 of 61", "pc-059.office.example")
	has(t, v.page("/computers?q=PC-04"), "1 to 10 of 10", "pc-049.office.example")
	has(t, v.page("/computers?q=nobody"), "Nothing to show")
	has(t, v.page("/computers?state=silent"), "1 to 1 of 1", "pc-900.office.example")
	has(t, v.page("/computers?state=failed&page=x"), "1 to 44 of 44", "Failed updates")
	has(t, v.page("/computers?update="+storetest.ID(1).String()+"&standing=installed"), "1 to 1 of 1", "pc-000.office.example", "Only computers on which 2026-11 Security Update")
	if r, _ := v.get("/computers?q=" + strings.Repeat("x", 300)); r.StatusCode != http.StatusBadRequest {
		t.Errorf("a long search: %d", r.StatusCode)
	}
}

// TestHistory: what a computer reported is one entry for each attempt, and behind a failed one is what was found.
func TestHistory(t *testing.T) {
	w := newWorld(t)
	w.fleet()
	page := w.admin().page("/computers/pc-000.office.example")
	has(t, page, "Groups Unassigned Computers", "Windows 10.0.26100", "Contoso Desk 7", "Review update history", "4 attempts, 1 failed, the latest first")
	entries := strings.Split(page, "<li class=")
	var heads []string
	for _, e := range entries {
		if head, _, ok := strings.Cut(e, "</summary>"); ok && strings.Contains(e, "<summary>") {
			heads = append(heads, strings.TrimSpace(plain("<"+head)))
		}
	}
	want := []string{
		"2026-11 Security Update for Windows 11 (KB5034441) Installation succeeded 2026-11-25 11:40",
		"2026-11 Security Update for Windows 11 (KB5034441) Installation failed: 0x80070002 ERROR_FILE_NOT_FOUND 2026-11-25 10:58",
		"2026-10 .NET Framework 3.5 and 4.8.1 Cumulative Update (KB5044033) Download cancelled 2026-11-24 10:00",
		"2026-11 Cumulative Update for Windows 11 Version 24H2 (KB5046740) Installation succeeded 2026-11-22 04:00",
	}
	for i := range want {
		if i >= len(heads) || heads[i] != want[i] {
			t.Fatalf("entries: %q", heads)
		}
	}
	_, behind, _ := strings.Cut(page, want[1][len(want[1])-5:]+"</time></span></summary>")
	behind, _, _ = strings.Cut(behind, "</details></li>")
	has(t, behind, "A file of KB5034441 was downloaded and is gone (proven)", `file amd64_winre_31bf3856ad364e35_10.0.22621.3000_none\winre.dll`,
		`C:\Windows\Logs\CBS\CBS.log, line 4711`, "Failed to resolve item[0]", "What the code means", "What the computer did by itself: mended, and the update then worked (update-folder), 1 attempt after that",
		"download started (event 167)", "install failed, 0x80070002 ERROR_FILE_NOT_FOUND (event 182)")
	hasNot(t, behind, "redx repair") // it has mended itself
	has(t, w.admin().page("/computers/pc-001.office.example"), "What to do on the computer:", "redx repair")
	if strings.Count(page, `<li class="failed">`) != 1 || strings.Count(behind, "Check <code>") != 1 {
		t.Error("the finding is behind other attempts too")
	}
}

// TestFindingGoesToItsAttempt: of two failures of one update, each shows the diagnosis that came after it.
func TestFindingGoesToItsAttempt(t *testing.T) {
	w := newWorld(t)
	g := w.update(1, "One", "KB5034441")
	w.computer("id", "pc")
	w.report("id", g, 50*time.Hour, "181", "182:80070002")
	w.diagnose("id", 49*time.Hour, strings.ReplaceAll(fmt.Sprintf(goneFile, healed), "is gone", "is gone the first time"))
	w.report("id", g, 20*time.Hour, "181", "182:80070002")
	w.diagnose("id", 19*time.Hour, `{"findings": [{"check": "disk-full", "severity": "error", "title": "The disk is full", "codes": ["0x80070002"]}]}`)
	w.report("id", g, 2*time.Hour, "181", "182:80070005")
	page := w.admin().page("/computers/pc")
	var got []string
	for _, e := range strings.Split(page, `<li class="failed">`)[1:] {
		e, _, _ = strings.Cut(e, "</details></li>")
		for _, title := range []string{"is gone the first time", "The disk is full"} {
			if strings.Contains(e, title) {
				got = append(got, title)
			}
		}
		got = append(got, "|")
	}
	if text := strings.Join(got, " "); text != "| The disk is full | is gone the first time |" {
		t.Errorf("findings: %s", text)
	}
	has(t, page, "What the computer did by itself: mended, and the update then worked (update-folder), 1 attempt after that")
	hasNot(t, page, "What else its last diagnosis found")
	w.diagnose("id", time.Hour, `{"findings": [{"check": "restart-pending", "severity": "warning", "title": "A restart is pending"}]}`)
	_, rest, _ := strings.Cut(w.admin().page("/computers/pc"), "What else its last diagnosis found")
	has(t, rest, "A restart is pending")
}

func TestComputersByName(t *testing.T) {
	w := newWorld(t)
	w.computer("id-1", "twin")
	w.computer("id-2", "twin")
	v := w.admin()
	if r, _ := v.get("/computers/twin"); r.StatusCode != http.StatusNotFound {
		t.Errorf("a name of two computers: %d", r.StatusCode)
	}
	has(t, v.page("/computers/twin?id=id-2"), "Id id-2", "It has not reported any attempt yet")
	for minute, name := range []string{"a", "b", "a", "b"} {
		_, err := w.store.Enroll(t.Context(), store.Sighting{ID: "id-1", Name: name, Time: now.Add(time.Duration(minute) * time.Minute)})
		w.check(err)
	}
	has(t, v.page("/"), "1 Id used by several")
	has(t, v.page("/computers?state=shared"), "1 to 1 of 1")
	has(t, v.page("/computers/b"), "Several computers use this id", "Also seen as a (2026-11-25 12:02), twin")
}

func TestUpdates(t *testing.T) {
	w := newWorld(t)
	w.fleet()
	v := w.admin()
	has(t, v.page("/updates"), "1 to 4 of 4", "KB5034441", "Approved", "Not decided")
	has(t, v.page("/updates?q=kb5044033"), "1 to 1 of 1", ".NET")
	has(t, v.page("/updates?q=windows+cumulative"), "1 to 1 of 1", "24H2")
	has(t, v.page("/updates?state=failed"), "1 to 2 of 2", ".NET", "Security")
	has(t, v.page("/updates?state=approved"), "1 to 1 of 1", "Security")
	has(t, v.page("/updates?state=withheld"), "1 to 1 of 1", "Line of business")
	page := v.page("/updates/" + storetest.ID(1).String())
	has(t, page, "Article KB5034441", "36 Failed", "0 Needed", "1 Installed", "24 Unknown", "36 computers: 0x80070002 ERROR_FILE_NOT_FOUND",
		"pc-001.office.example 0x80070002", "All Computers Install", "Unassigned Computers as the group above", "kb5034441.cab 10 verified")
	has(t, v.page("/updates/"+storetest.ID(4).String()), "kb9000001.cab 10 missing")
	for _, path := range []string{"/updates/x", "/updates/" + storetest.ID(99).String(), "/nowhere", "/computers/nobody"} {
		if r, body := v.get(path); r.StatusCode != http.StatusNotFound || !strings.Contains(body, "<h1>Not Found</h1>") {
			t.Errorf("%s: %d", path, r.StatusCode)
		}
	}
}

func TestUpdateThatArrivesIsListed(t *testing.T) {
	w := newWorld(t)
	v := w.admin()
	has(t, v.page("/updates"), "Nothing to show")
	w.update(1, "One", "KB5000001")
	has(t, v.page("/updates"), "1 to 1 of 1", "One")
}

func TestApprove(t *testing.T) {
	w := newWorld(t)
	g := w.update(1, "One", "KB5000001")
	v := w.admin()
	at := "/updates/" + g.String()
	r, _ := v.post(at, at+"/approve", "group", "1", "choice", "install", "deadline", "2026-12-24", "window", "Sat,Sun 01:00-05:00")
	if r.StatusCode != http.StatusSeeOther || !strings.HasPrefix(r.Header.Get("Location"), at) {
		t.Fatalf("approve: %d to %s", r.StatusCode, r.Header.Get("Location"))
	}
	has(t, v.page(at), "All Computers Install 2026-12-24 00:00 sat,sun 01:00-05:00")
	if d, ok := w.backend.Plan().For([]deploy.GroupID{1}).Deployment(catalog.RevisionID(1)); !ok || d.Action != deploy.ActionInstall {
		t.Errorf("the plan has %+v", d)
	}
	if r, _ := v.post(at, at+"/decline"); r.StatusCode != http.StatusSeeOther {
		t.Errorf("decline: %d", r.StatusCode)
	}
	has(t, v.page(at), "Declined", "All Computers Not approved")
	has(t, v.page("/updates?state=declined"), "1 to 1 of 1")
	if !strings.Contains(w.log.String(), `msg="update declined" update=`+g.String()+` by="(one-time link)"`) {
		t.Error("the log does not say who declined what")
	}
	many := func(hour int) (list string) {
		for minute := range 40 {
			list += fmt.Sprintf("%02d:%02d-23:00;", hour, minute)
		}
		return strings.TrimSuffix(list, ";")
	}
	if r, _ := v.post(at, at+"/approve", "group", "1", "choice", "install", "window", many(1)); r.StatusCode != http.StatusSeeOther {
		t.Errorf("40 windows: %d", r.StatusCode)
	}
	if r, body := v.post(at, at+"/approve", "group", "2", "choice", "install", "window", many(2)); r.StatusCode != http.StatusBadRequest || !strings.Contains(body, "more than 64 different hours") {
		t.Errorf("40 more in another group: %d", r.StatusCode)
	}
	for _, bad := range [][]string{{"group", "99", "choice", "install"}, {"group", "1", "choice", "perhaps"}, {"group", "1", "choice", "install", "deadline", "soon"}, {"group", "1", "choice", "install", "window", "weekends"}, {}} {
		if r, body := v.post(at, at+"/approve", bad...); r.StatusCode != http.StatusBadRequest || !strings.Contains(body, `role="alert"`) {
			t.Errorf("%v: %d", bad, r.StatusCode)
		}
	}
}

func TestHealingIsResumed(t *testing.T) {
	w := newWorld(t)
	const what = "payload-missing-download-5f3a"
	w.check(w.store.PauseHealing(t.Context(), store.HealingPause{What: what, Since: now, Why: "37 of 300 computers have sent it within a day"}))
	v := w.admin()
	has(t, v.page("/"), "What computers are not to mend by themselves now", what+", since 2026-11-25 12:00: 37 of 300 computers")
	if r, _ := v.post("/", "/healing/resume", "what", what, "form", "AAAA"); r.StatusCode != http.StatusForbidden {
		t.Errorf("another's form: %d", r.StatusCode)
	}
	for range 2 {
		if r, _ := v.post("/updates", "/healing/resume", "what", what); r.StatusCode != http.StatusSeeOther {
			t.Errorf("resume: %d", r.StatusCode)
		}
	}
	hasNot(t, v.page("/"), what)
	if n := strings.Count(w.log.String(), `msg="healing resumed" what=`+what+` by="(one-time link)"`); n != 1 {
		t.Errorf("the log says it %d times", n)
	}
}
