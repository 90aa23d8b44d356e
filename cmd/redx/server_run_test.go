package main

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/redx-update/redx/internal/wsus/clientws"
	"github.com/redx-update/redx/internal/wsus/reporting"
	"github.com/redx-update/redx/internal/wsus/simpleauth"
)

// watched is a stderr that can be read while it is written.
type watched struct {
	mu   sync.Mutex
	text strings.Builder
}

func (w *watched) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(b)
}

func (w *watched) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// eventually waits as long as a machine may take that is busy with much else.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for begun := time.Now(); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Since(begun) > 2*time.Minute {
			t.Fatal("waited in vain until " + what)
		}
	}
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	r, err := http.Get(url) //nolint:noctx // loopback
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, string(b)
}

// unpacked lays out the files of the script about the server.
func unpacked(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	script, err := txtar.ParseFile("testdata/script/server.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range script.Files {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, f.Name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// running starts a server on free ports; stop ends it and gives its exit code.
func running(t *testing.T, data string) (clients, console string, stop func() int) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	log := &watched{}
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"server", "run", "--data", data, "--listen", "127.0.0.1:0", "--console", "127.0.0.1:0"}, stdio{out: io.Discard, err: log})
	}()
	addr := regexp.MustCompile(`for=(\w+) addr=(\S+)`)
	eventually(t, "the server listens", func() bool { return len(addr.FindAllString(log.String(), -1)) == 2 })
	found := addr.FindAllStringSubmatch(log.String(), -1)
	return "http://" + found[0][2], "http://" + found[1][2], func() int {
		cancel()
		return <-ended
	}
}

// TestServerRun runs the server, takes an update in and approves it beside it, and plays a computer.
func TestServerRun(t *testing.T) {
	dir := unpacked(t)
	data := filepath.Join(dir, "srv")
	clients, console, stop := running(t, data)
	redx := func(args ...string) string {
		var out strings.Builder
		if code := run(t.Context(), append(args, "--data", data), stdio{out: &out, err: io.Discard}); code != exitOK {
			t.Errorf("%v: exit code %d", args, code)
		}
		return out.String()
	}
	if code, body := get(t, clients+"/healthz"); code != 200 || body != "ok\n" {
		t.Errorf("healthz: %d %q", code, body)
	}
	const path = "/CONTENT/3c/997e49bbf4ad5ee847d0e77aa30648c70c71323c.cab"
	if code, _ := get(t, clients+path); code != 404 {
		t.Errorf("content before it came: %d", code)
	}
	redx("server", "import", filepath.Join(dir, "in"))
	redx("group", "add", "Test")
	redx("approval", "set", "KB5000001", "--group", "Test")
	eventually(t, "the server has seen all of it", func() bool {
		_, figures := get(t, console+"/metrics")
		code, body := get(t, clients+path)
		return strings.Contains(figures, "redx_revisions 1\n") && strings.Contains(figures, "redx_approvals 1\n") && code == 200 && body == "payload\n"
	})
	synchronise(t, clients)
	told(t, redx)
	if page := browse(t, data)(console + "/computers/pc1.example"); !strings.Contains(page, "Installation failed: <code>0x80070002 ERROR_FILE_NOT_FOUND</code>") {
		t.Errorf("the computer's page: %s", page)
	}
	if code := stop(); code != exitOK {
		t.Errorf("stopped with %d", code)
	}
}

// told checks what the commands say of the computer that synchronised.
func told(t *testing.T, redx func(...string) string) {
	t.Helper()
	if shown := redx("computer", "show", "pc1.example"); !strings.Contains(shown, "install failed") || !strings.Contains(shown, "0x80070002 ERROR_FILE_NOT_FOUND") {
		t.Errorf("computer show: %s", shown)
	} else if state, attempts, ok := strings.Cut(shown, "\n\nsince "); !ok || strings.Contains(state, "Fix") || strings.Count(attempts, "  Fix one") != 2 {
		t.Errorf("computer show does not have the update's title with its state and with the attempt: %s", shown)
	}
	if listed := redx("update", "list"); !strings.Contains(listed, "1 failed") {
		t.Errorf("update list: %s", listed)
	}
	eventually(t, "the synchronisation is written", func() bool { return !strings.Contains(redx("computer", "list"), "never") })
	if why := redx("update", "why", "KB5000001", "--computer", "pc1.example"); !strings.Contains(why, "is offered to pc1.example") {
		t.Errorf("update why: %s", why)
	}
}

// ask sends a message and gives the first match of a pattern in the answer.
func ask(t *testing.T, url, namespace, message, pattern string) string {
	t.Helper()
	name, rest, _ := strings.Cut(message, ">")
	body := `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>` + name + ` xmlns="` + namespace + `">` + rest + `</s:Body></s:Envelope>`
	r, err := http.Post(url, "text/xml; charset=utf-8", strings.NewReader(body)) //nolint:noctx // loopback
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	answer, err := io.ReadAll(r.Body)
	m := regexp.MustCompile("(?s)" + pattern).FindStringSubmatch(string(answer))
	if err != nil || r.StatusCode != 200 || m == nil {
		t.Fatalf("%s: %d %s, %v", name, r.StatusCode, answer, err)
	}
	return m[len(m)-1]
}

// synchronise does what a computer does: it introduces itself, learns of the update and where its file is, fetches it,
// and reports that it could not be installed.
func synchronise(t *testing.T, server string) {
	t.Helper()
	const cookieForm = "<Expiration>[^<]*</Expiration><EncryptedData>[^<]*</EncryptedData>"
	client := server + "/ClientWebService/client.asmx"
	ask(t, client, clientws.Namespace, `<GetConfig><protocolVersion>2.90</protocolVersion></GetConfig>`, "SimpleTargeting")
	auth := ask(t, server+"/SimpleAuthWebService/SimpleAuth.asmx", simpleauth.Namespace,
		`<GetAuthorizationCookie><clientId>E1DA06A3-5601-43C9-BAC3-52D5DB701494</clientId><targetGroupName>Test</targetGroupName><dnsName>pc1.example</dnsName></GetAuthorizationCookie>`, "<CookieData>([^<]*)</CookieData>")
	changed := ask(t, client, clientws.Namespace, `<GetConfig><protocolVersion>2.90</protocolVersion></GetConfig>`, "<LastChange>([^<]*)<")
	cookie := ask(t, client, clientws.Namespace, `<GetCookie><authCookies><AuthorizationCookie><PlugInId>SimpleTargeting</PlugInId><CookieData>`+auth+
		`</CookieData></AuthorizationCookie></authCookies><lastChange>`+changed+`</lastChange><currentTime>2026-01-01T00:00:00Z</currentTime><protocolVersion>2.90</protocolVersion></GetCookie>`, cookieForm)
	ask(t, client, clientws.Namespace, `<RegisterComputer><cookie>`+cookie+`</cookie><computerInfo><DnsName>pc1.example</DnsName><OSMajorVersion>10</OSMajorVersion></computerInfo></RegisterComputer>`, "RegisterComputerResponse")
	number := ask(t, client, clientws.Namespace, `<SyncUpdates><cookie>`+cookie+`</cookie><parameters><ExpressQuery>false</ExpressQuery><SkipSoftwareSync>false</SkipSoftwareSync></parameters></SyncUpdates>`,
		"<ID>([0-9]+)</ID><Deployment><ID>[0-9]+</ID><Action>Install</Action>")
	url := ask(t, client, clientws.Namespace, `<GetExtendedUpdateInfo><cookie>`+cookie+`</cookie><revisionIDs><int>`+number+`</int></revisionIDs><infoTypes><XmlUpdateFragmentType>Extended</XmlUpdateFragmentType></infoTypes><locales><string>en</string></locales></GetExtendedUpdateInfo>`,
		"<Url>([^<]*)</Url>")
	if code, body := get(t, url); code != 200 || body != "payload\n" {
		t.Errorf("%s: %d %q", url, code, body)
	}
	ask(t, server+"/ReportingWebService/ReportingWebService.asmx", reporting.Namespace, `<ReportEventBatch><cookie>`+cookie+`</cookie><clientTime>2026-01-01T00:00:00Z</clientTime><eventBatch><ReportingEvent><BasicData>`+
		`<TargetID><Sid>e1da06a3-5601-43c9-bac3-52d5db701494</Sid></TargetID><SequenceNumber>0</SequenceNumber><TimeAtTarget>2026-01-01T00:00:00Z</TimeAtTarget><EventInstanceID>11111111-2222-1111-1111-111111111111</EventInstanceID>`+
		`<NamespaceID>1</NamespaceID><EventID>182</EventID><SourceID>101</SourceID><UpdateID><UpdateID>11111111-1111-1111-1111-111111111111</UpdateID><RevisionNumber>1</RevisionNumber></UpdateID><Win32HResult>-2147024894</Win32HResult></BasicData></ReportingEvent></eventBatch></ReportEventBatch>`, "true")
}
