package server

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redx-update/redx/internal/wsus/clientws"
	"github.com/redx-update/redx/internal/wsus/reporting"
	"github.com/redx-update/redx/internal/wsus/simpleauth"
	"github.com/redx-update/redx/internal/wsus/soap"
)

func getConfig(t *testing.T) []byte {
	t.Helper()
	message, err := soap.Agent.Append(nil, &clientws.GetConfig{ProtocolVersion: "1.8"})
	if err != nil {
		t.Fatal(err)
	}
	return message
}

func TestPaths(t *testing.T) {
	a := newAgent(t, newWorld())
	for path, want := range map[string]int{
		"/ClientWebService/Client.asmx":                    200,
		"/clientwebservice/CLIENT.ASMX":                    200,
		"/ReportingWebService/ReportingWebService.asmx":    500, // GetConfig is none of its operations
		"/reportingwebservice/webservice.asmx":             500,
		"/ClientWebService":                                404,
		"/ClientWebService/Client.asmx/":                   200,
		"/":                                                404,
		"/SelfUpdate/wuident.cab":                          404,
		"/ServerSyncWebService/ServerSyncWebService.asmx":  404,
		"/content/../ClientWebService/Client.asmx/../../x": 200, // the content handler's to judge
	} {
		if status, _, _ := a.post(path, getConfig(t)); status != want {
			t.Errorf("%s: status %d, want %d", path, status, want)
		}
	}
	res, err := a.server.Client().Get(a.server.URL + "/cOnTeNt/AB/X.CAB")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, err := io.ReadAll(res.Body); err != nil || string(body) != "content AB/X.CAB" {
		t.Errorf("%s, %v", body, err)
	}
}

func TestVersions(t *testing.T) {
	a := newAgent(t, newWorld())
	twelve, err := soap.Twelve.Append(nil, &clientws.GetConfig{ProtocolVersion: "1.8"})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		message []byte
		version soap.Version
		kind    string
	}{
		{getConfig(t), soap.V11, "text/xml; charset=utf-8"},
		{twelve, soap.V12, "application/soap+xml; charset=utf-8"},
		{bytes.ReplaceAll(twelve, []byte("GetConfig"), []byte("GetNothing")), soap.V12, "application/soap+xml; charset=utf-8"},
	} {
		_, head, body := a.post("/ClientWebService/Client.asmx", tt.message)
		m, err := soap.Open(body)
		if err != nil || m.Version != tt.version || head.Get("Content-Type") != tt.kind || head.Get("Content-Encoding") != "xpress" || head.Get("Vary") != "Accept-Encoding" {
			t.Errorf("%v: %v", head, err)
		}
	}
}

func TestPlainAnswers(t *testing.T) {
	a := newAgent(t, newWorld())
	for _, coding := range []string{"", "gzip, deflate", "xpress;q=0"} {
		r, err := http.NewRequest(http.MethodPost, a.server.URL+"/ClientWebService/Client.asmx", bytes.NewReader(getConfig(t)))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept-Encoding", coding)
		res, err := a.server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil || res.Header.Get("Content-Encoding") != "" || !bytes.HasPrefix(body, []byte("<s:Envelope")) {
			t.Errorf("%q: %v, %v %.30s", coding, err, res.Header, body)
		}
	}
}

func TestNotSOAP(t *testing.T) {
	a := newAgent(t, newWorld())
	deep := strings.Replace(string(getConfig(t)), "1.8", strings.Repeat("<a>", 100_000), 1)
	for name, message := range map[string]string{
		"nothing": "", "JSON": "{}", "XML": "<a/>", "half": string(getConfig(t)[:60]), "a document type": "<!DOCTYPE a>" + string(getConfig(t)),
	} {
		if status, _, _ := a.post("/ClientWebService/Client.asmx", []byte(message)); status != http.StatusBadRequest {
			t.Errorf("%s: status %d", name, status)
		}
	}
	for name, message := range map[string]string{"deep": deep, "cut off": string(getConfig(t)[:200])} {
		if status, _, body := a.post("/ClientWebService/Client.asmx", []byte(message)); status != http.StatusInternalServerError || !bytes.Contains(body, []byte("InvalidParameters")) {
			t.Errorf("%s: status %d, %s", name, status, body)
		}
	}
}

// TestLargeBodies has clients send what no client sends: the server reads no more than its limit.
func TestLargeBodies(t *testing.T) {
	a := newAgent(t, newWorld())
	for name, length := range map[string]int64{"said beforehand": 1 << 30, "chunked": -1} {
		sent := &countingZeros{left: 1 << 30}
		r, err := http.NewRequest(http.MethodPost, a.server.URL+"/ClientWebService/Client.asmx", sent)
		if err != nil {
			t.Fatal(err)
		}
		r.ContentLength = length
		res, err := a.server.Client().Do(r)
		if err == nil {
			res.Body.Close()
		}
		if err == nil && res.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("%s: status %d", name, res.StatusCode)
		}
		if n := sent.n.Load(); n > 64<<20 {
			t.Errorf("%s: %d bytes could be sent", name, n)
		}
	}
	if status, _, _ := a.post("/ClientWebService/Client.asmx", getConfig(t)); status != http.StatusOK {
		t.Errorf("afterwards: %d", status)
	}
}

// countingZeros is a body that is still being sent when the answer has come.
type countingZeros struct {
	n    atomic.Int64
	left int64
}

func (z *countingZeros) Read(p []byte) (int, error) {
	if z.left <= 0 {
		return 0, io.EOF
	}
	n := min(int64(len(p)), z.left)
	clear(p[:n])
	z.n.Add(n)
	z.left -= n
	return int(n), nil
}

// TestSlowBody has a client that begins a body and does not go on.
func TestSlowBody(t *testing.T) {
	w := newWorld()
	deps := w.deps()
	deps.Limits.Body = 300 * time.Millisecond
	a := newAgent(t, w)
	a.server.Config.Handler = NewServer(deps)
	conn, err := net.Dial("tcp", a.server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "POST /ClientWebService/Client.asmx HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n<s:"); err != nil {
		t.Fatal(err)
	}
	if err := conn.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil || !bytes.HasPrefix(answer, []byte("HTTP/1.1 408")) {
		t.Errorf("%q, %v", answer, err)
	}
}

// TestSlowBodiesTakeNoPlace has more clients begin a body than there are places.
func TestSlowBodiesTakeNoPlace(t *testing.T) {
	w := newWorld()
	deps := w.deps()
	deps.Limits = Limits{Inside: 2, Working: 2, Wait: time.Minute, Body: time.Hour}
	a := newAgent(t, w)
	a.server.Config.Handler = NewServer(deps)
	for range 20 {
		conn, err := net.Dial("tcp", a.server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := io.WriteString(conn, "POST /ClientWebService/Client.asmx HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n\r\n<s:"); err != nil {
			t.Fatal(err)
		}
	}
	a.handshake()
}

// TestHeldBytes has so much on its way in that only small requests may come besides.
func TestHeldBytes(t *testing.T) {
	w := newWorld()
	s := NewServer(w.deps())
	a := newAgent(t, w)
	a.server.Config.Handler = s
	a.handshake()
	s.held.Store(maxHeld - 5<<10)
	message, err := soap.Agent.Append(nil, &clientws.SyncUpdates{Cookie: a.cookie, Parameters: &clientws.SyncUpdateParameters{OtherCachedUpdateIDs: make([]int32, 1000)}})
	if err != nil {
		t.Fatal(err)
	}
	if status, _, body := a.post(clientPath, message); status != http.StatusInternalServerError || !bytes.Contains(body, []byte("<ErrorCode>ServerBusy</ErrorCode>")) {
		t.Errorf("status %d: %s", status, body)
	}
	a.getConfig()
	holds(t, s, maxHeld-5<<10)
	s.held.Store(0)
	for _, n := range []int{100, 1000, 20_000} {
		if _, err := a.sync(clientws.SyncUpdateParameters{OtherCachedUpdateIDs: make([]int32, n)}); err != nil {
			t.Errorf("%d ids: %v", n, err)
		}
	}
	holds(t, s, 0)
}

// holds waits until the server has given back what it held: it does so a moment after the client has its answer.
func holds(t *testing.T, s *Server, want int64) {
	t.Helper()
	for end := time.Now().Add(time.Minute); s.held.Load() != want || len(s.large) != 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d bytes and %d large bodies are held", s.held.Load(), len(s.large))
		}
	}
}

// TestBusy takes all places: who comes then waits, and is told to come later.
func TestBusy(t *testing.T) {
	w := newWorld()
	deps := w.deps()
	deps.Limits.Wait = 50 * time.Millisecond
	s := NewServer(deps)
	a := newAgent(t, w)
	a.server.Config.Handler = s
	for range cap(s.working) {
		s.working <- struct{}{}
	}
	status, _, body := a.post("/ClientWebService/Client.asmx", getConfig(t))
	if status != http.StatusInternalServerError || !bytes.Contains(body, []byte("<ErrorCode>ServerBusy</ErrorCode>")) {
		t.Errorf("status %d: %s", status, body)
	}
	<-s.working
	if status, _, _ := a.post("/ClientWebService/Client.asmx", getConfig(t)); status != http.StatusOK {
		t.Errorf("with a place: %d", status)
	}
}

func TestReports(t *testing.T) {
	w := newWorld()
	a := newAgent(t, w).handshake()
	event := func(sid string, id int32) reporting.Event {
		return reporting.Event{BasicData: reporting.BasicData{TargetID: reporting.ComputerTargetIdentifier{SID: sid}, EventID: id}}
	}
	report := func(c *clientws.Cookie, events ...reporting.Event) error {
		var answer reporting.ReportEventBatchResponse
		err := a.call("/ReportingWebService/ReportingWebService.asmx", &reporting.ReportEventBatch{Cookie: c, ClientTime: time.Now(), EventBatch: events}, &answer)
		if err == nil && !answer.Result {
			t.Error("the answer is false")
		}
		return err
	}
	a.must(report(a.cookie, event(strings.ToUpper(a.id), 147), event("somebody-else", 182), event("", 183), event(a.id, 9999)))
	a.must(report(a.cookie))
	if len(w.events) != 2 || w.events[0].BasicData.EventID != 147 || w.events[1].BasicData.EventID != 9999 {
		t.Errorf("kept %+v", w.events)
	}
	if !strings.Contains(w.log.String(), "event of another computer dropped") {
		t.Error("the log does not say what was dropped")
	}
	wantCode(t, report(nil, event(a.id, 147)), soap.InvalidCookie)
	w.pass(2 * time.Hour)
	wantCode(t, report(a.cookie, event(a.id, 147)), soap.CookieExpired)
}

func TestFindings(t *testing.T) {
	w := newWorld()
	a := newAgent(t, w).handshake()
	w.verdict = Verdict{Why: "too many"}
	good := "Redx-Cookie " + base64.StdEncoding.EncodeToString(a.cookie.EncryptedData)
	for _, tt := range []struct {
		name, method, auth, body string
		want                     int
	}{
		{"good", "POST", good, ` {"findings": []} `, 200},
		{"no cookie", "POST", "", `{}`, 401},
		{"another scheme", "POST", "Basic " + good[12:], `{}`, 401},
		{"a forged cookie", "POST", good[:len(good)-8] + "AAAAAAA=", `{}`, 401},
		{"no object", "POST", good, `[]`, 400},
		{"two objects", "POST", good, `{} {}`, 400},
		{"nothing", "POST", good, ``, 400},
		{"too much", "POST", good, `{"a":"` + strings.Repeat("x", maxFindings) + `"}`, 413},
		{"GET", "GET", good, ``, 405},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, err := http.NewRequest(tt.method, a.server.URL+"/redx/v1/findings", strings.NewReader(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Authorization", tt.auth)
			res, err := a.server.Client().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			if res.StatusCode != tt.want {
				t.Errorf("status %d, want %d", res.StatusCode, tt.want)
			}
			body, err := io.ReadAll(res.Body)
			if said := strings.TrimSpace(string(body)); err != nil || (said == `{"heal":false,"why":"too many"}`) != (tt.want == 200) {
				t.Errorf("said %q, %v", said, err)
			}
		})
	}
	if w.findings[a.id] != `{"findings": []}` {
		t.Errorf("kept %q", w.findings[a.id])
	}
}

// TestManyAtOnce has computers come all at once: each is answered, at worst with ServerBusy, and the server goes on.
func TestManyAtOnce(t *testing.T) {
	const computers = 2000
	w := newWorld()
	deps := w.deps()
	deps.Limits = Limits{Inside: 16, Working: 2, Wait: time.Second}
	a := newAgent(t, w)
	s := NewServer(deps)
	var answered, busy atomic.Int32
	var wg sync.WaitGroup
	for n := range computers {
		wg.Go(func() {
			message, err := soap.Agent.Append(nil, &simpleauth.GetAuthorizationCookie{ClientID: fmt.Sprint(n), DNSName: "pc"})
			if err != nil {
				t.Error(err)
			}
			got := httptest.NewRecorder()
			s.ServeHTTP(got, httptest.NewRequest(http.MethodPost, simpleAuthPath, bytes.NewReader(message)))
			switch {
			case got.Code == http.StatusOK:
				answered.Add(1)
			case strings.Contains(got.Body.String(), "<ErrorCode>ServerBusy<"):
				busy.Add(1)
			default:
				t.Errorf("status %d: %s", got.Code, got.Body)
			}
		})
	}
	wg.Wait()
	if answered.Load()+busy.Load() != computers || answered.Load() == 0 || len(w.computers) != int(answered.Load()) {
		t.Errorf("%d answered, %d told to come later, %d known", answered.Load(), busy.Load(), len(w.computers))
	}
	a.server.Config.Handler = s
	a.handshake()
}
