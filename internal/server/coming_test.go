package server

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/redx-update/redx/internal/wsus/soap"
)

// utf16LE is how .NET writes "Unicode".
func utf16LE(s string) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return string(b)
}

func gzipped(t *testing.T, s string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, s); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestRequestsAsTheyCome sends, byte by byte as written here, what stands between a client and the server may make of a request.
func TestRequestsAsTheyCome(t *testing.T) {
	s := NewServer(newWorld().deps())
	served := httptest.NewServer(s)
	defer served.Close()
	message := string(getConfig(t))
	declared := `<?xml version="1.0" encoding="utf-16"?>` + message
	sized := func(body string) string { return fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body) }
	const line = "POST /ClientWebService/client.asmx HTTP/1.1\r\nHost: x\r\n"
	large := gzipped(t, strings.Repeat(" ", 5<<20))
	for name, tt := range map[string]struct {
		request string
		want    int
	}{
		"plain":                     {line + sized(message), 200},
		"lower-case names":          {strings.ReplaceAll(line, "Host", "host") + "content-type: text/xml\r\n" + fmt.Sprintf("content-length: %d\r\n\r\n%s", len(message), message), 200},
		"chunked":                   {line + "Transfer-Encoding: chunked\r\n\r\n" + fmt.Sprintf("5\r\n%s\r\n%x;ext=1\r\n%s\r\n0\r\nTrailer: x\r\n\r\n", message[:5], len(message)-5, message[5:]), 200},
		"expecting to continue":     {line + "Expect: 100-continue\r\n" + sized(message), 200},
		"HTTP/1.0":                  {"POST /ClientWebService/client.asmx HTTP/1.0\r\n" + sized(message), 200},
		"HTTP/1.0, kept alive":      {"POST /ClientWebService/client.asmx HTTP/1.0\r\nConnection: Keep-Alive\r\n" + sized(message), 200},
		"to a proxy":                {"POST http://x:8530/ClientWebService/client.asmx HTTP/1.1\r\nHost: x\r\n" + sized(message), 200},
		"from a proxy":              {line + "Via: 1.1 p\r\nX-Forwarded-For: 192.0.2.7\r\nProxy-Connection: keep-alive\r\n" + sized(message), 200},
		"two slashes":               {"POST //ClientWebService//client.asmx HTTP/1.1\r\nHost: x\r\n" + sized(message), 200},
		"a slash behind":            {"POST /ClientWebService/client.asmx/ HTTP/1.1\r\nHost: x\r\n" + sized(message), 200},
		"a query":                   {"POST /ClientWebService/client.asmx?op=GetConfig HTTP/1.1\r\nHost: x\r\n" + sized(message), 200},
		"an escaped letter":         {"POST /%43lientWebService/client.asmx HTTP/1.1\r\nHost: x\r\n" + sized(message), 200},
		"a path below":              {"POST /ClientWebService/client.asmx/secured HTTP/1.1\r\nHost: x\r\n" + sized(message), 404},
		"another content type":      {line + "Content-Type: application/octet-stream\r\n" + sized(message), 200},
		"UTF-8 with a mark":         {line + sized("\ufeff"+message), 200},
		"UTF-16":                    {line + "Content-Type: text/xml; charset=utf-16\r\n" + sized(utf16LE("\ufeff"+declared)), 200},
		"UTF-16 without a mark":     {line + "Content-Type: text/xml; charset=utf-16\r\n" + sized(utf16LE(message)), 200},
		"UTF-16 that is none":       {line + "Content-Type: text/xml; charset=utf-16\r\n" + sized(declared), 200},
		"UTF-16, cut off":           {line + sized(utf16LE(declared)[:2*len(declared)-40]), 500},
		"identity":                  {line + "Content-Encoding: identity\r\n" + sized(message), 200},
		"gzip":                      {line + "Content-Encoding: gzip\r\n" + sized(gzipped(t, message)), 200},
		"gzip of UTF-16":            {line + "Content-Encoding: x-gzip\r\n" + sized(gzipped(t, utf16LE(message))), 200},
		"gzip that is none":         {line + "Content-Encoding: gzip\r\n" + sized(message), 400},
		"gzip, cut off":             {line + "Content-Encoding: gzip\r\n" + sized(gzipped(t, message)[:40]), 400},
		"gzip of too much":          {line + "Content-Encoding: gzip\r\n" + sized(large), 413},
		"a coding that nobody uses": {line + "Content-Encoding: br\r\n" + sized(message), 415},
	} {
		t.Run(name, func(t *testing.T) {
			status, body := raw(t, served.Listener.Addr().String(), tt.request)
			if status != tt.want {
				t.Fatalf("status %d, want %d: %.200s", status, tt.want, body)
			}
			if m, err := soap.Open(body); status == 200 && (err != nil || m.Name != "GetConfigResponse") {
				t.Errorf("%v: %.200s", err, body)
			}
		})
	}
	holds(t, s, 0)
}

// TestPackedPlaces has packed requests wait for the places of large ones: one that came large waits for no second place, and who
// waits keeps nobody else out.
func TestPackedPlaces(t *testing.T) {
	deps := newWorld().deps()
	deps.Limits.Inside = 1
	s := NewServer(deps)
	a := newAgent(t, newWorld())
	a.server.Config.Handler = s
	addr, message := a.server.Listener.Addr().String(), string(getConfig(t))
	packed := func(text string) string {
		text = gzipped(t, text)
		return fmt.Sprintf("POST /ClientWebService/client.asmx HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s", len(text), text)
	}
	noise := make([]byte, 2*smallBody)
	_, _ = rand.NewChaCha8([32]byte{}).Read(noise) // gives all of the bytes
	large := packed("<!--" + hex.EncodeToString(noise) + "-->" + message)
	if len(large) <= smallBody {
		t.Fatalf("%d bytes are not large", len(large))
	}
	for range cap(s.large) - 1 {
		s.large <- struct{}{}
	}
	if status, body := raw(t, addr, large); status != http.StatusOK {
		t.Errorf("the last place is not enough: %d %.200s", status, body)
	}
	s.large <- struct{}{}
	for range 5 {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := io.WriteString(conn, packed(message)); err != nil {
			t.Fatal(err)
		}
	}
	a.handshake()
	for range cap(s.large) {
		<-s.large
	}
}

// raw sends a request as it is written and reads one answer, past any "100 Continue".
func raw(t *testing.T, addr, request string) (int, []byte) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	from := bufio.NewReader(conn)
	method, _, _ := strings.Cut(request, " ")
	for {
		res, err := http.ReadResponse(from, &http.Request{Method: method})
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		if res.StatusCode == http.StatusContinue {
			continue
		}
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, body
	}
}

// TestLook opens a web service's address as administrators do.
func TestLook(t *testing.T) {
	a := newAgent(t, newWorld())
	for _, tt := range []struct {
		method, path string
		want         int
		said         string
	}{
		{"GET", "/ClientWebService/client.asmx", 200, "\nSyncUpdates\n"},
		{"HEAD", "/ClientWebService/client.asmx", 200, ""},
		{"GET", "//SimpleAuthWebService/SimpleAuth.asmx", 200, "\nGetAuthorizationCookie\n"},
		{"GET", "/ReportingWebService/ReportingWebService.asmx", 200, "\nReportEventBatch\n"},
		{"GET", "/ClientWebService/client.asmx?wsdl", 404, "MS-WUSP"},
		{"PUT", "/ClientWebService/client.asmx", 405, "POST"},
		{"GET", "//Content//AB/X.cab", 200, "content AB/X.cab"},
		{"GET", "//Content", 404, ""},
	} {
		status, body := raw(t, a.server.Listener.Addr().String(), tt.method+" "+tt.path+" HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
		if status != tt.want || !strings.Contains(string(body), tt.said) {
			t.Errorf("%s %s: %d %q", tt.method, tt.path, status, body)
		}
	}
}
