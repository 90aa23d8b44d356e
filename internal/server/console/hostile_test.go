package console_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redx-update/redx/internal/store"
	"github.com/redx-update/redx/internal/store/storetest"
	"github.com/redx-update/redx/internal/update"
)

// TestHeaders: every answer, also to those who are refused, holds the browser to this page alone.
func TestHeaders(t *testing.T) {
	w := withUser(t)
	v := w.admin()
	for _, path := range []string{"/", "/computers", "/updates", "/login", "/nowhere", "/style.css", "/icon.svg"} {
		r, _ := v.get(path)
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
			"X-Content-Type-Options":  "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
		} {
			if got := r.Header.Get(name); got != want {
				t.Errorf("%s: %s is %q", path, name, got)
			}
		}
		if isPage := !strings.Contains(path, "."); isPage && r.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s may be kept: %s", path, r.Header.Get("Cache-Control"))
		}
	}
}

// TestForms: a form that this server did not give to this browser changes nothing.
func TestForms(t *testing.T) {
	w := withUser(t)
	g := w.update(1, "One", "KB5000001")
	v, other := w.admin(), w.admin()
	at := "/updates/" + g.String()
	foreign := formField.FindStringSubmatch(other.page(at))[1]
	for what, fields := range map[string][]string{"none": {"form", ""}, "another's": {"form", foreign}, "made up": {"form", "AAAA"}} {
		if r, _ := v.post(at, at+"/decline", fields...); r.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %d", what, r.StatusCode)
		}
	}
	for name, value := range map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"} {
		own := formField.FindStringSubmatch(v.page(at))[1]
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.http.URL+at+"/decline", strings.NewReader(url.Values{"form": {own}}.Encode()))
		w.check(err)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set(name, value)
		if a, _ := v.do(r); a.StatusCode != http.StatusForbidden {
			t.Errorf("%s %s: %d", name, value, a.StatusCode)
		}
	}
	if r, _ := v.post(at, at+"/decline", "x", strings.Repeat("x", 64<<10)); r.StatusCode != http.StatusBadRequest {
		t.Errorf("a large form: %d", r.StatusCode)
	}
	if _, declined := w.backend.Plan().DeclinedAt(g); declined {
		t.Error("one of them was taken")
	}
	// The login has a form of its own; one of another browser is not taken there either.
	if r, _ := w.visitor().post("/login", "/login", "name", "bea", "password", password, "form", foreign); r.StatusCode != http.StatusForbidden {
		t.Errorf("login with another's form: %d", r.StatusCode)
	}
}

// evil is what a computer would send to get its script into the administrator's browser, and to break what it stands in.
const evil = `"'></a></script><script>alert(1)</script><img src=x onerror=alert(1)>{{.}}&lt;` + "`\u202e\x00\x1b[31m"

var (
	tag       = regexp.MustCompile(`<(/?[a-z!][a-z0-9]*)([^>]*)>`)
	values    = regexp.MustCompile(`="([^"<]*)"`)
	onlyNames = regexp.MustCompile(`^(\s+[a-zA-Z-]+)*\s*/?$`)
	ours      = strings.Fields("!doctype html head meta title link body a header div svg rect path circle nav ul ol li form input span button main h1 h2 h3 h4 p strong " +
		"section code table caption thead tbody tr th td time dl dt dd details summary label select option footer br")
)

// strange finds what is not our own markup: in a page whose texts are escaped, every < begins a tag of ours.
func strange(page string) string {
	if strings.Count(page, "<") != len(tag.FindAllString(strings.ToLower(page), -1)) {
		return "a < that begins no tag"
	}
	for _, m := range tag.FindAllStringSubmatch(strings.Replace(page, "<!DOCTYPE html>", "", 1), -1) {
		names := values.ReplaceAllString(m[2], "")
		if !slices.Contains(ours, strings.TrimPrefix(m[1], "/")) || !onlyNames.MatchString(names) || strings.Contains(names, " on") || strings.Contains(names, "style") {
			return m[0]
		}
		for _, href := range regexp.MustCompile(`(href|action|src)="([^"]*)"`).FindAllStringSubmatch(m[2], -1) {
			if !strings.HasPrefix(href[2], "/") && !strings.HasPrefix(href[2], "#") {
				return m[0]
			}
		}
	}
	if strings.ContainsAny(page, "\x00\x1b\u202e") {
		return "a control character"
	}
	return ""
}

// TestStrange makes sure that strange can find something.
func TestStrange(t *testing.T) {
	for _, bad := range []string{evil, `<p onclick="x">`, `<a href="javascript:x">`, `<p style="x">`, `<p title="a" onclick=x>`, "a < b", "\u202e", `<script>`, `<a href="https://x">`} {
		if strange(bad) == "" {
			t.Errorf("%q is not strange", bad)
		}
	}
	if s := strange(`<p class="x"><a href="/x?a=%22">a &lt; b</a><input required></p>`); s != "" {
		t.Errorf("%q is strange", s)
	}
}

// TestHostileTexts puts such a text into everything that a computer can send, and into what an update's document can
// have, and looks at every page.
func TestHostileTexts(t *testing.T) {
	w := newWorld(t)
	u := storetest.Update(1, 1)
	u.Info = store.Info{
		Title: evil, Description: evil, KB: update.KB(evil), MoreInfo: "javascript:alert(1)", Severity: evil, RebootBehaviour: evil,
		Files: []store.File{{Name: evil, SHA1: [20]byte{1}}}, Created: now,
	}
	_, err := w.store.AddUpdates(t.Context(), []store.Update{u})
	w.check(err)
	w.check(w.store.SetFileState(t.Context(), [20]byte{1}, store.FileState{Condition: store.Damaged, Problem: evil, Checked: now}))
	_, err = w.store.AddGroup(t.Context(), strings.NewReplacer(";", "", "\x00", "").Replace(evil), 1)
	w.check(err)
	w.check(w.backend.Refresh(t.Context()))
	ids := []string{evil, "plain", "..", "javascript:alert(1)"}
	for i, id := range ids {
		_, err := w.store.Enroll(t.Context(), store.Sighting{ID: id, Name: []string{evil, evil, "..", "javascript:alert(1)"}[i], Address: evil, Group: evil, Time: now})
		w.check(err)
		d := store.Details{}
		for _, name := range []string{"OSMajorVersion", "OSBuildNumber", "OSDescription", "ComputerManufacturer", "ComputerModel", evil} {
			d[name] = evil
		}
		w.check(w.store.Register(t.Context(), id, d))
		for _, g := range []byte{1, 9} {
			w.check(w.store.AddEvents(t.Context(), id, []store.Event{{
				Instance: storetest.ID(g), Time: now.Add(-time.Hour), EventID: 182, Code: 0x80070002, App: evil, Strings: []string{evil}, Misc: []string{evil},
				Update: update.ID{GUID: storetest.ID(g), Revision: 1},
			}}))
		}
		w.diagnose(id, time.Minute, evilFindings(t))
	}
	v := w.admin()
	seen := map[string]bool{}
	for todo := []string{"/", "/computers", "/updates", "/computers?q=" + url.QueryEscape(evil), "/updates?q=" + url.QueryEscape(evil) + "&state=" + url.QueryEscape(evil)}; len(todo) > 0; todo = todo[1:] {
		if seen[todo[0]] {
			continue
		}
		seen[todo[0]] = true
		page := v.page(todo[0])
		if s := strange(page); s != "" {
			t.Errorf("%s has %q", todo[0], s)
		}
		for _, m := range regexp.MustCompile(`href="(/[^"]*)"`).FindAllStringSubmatch(page, -1) {
			if path, _, _ := strings.Cut(html.UnescapeString(m[1]), "#"); path != "/style.css" && path != "/icon.svg" {
				todo = append(todo, path)
			}
		}
	}
	for _, id := range ids {
		if q := "id=" + url.QueryEscape(id); !anyHas(seen, q) {
			t.Errorf("no page of the computer %q", id)
		}
	}
}

func anyHas(paths map[string]bool, text string) bool {
	for p := range paths {
		if strings.Contains(p, text) {
			return true
		}
	}
	return false
}

// evilFindings has the text in every string of a diagnosis.
func evilFindings(t *testing.T) string {
	t.Helper()
	quoted, err := json.Marshal(evil)
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf(goneFile, healed)
	out := regexp.MustCompile(`: "[^"]*"`).ReplaceAllLiteralString(text, ": "+string(quoted))
	out = regexp.MustCompile(`\["[^"]*"\]`).ReplaceAllLiteralString(out, "["+string(quoted)+"]")
	return strings.Replace(out, `"severity": `+string(quoted), `"severity": "error"`, 1)
}

// TestManySent: what a computer sends too much of is cut, and its page is shown all the same.
func TestManySent(t *testing.T) {
	w := newWorld(t)
	w.computer("id", "pc")
	var events []store.Event
	for i := range 1200 {
		events = append(events, w.event("id", storetest.ID(byte(1+i%200)), time.Duration(i)*time.Hour, "182:80070002"))
	}
	w.check(w.store.AddEvents(t.Context(), "id", events))
	var b bytes.Buffer
	b.WriteString(`{"findings": [`)
	for i := range 300 {
		fmt.Fprintf(&b, `{"title": "finding %d", "detail": %q},`, i, strings.Repeat("x", 3000))
	}
	b.WriteString(`{}]}`)
	for i := range 20 {
		w.diagnose("id", time.Duration(i)*time.Minute, b.String())
	}
	w.check(w.store.AddFinding(t.Context(), store.Finding{Computer: "id", Time: now, JSON: []byte("[]")}))
	page := w.admin().page("/computers/pc")
	has(t, page, "1000 attempts, 1000 failed", "Earlier ones are not shown", "finding 49")
	hasNot(t, page, "finding 50")
	if n := strings.Count(page, "/updates/"); n > 1 || !strings.Contains(w.log.String(), "findings not shown") {
		t.Errorf("%d links, or what cannot be read is not named", n)
	}
}
