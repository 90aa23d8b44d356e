package server

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/catalog"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/testdata"
	"github.com/redx-update/redx/internal/update"
	"github.com/redx-update/redx/internal/wsus/fragment"
	"github.com/redx-update/redx/internal/wsus/xpress"
)

// own are the parts of a message that every server has of its own: cookies, times, ids, names.
var own = []struct {
	pattern *regexp.Regexp
	with    string
}{
	{regexp.MustCompile(`<(EncryptedData|CookieData)>[^<]*<`), `<$1>data<`},
	{regexp.MustCompile(`<(Expiration|LastChange|lastChange)>[^<]*<`), `<$1>time<`},
	{regexp.MustCompile(`<LastChangeTime>\d{4}-\d\d-\d\d<`), `<LastChangeTime>day<`},
	{regexp.MustCompile(`<ID>\d+<`), `<ID>1<`},
	{regexp.MustCompile(`\\\\[^\\]+\\`), `\\host\`},
}

func withoutOwn(message []byte) string {
	for _, o := range own {
		message = o.pattern.ReplaceAll(message, []byte(o.with))
	}
	return string(message)
}

// TestDialogue has the server answer what a Windows computer said to a Windows server, with this server's cookies and times
// put in: the answers must be those of the Windows server byte for byte, but for what is a server's own.
func TestDialogue(t *testing.T) {
	folders, err := filepath.Glob(filepath.Join(testdata.Path(t, "wsus/dialogue"), "*"))
	if err != nil || len(folders) == 0 {
		t.Fatalf("no dialogue: %v", err)
	}
	a := newAgent(t, dialogueWorld(t))
	have := map[string]string{} // the last value of each element that is a server's own
	for _, dir := range folders {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			answer := a.replay(t, dir, have)
			want, err := os.ReadFile(filepath.Join(dir, "response.body"))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(withoutOwn(want), withoutOwn(answer)); diff != "" {
				t.Error(diff)
			}
			for _, m := range regexp.MustCompile(`<(EncryptedData|CookieData|LastChange)>([^<]*)<`).FindAllSubmatch(answer, -1) {
				have[string(m[1])] = string(m[2])
			}
		})
	}
}

// dialogueWorld has what the Windows server had, as far as the dialogue shows it: the company of all products, and the product
// that the computer asks for.
func dialogueWorld(t *testing.T) *world {
	t.Helper()
	document, err := os.ReadFile(testdata.Path(t, "wsus/fragments/56309036-4c77-4dd9-951a-99ee9c246a94-r101.update.xml"))
	if err != nil {
		t.Fatal(err)
	}
	company, err := fragment.Cut(document)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld()
	w.clock = time.Now()
	microsoft, product := guid.MustParse("56309036-4c77-4dd9-951a-99ee9c246a94"), guid.MustParse("dd78b8a1-0b20-45c1-add6-4da72e9364cf")
	w.revs = []catalog.Revision{
		{RevisionID: 1, ID: update.ID{GUID: microsoft, Revision: 101}, Type: catalog.Category, CategoryType: "Company", Arrived: w.clock},
		{
			RevisionID: 2, ID: update.ID{GUID: product, Revision: 100}, Type: catalog.Category, CategoryType: "Product", Arrived: w.clock,
			Prerequisites: []catalog.Clause{{AnyOf: []guid.GUID{microsoft}, IsCategory: true}},
		},
	}
	w.fragments[1] = company
	w.compile()
	return w
}

// replay sends a captured request, head and all, and gives the answer unpacked.
func (a *agent) replay(t *testing.T, dir string, have map[string]string) []byte {
	t.Helper()
	head, err := os.ReadFile(filepath.Join(dir, "request.headers"))
	if err != nil {
		t.Fatal(err)
	}
	body, err := os.ReadFile(filepath.Join(dir, "request.body"))
	if err != nil {
		t.Fatal(err)
	}
	text := string(body)
	for name, value := range have {
		text = regexp.MustCompile(`(?i)<`+name+`>[^<]*<`).ReplaceAllString(text, strings.ReplaceAll("<"+elementIn(text, name)+">", "$", "$$")+value+"<")
	}
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(append(head, text...))))
	if err != nil {
		t.Fatal(err)
	}
	r.RequestURI, r.URL.Scheme, r.URL.Host = "", "http", a.server.Listener.Addr().String()
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(text)), int64(len(text))
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	packed, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK || res.Header.Get("Content-Encoding") != "xpress" {
		t.Fatalf("status %d, %v: %v", res.StatusCode, res.Header, err)
	}
	answer, err := xpress.Decode(packed, 16<<20)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// elementIn gives the name of an element as a message spells it.
func elementIn(text, name string) string {
	m := regexp.MustCompile(`(?i)<(` + name + `)>`).FindStringSubmatch(text)
	if m == nil {
		return name
	}
	return m[1]
}
