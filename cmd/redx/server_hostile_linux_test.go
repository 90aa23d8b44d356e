package main

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redx-update/redx/internal/wsus/clientws"
	"github.com/redx-update/redx/internal/wsus/soap"
)

// TestServerHostile has the server, as it is run, meet all that no honest client does, one after the other. In the end it
// serves on, knows what it knew, and has not used much memory.
func TestServerHostile(t *testing.T) {
	dataDir := t.TempDir()
	importMade(t, dataDir, madeUpdate{n: 1, kind: "Detectoid"}, madeUpdate{n: 2, files: map[string]string{"two.cab": "payload of two"}})
	approveMade(t, dataDir, 2)
	s := serveFrom(t, dataDir)
	honest := newComputer(s.base, numbered(0), "honest.example")
	if err := honest.handshake(); err != nil {
		t.Fatal(err)
	}
	serves := func(t *testing.T) {
		t.Helper()
		if info, err := honest.synchronise(); err != nil || len(info.NewUpdates) == 0 {
			t.Errorf("an honest computer gets %+v: %v", info, err)
		}
	}
	for _, tt := range []struct {
		name string
		meet func(t *testing.T, s *served, honest *computer)
	}{
		{"bodies of a gigabyte", hugeBodies},
		{"deep XML", deepXML},
		{"paths out of Content", pathsOut},
		{"forged and replayed cookies", wrongCookies},
		{"events of others", eventsOfOthers},
		{"a cloned image", clonedImage},
		{"slow bodies beside ten thousand at once", slowAndMany},
	} {
		t.Run(tt.name, func(t *testing.T) {
			begin := time.Now()
			tt.meet(t, s, honest)
			serves(t)
			t.Logf("took %s, the server has had %d MB", time.Since(begin).Round(time.Millisecond), s.peak()>>20)
		})
	}
	if most := s.peak(); most > 400<<20 && !raceEnabled {
		t.Errorf("the server has had %d MB", most>>20)
	}
	s.stop()
}

// peak is the most memory that the server has had, in bytes.
func (s *served) peak() int64 {
	s.t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		s.t.Fatal(err)
	}
	m := regexp.MustCompile(`VmHWM:\s*(\d+) kB`).FindSubmatch(b)
	if m == nil {
		s.t.Fatal("no VmHWM")
	}
	kb, err := strconv.ParseInt(string(m[1]), 10, 64)
	if err != nil {
		s.t.Fatal(err)
	}
	return kb << 10
}

// endless is a body of so many zeros, which counts how many could be sent.
type endless struct {
	sent atomic.Int64
	size int64
}

func (e *endless) Read(p []byte) (int, error) {
	left := e.size - e.sent.Load()
	if left <= 0 {
		return 0, io.EOF
	}
	n := min(int64(len(p)), left)
	clear(p[:n])
	e.sent.Add(n)
	return int(n), nil
}

// hugeBodies are refused after no more than the limit, whether their size is told or not.
func hugeBodies(t *testing.T, s *served, honest *computer) {
	cookie := findingsCookie(honest)
	for _, path := range []string{clientURL, authURL, reportURL, "/redx/v1/findings"} {
		for _, told := range []bool{true, false} {
			body := &endless{size: 1 << 30}
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.base+path, body)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Authorization", cookie)
			if told {
				r.ContentLength = body.size
			}
			res, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
			if err == nil {
				res.Body.Close()
				if res.StatusCode != http.StatusRequestEntityTooLarge {
					t.Errorf("%s: status %d", path, res.StatusCode)
				}
			}
			if sent := body.sent.Load(); sent > 32<<20 {
				t.Errorf("%s: %d bytes could be sent", path, sent)
			}
		}
	}
}

func deepXML(t *testing.T, s *served, _ *computer) {
	message, err := soap.Agent.Append(nil, &clientws.GetConfig{ProtocolVersion: "1.8"})
	if err != nil {
		t.Fatal(err)
	}
	for _, depth := range []int{100, 10_000, 1_000_000} {
		body := bytes.Replace(message, []byte("1.8"), bytes.Repeat([]byte("<a>"), depth), 1)
		res, err := http.Post(s.base+clientURL, "text/xml", bytes.NewReader(body)) //nolint:noctx // loopback
		if err != nil {
			t.Fatal(err)
		}
		answer, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil || res.StatusCode != http.StatusInternalServerError || !bytes.Contains(answer, []byte("InvalidParameters")) {
			t.Errorf("%d levels: status %d, %v: %.200s", depth, res.StatusCode, err, answer)
		}
	}
}

// pathsOut asks for what is beside the folder of the files in every writing. The requests are written by hand: a client
// library makes paths neat.
func pathsOut(t *testing.T, s *served, _ *computer) {
	if code, body := get(t, s.base+"/Content/"+madeContentPath); code != http.StatusOK || body != "payload of two" {
		t.Fatalf("the file itself: %d %q", code, body)
	}
	for _, path := range []string{
		"/Content/../redx.db", "/Content/%2e%2e/redx.db", "/Content/..%2fredx.db", "/Content/..%5credx.db", `/Content/..\redx.db`,
		"/Content/%252e%252e/redx.db", "/Content//../redx.db", "/Content/../../../../../../etc/passwd", "/Content/C:/Windows/win.ini",
		"/Content/" + madeContentPath[:3] + "../" + madeContentPath + "/../../redx.db", "/Content/" + madeContentPath + "%00.db",
		"/Content/" + madeContentPath + "/", "/Content/%2f" + madeContentPath, "/Content//" + madeContentPath, "/Content/./" + madeContentPath,
		"/Content/", "/Content", "/Content/.incoming/", "/Content/" + strings.Repeat("A/", 20_000), "/redx.db", "/../redx.db",
		"http://elsewhere/Content/../redx.db",
	} {
		answer := s.raw("GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		// What still names the file by its digest may get the file; nothing else is ever given out.
		refused := regexp.MustCompile(`^HTTP/1\.1 4\d\d `).MatchString(answer)
		file := strings.Contains(path, madeContentPath) && strings.HasSuffix(answer, "\r\n\r\npayload of two")
		if !refused && !file {
			t.Errorf("%s: %.300q", path, answer)
		}
	}
}

// raw sends bytes and gives what comes back until the server closes.
func (s *served) raw(request string) string {
	s.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.base, "http://"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(2 * time.Minute)); err != nil {
		s.t.Fatal(err)
	}
	if _, err := io.WriteString(conn, request); err != nil {
		s.t.Logf("not all of it was sent: %v", err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil && len(answer) == 0 {
		s.t.Errorf("no answer: %v", err)
	}
	return string(answer)
}

// wrongCookies are changed in every byte, of another server, of another kind, and of a computer that is gone.
func wrongCookies(t *testing.T, s *served, honest *computer) {
	with := func(data []byte) error {
		c := *honest
		c.cookie = &clientws.Cookie{Expiration: honest.cookie.Expiration, EncryptedData: data}
		_, err := c.synchronise()
		return err
	}
	good := honest.cookie.EncryptedData
	for i := range good {
		forged := bytes.Clone(good)
		forged[i] ^= 0x20
		wantFault(t, fmt.Sprintf("byte %d changed", i), with(forged), soap.InvalidCookie)
	}
	for name, data := range map[string][]byte{
		"no cookie": nil, "half": good[:len(good)/2], "zeros": make([]byte, 15<<10), "too long": make([]byte, 1<<20),
		"an authorization cookie": honest.auth.CookieData, "longer": append(bytes.Clone(good), 0),
	} {
		wantFault(t, name, with(data), soap.InvalidCookie)
	}
	auth := *honest
	auth.auth.CookieData = good
	wantFault(t, "a cookie as authorization", auth.enter(), soap.InvalidAuthorizationCookie)
	replayedCookies(t, s)
}

// replayedCookies are good ones that are shown when they should not be any more.
func replayedCookies(t *testing.T, s *served) {
	gone := newComputer(s.base, numbered(1), "gone.example")
	if err := gone.handshake(); err != nil {
		t.Fatal(err)
	}
	must(t, s.data, "computer", "remove", gone.id)
	eventually(t, "the server has forgotten the computer", func() bool {
		_, err := gone.synchronise()
		return faultCode(err) == soap.ConfigChanged
	})
	if err := gone.report(failed(gone.id, "11111111-0000-0000-0000-000000000001", madeID(2))); err == nil {
		t.Error("an event of a computer that is not known was taken")
	}
	elsewhere := t.TempDir()
	importMade(t, elsewhere, madeUpdate{n: 1})
	other := serveFrom(t, elsewhere)
	stranger := newComputer(other.base, gone.id, gone.name)
	if err := stranger.handshake(); err != nil {
		t.Fatal(err)
	}
	other.stop()
	stranger.base = s.base
	_, err := stranger.synchronise()
	wantFault(t, "another server's cookie", err, soap.InvalidCookie)
}

func findingsCookie(c *computer) string {
	return "Redx-Cookie " + base64.StdEncoding.EncodeToString(c.cookie.EncryptedData)
}

// eventsOfOthers has a computer report for another one: that is dropped and logged, what it says of itself is kept.
func eventsOfOthers(t *testing.T, s *served, honest *computer) {
	victim := newComputer(s.base, numbered(2), "victim.example")
	liar := newComputer(s.base, numbered(3), "liar.example")
	if err := errors.Join(victim.handshake(), liar.handshake()); err != nil {
		t.Fatal(err)
	}
	err := liar.report(
		failed(victim.id, "22222222-0000-0000-0000-000000000001", madeID(2)),
		failed("", "22222222-0000-0000-0000-000000000002", madeID(2)),
		failed(liar.id, "22222222-0000-0000-0000-000000000003", madeID(2)),
	)
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]int{victim.id: 0, liar.id: 1, honest.id: 0} {
		inData(t, s.data, func(d *data) error {
			events, err := d.Events(t.Context(), id, 10)
			if len(events) != want {
				t.Errorf("%s has %d events", id, len(events))
			}
			return err
		})
	}
	if log := s.log.String(); !strings.Contains(log, `msg="event of another computer dropped"`) || !strings.Contains(log, "claimed="+victim.id) {
		t.Error("the log does not say that an event was dropped")
	}
}

// clonedImage has two computers with one id: the administrator is told.
func clonedImage(t *testing.T, s *served, _ *computer) {
	for _, name := range []string{"clone1.example", "clone2.example", "clone1.example"} {
		if err := newComputer(s.base, numbered(4), name).handshake(); err != nil {
			t.Fatal(err)
		}
	}
	if shown := must(t, s.data, "computer", "show", numbered(4)); !strings.Contains(shown, "several computers") {
		t.Errorf("computer show: %s", shown)
	}
	if !strings.Contains(s.log.String(), "one client id on several computers") {
		t.Error("the log does not name the clone")
	}
}

// slowAndMany has many begin a body and not go on. Honest computers are served meanwhile, ten thousand of them, and in the
// end the slow ones lose their connections.
func slowAndMany(t *testing.T, s *served, honest *computer) {
	const slow = 1500
	var open []net.Conn
	defer func() {
		for _, c := range open {
			c.Close()
		}
	}()
	for i := range slow {
		c, err := net.Dial("tcp", strings.TrimPrefix(s.base, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, c)
		size := []int{100, 60_000, 120_000, 3 << 20}[i%4]
		if _, err := fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n<s:Envelope", clientURL, size); err != nil {
			t.Fatal(err)
		}
	}
	begin := time.Now()
	for range 20 {
		if _, err := honest.synchronise(); err != nil {
			t.Fatal(err)
		}
	}
	if took := time.Since(begin); took > 10*time.Second { // a third of what the slow ones are waited for
		t.Errorf("20 requests took %s beside slow ones", took)
	}
	tenThousand(t, s)
	if err := open[0].SetReadDeadline(time.Now().Add(3 * time.Minute)); err != nil {
		t.Fatal(err)
	}
	if answer, err := io.ReadAll(open[0]); err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 408 ") {
		t.Errorf("a slow one got %q, %v", answer, err)
	}
}

// tenThousand register at once: each is known in the end, at worst after it was told to come again.
func tenThousand(t *testing.T, s *served) {
	t.Helper()
	const first = 1_000
	all := 10_000
	if raceEnabled {
		all = 1_000
	}
	transport := &http.Transport{MaxConnsPerHost: 2000, MaxIdleConnsPerHost: 2000}
	defer transport.CloseIdleConnections()
	var busy atomic.Int32
	var wg sync.WaitGroup
	for n := range all {
		wg.Go(func() {
			c := newComputer(s.base, numbered(first+n), fmt.Sprintf("pc%d.example", n))
			c.client = &http.Client{Transport: transport}
			for _, step := range []func() error{c.authorize, c.enter, c.register} {
				err := step()
				for tries := 0; faultCode(err) == soap.ServerBusy && tries < 100; tries++ {
					busy.Add(1)
					time.Sleep(time.Second)
					err = step()
				}
				if err != nil {
					t.Errorf("computer %d: %v", n, err)
					return
				}
			}
		})
	}
	wg.Wait()
	t.Logf("ServerBusy %d times", busy.Load())
	inData(t, s.data, func(d *data) error {
		known, err := d.Computers(t.Context())
		registered := 0
		for _, c := range known {
			if c.Registered && strings.HasPrefix(c.Name, "pc") {
				registered++
			}
		}
		if registered != all {
			t.Errorf("%d are registered", registered)
		}
		return err
	})
}

// madeContentPath is where the file of the hostile test is, below Content.
var madeContentPath = contentPath("payload of two")
