package console_test

import (
	_ "embed"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redx-update/redx/internal/server/access"
	"github.com/redx-update/redx/internal/server/console"
	"github.com/redx-update/redx/internal/store/storetest"
)

var rewrite = flag.Bool("update", false, "write docs/console.png and docs/console-history.png anew")

// examine is what is asked of every page, as a list of complaints.
//
//go:embed testdata/examine.js
var examine string

// TestChromium logs in to the console with a real browser, by a one-time link and by a password, and looks at every page
// in light, in dark and on a narrow screen. REDX_SCREENSHOTS=DIR keeps the pictures.
func TestChromium(t *testing.T) {
	b := newBrowser(t)
	w := withUser(t)
	w.fleet()
	enter(t, w, b)
	pages := []struct{ name, path string }{
		{"overview", "/"},
		{"computers", "/computers"},
		{"computer", "/computers/pc-000.office.example"},
		{"updates", "/updates"},
		{"update", "/updates/" + storetest.ID(1).String()},
		{"nowhere", "/nowhere"},
	}
	for _, look := range []struct {
		name, scheme string
		width        int
	}{{"light", "light", 1280}, {"dark", "dark", 1280}, {"narrow", "light", 380}, {"narrow-dark", "dark", 320}} {
		b.look(look.width, look.scheme)
		for _, p := range pages {
			b.open(w.http.URL + p.path)
			inspect(t, b, p.name, look.name)
		}
	}
	keyboard(t, w, b)
	heard(t, w, b)
	b.look(1280, "light")
	if *rewrite {
		pictures(t, w, b)
	}
	leave(t, w, b)
	for _, e := range b.complaints() {
		if !strings.Contains(e, `/nowhere`) { // it says that the page is not there
			t.Errorf("the browser complains: %s", e)
		}
	}
}

// enter logs in by a link, which leads on to the overview.
func enter(t *testing.T, w *world, b *browser) {
	t.Helper()
	link, err := console.LoginLink(t.Context(), w.store, w.http.URL)
	w.check(err)
	b.look(1280, "light")
	b.open(link)
	b.until(`location.pathname === "/" && document.querySelector("h1").textContent === "Overview"`)
}

// inspect asks what is asked of every page; everything that opens is open.
func inspect(t *testing.T, b *browser, name, look string) {
	t.Helper()
	keep(t, b, name+"-"+look)
	eval[int](b, `document.querySelectorAll("details").forEach(d => d.open = true), 0`)
	if name == "computer" {
		keep(t, b, name+"-open-"+look)
	}
	var complaints []string
	if err := json.Unmarshal([]byte(eval[string](b, examine)), &complaints); err != nil {
		t.Fatal(err)
	}
	for _, c := range complaints {
		t.Errorf("%s, %s: %s", name, look, c)
	}
}

func keep(t *testing.T, b *browser, name string) {
	t.Helper()
	if dir := os.Getenv("REDX_SCREENSHOTS"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, name+".png"), b.picture(4000), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// keyboard goes through a page without a mouse: past the head of the page, and into what is behind a red X.
func keyboard(t *testing.T, w *world, b *browser) {
	t.Helper()
	tab := func() { b.press("Tab", "", 9) }
	b.open(w.http.URL + "/computers/pc-000.office.example")
	tab()
	if at := eval[string](b, `document.activeElement.textContent`); at != "Skip to the content" {
		t.Errorf("the first stop is %q", at)
	}
	if !eval[bool](b, `document.activeElement.getBoundingClientRect().left >= 0`) {
		t.Error("the first stop cannot be seen")
	}
	b.press("Enter", "\r", 13)
	b.until(`location.hash === "#main"`)
	for range 2 { // the attempt that succeeded, and the failed one
		tab()
	}
	if !eval[bool](b, `document.activeElement.tagName === "SUMMARY" && document.activeElement.closest("li").className === "failed"`) {
		t.Fatalf("after two stops: %s", eval[string](b, `document.activeElement.outerHTML`))
	}
	if !eval[bool](b, `getComputedStyle(document.activeElement).outlineStyle !== "none"`) {
		t.Error("the focus cannot be seen")
	}
	b.press("Enter", "\r", 13)
	b.until(`document.activeElement.parentElement.open`)
	if !eval[bool](b, `document.activeElement.parentElement.innerText.includes("A file of KB5034441 was downloaded and is gone")`) {
		t.Error("the finding is not behind the red X")
	}
}

// heard has the list of updates on a telephone as a screen reader gets it: a table, with the names of the columns at its head alone.
func heard(t *testing.T, w *world, b *browser) {
	t.Helper()
	b.look(360, "light")
	b.open(w.http.URL + "/updates")
	var tree struct {
		Nodes []struct {
			Ignored bool
			Role    struct{ Value string }
			Name    struct{ Value string }
		}
	}
	b.ask("Accessibility.getFullAXTree", nil, &tree)
	got := map[string]int{}
	for _, n := range tree.Nodes {
		switch role := n.Role.Value; {
		case n.Ignored:
		case role == "cell" || role == "gridcell":
			got["cell"]++
			got["cell "+n.Name.Value]++
		case role == "row" || role == "rowheader" || role == "columnheader" || role == "table":
			got[role]++
		}
	}
	want := map[string]int{"table": 1, "row": 5, "columnheader": 6, "rowheader": 4, "cell": 20, "cell Approved": 1, "cell Not decided": 3}
	for what, n := range want {
		if got[what] != n {
			t.Errorf("a screen reader gets %d of %q instead of %d: %v", got[what], what, n, got)
		}
	}
}

// leave logs out, sees nothing any more, and logs in by a password.
func leave(t *testing.T, w *world, b *browser) {
	t.Helper()
	b.open(w.http.URL + "/updates")
	eval[int](b, `document.querySelector(".leave button").click(), 0`)
	b.until(`location.pathname === "/login" && document.readyState === "complete"`)
	b.open(w.http.URL + "/updates?q=cumulative")
	b.until(`location.pathname === "/login" && document.readyState === "complete"`)
	inspect(t, b, "login", "light")
	eval[int](b, `document.querySelector("[name=name]").value = "bea", document.querySelector("[name=password]").value = "`+password+`", document.querySelector("form button").click(), 0`)
	b.until(`location.pathname + location.search === "/updates?q=cumulative" && document.querySelector(".leave span").textContent === "bea"`)
	if age := eval[string](b, `document.cookie`); age != "" {
		t.Errorf("a script can read the cookie: %s", age)
	}
}

// pictures writes those of the documentation.
func pictures(t *testing.T, w *world, b *browser) {
	t.Helper()
	write := func(name string, png []byte) {
		if err := os.WriteFile(filepath.Join("..", "..", "..", "docs", name), png, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b.look(1100, "light")
	b.open(w.http.URL + "/")
	write("console.png", b.picture(980))
	b.open(w.http.URL + "/computers/pc-000.office.example")
	eval[int](b, `document.querySelector(".failed details").open = true, 0`)
	write("console-history.png", b.picture(1100))
}

// TestChromiumSetUp makes the first user with a real browser.
func TestChromiumSetUp(t *testing.T) {
	b := newBrowser(t)
	w := newWorld(t)
	link, err := console.SetupLink(t.Context(), w.store, w.http.URL)
	w.check(err)
	for _, scheme := range []string{"dark", "light"} {
		b.look(380, scheme)
		b.open(link)
		inspect(t, b, "setup", scheme)
	}
	eval[int](b, `document.querySelector("[name=name]").value = "bea", document.querySelectorAll("[type=password]").forEach(i => i.value = "`+password+`"), document.querySelector("form button").click(), 0`)
	b.until(`location.pathname === "/" && document.readyState === "complete"`)
	if _, err := access.New(w.store, nil).Login(t.Context(), "192.0.2.1", "bea", password); err != nil {
		t.Error(err)
	}
	for _, e := range b.complaints() {
		t.Errorf("the browser complains: %s", e)
	}
}
