package main

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

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/testdata"
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

// TestDialogue has the server, as it is run, answer what a Windows computer said to a Windows server, with this server's
// cookies and times put in: the answers must be those of the Windows server byte for byte, but for what is a server's own.
func TestDialogue(t *testing.T) {
	folders, err := filepath.Glob(filepath.Join(testdata.Path(t, "wsus/dialogue"), "*"))
	if err != nil || len(folders) == 0 {
		t.Fatalf("no dialogue: %v", err)
	}
	s := dialogueServer(t)
	have := map[string]string{} // the last value of each element that is a server's own
	for _, dir := range folders {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			answer := s.replay(t, dir, have)
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

// dialogueServer has what the Windows server had, as far as the dialogue shows it: the company of all products, and the
// product that the computer asks for.
func dialogueServer(t *testing.T) *served {
	t.Helper()
	data, in := t.TempDir(), t.TempDir()
	const name = "56309036-4c77-4dd9-951a-99ee9c246a94-r101.update.xml"
	company, err := os.ReadFile(testdata.Path(t, "wsus/fragments/"+name))
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(in, "1.xml"), company)
	product := madeUpdate{n: 2, kind: "Category", category: "Product"}
	text := strings.NewReplacer(
		madeID(2), "dd78b8a1-0b20-45c1-add6-4da72e9364cf",
		"<upd:Prerequisites>", `<upd:Prerequisites><upd:AtLeastOne IsCategory="true"><upd:UpdateIdentity UpdateID="56309036-4c77-4dd9-951a-99ee9c246a94"/></upd:AtLeastOne>`,
	).Replace(string(product.document()))
	write(t, filepath.Join(in, "2.xml"), []byte(text))
	must(t, data, "server", "import", in)
	return serveFrom(t, data)
}

// replay sends a captured request, head and all, and gives the answer unpacked.
func (s *served) replay(t *testing.T, dir string, have map[string]string) []byte {
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
	r.RequestURI, r.URL.Scheme, r.URL.Host = "", "http", strings.TrimPrefix(s.base, "http://")
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
