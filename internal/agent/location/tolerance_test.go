package location_test

import (
	"bytes"
	"compress/gzip"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/redx-update/redx/internal/agent/location"
	"github.com/redx-update/redx/internal/winbin"
	"github.com/redx-update/redx/internal/wsus/soap"
)

// dialect is how another server may write the same answer.
type dialect func(body []byte, h http.Header) []byte

func replaced(pattern, with string) dialect {
	re := regexp.MustCompile(pattern)
	return func(b []byte, _ http.Header) []byte { return re.ReplaceAll(b, []byte(with)) }
}

var dialects = map[string]dialect{
	"a byte order mark":  func(b []byte, _ http.Header) []byte { return append([]byte("\ufeff"), b...) },
	"a line for each":    replaced(`><`, ">\r\n\t<"),
	"comments":           replaced(`><`, "><!-- > --><?x y?><"),
	"prefixes":           replaced(`<(/?)([A-Z])`, "<${1}q1:$2"),
	"unknown elements":   replaced(`<(\w+Result)>`, `<$1><Unheard xsi:nil="true"/><Of a="b"><ID>9</ID></Of>`),
	"a header":           replaced(`<s:Body`, `<s:Header><a:Body xmlns:a="urn:a">x</a:Body></s:Header><s:Body`),
	"types":              replaced(`<(NewUpdates|Properties|AuthInfo|FileLocations)>`, `<$1 xsi:type="soapenc:Array" soapenc:arrayType="x[1]" id="i1">`),
	"nothing as nil":     replaced(`<(\w+)(></\w+>| ?/>)`, `<$1 xsi:nil="1"/>`),
	"in the other order": func(b []byte, _ http.Header) []byte { return reversed(b) },
	"UTF-16": func(b []byte, h http.Header) []byte {
		h.Set("Content-Type", "text/xml; charset=utf-16")
		return utf16(b)
	},
	"gzip, without a wish":  zipped,
	"an odd type":           func(b []byte, h http.Header) []byte { h.Set("Content-Type", "application/octet-stream"); return b },
	"another SOAP":          replaced(`http://schemas.xmlsoap.org/soap/envelope/`, "http://www.w3.org/2003/05/soap-envelope"),
	"single quotes":         replaced(`(\w+)="([^"']*)"`, "$1='$2'"),
	"blanks around numbers": replaced(`>(\d+|true|false)</`, "> $1\n</"),
	"CDATA":                 func(b []byte, _ http.Header) []byte { return cdata(b) },
}

func utf16(b []byte) []byte {
	text := strings.Replace(string(b), "utf-8", "utf-16", 1)
	return append([]byte{0xff, 0xfe}, winbin.PutUTF16(text)...)
}

func zipped(b []byte, h http.Header) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, err := z.Write(b)
	if err = errors.Join(err, z.Close()); err != nil {
		panic(err)
	}
	h.Set("Content-Encoding", "gzip")
	return out.Bytes()
}

// cdata writes fragments in the other way that XML has for them.
func cdata(b []byte) []byte {
	return regexp.MustCompile(`<(Xml)>([^<]*)</Xml>`).ReplaceAllFunc(b, func(m []byte) []byte {
		var text string
		if err := xml.Unmarshal(m, &text); err != nil {
			panic(err)
		}
		return []byte("<Xml><![CDATA[" + text + "]]></Xml>")
	})
}

// reversed turns the order of all that stands beside each other around, behind the element in the body.
func reversed(b []byte) []byte {
	d := xml.NewDecoder(bytes.NewReader(b))
	root := &node{}
	open := []*node{root}
	for {
		start := d.InputOffset()
		t, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			panic(err)
		}
		raw := string(b[start:d.InputOffset()])
		at := open[len(open)-1]
		switch t.(type) {
		case xml.StartElement:
			n := &node{head: raw}
			at.below = append(at.below, n)
			open = append(open, n)
		case xml.EndElement:
			at.tail = raw
			open = open[:len(open)-1]
		default:
			at.below = append(at.below, &node{head: raw})
		}
	}
	var out strings.Builder
	root.write(&out, 0)
	return []byte(out.String())
}

type node struct {
	head, tail string
	below      []*node
}

func (n *node) write(out *strings.Builder, depth int) {
	out.WriteString(n.head)
	if depth > 2 {
		slices.Reverse(n.below)
	}
	for _, sub := range n.below {
		sub.write(out, depth+1)
	}
	out.WriteString(n.tail)
}

// TestDialects visits one server that writes in another way each time, whole visits and faults.
func TestDialects(t *testing.T) {
	site := small(t)
	home, err := url.Parse(site.URL)
	if err != nil {
		t.Fatal(err)
	}
	for name, speak := range dialects {
		t.Run(name, func(t *testing.T) {
			proxy := httputil.NewSingleHostReverseProxy(home)
			proxy.ModifyResponse = func(r *http.Response) error {
				b, err := io.ReadAll(r.Body)
				if err != nil {
					return err
				}
				b = speak(b, r.Header)
				r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(b)), int64(len(b))
				r.Header.Set("Content-Length", strconv.Itoa(len(b)))
				return nil
			}
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				r.Header.Set("Accept-Encoding", "identity")
				proxy.ServeHTTP(w, r)
			}))
			defer server.Close()
			seen := watch(site)
			defer site.Break(nil)
			c := newComputer(t, server.URL, &location.State{})
			seen.faults["SyncUpdates"] = []func(http.ResponseWriter){fault(soap.CookieExpired)}
			if err := c.visit(); err != nil || len(c.has()) != 3 {
				t.Errorf("%v, %v", err, c.has())
			}
			if n := len(seen.take()); n != 13 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

// faults as servers write them: all say that the cookie has expired.
var faultTexts = map[string]string{
	"Windows' own":        `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault><faultcode>s:Client</faultcode><faultstring>Fault occurred</faultstring><detail><ErrorCode>CookieExpired</ErrorCode><Message /><ID>x</ID><Method>"y"</Method></detail></s:Fault></s:Body></s:Envelope>`,
	"of ASP.NET":          `<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><soap:Fault><faultcode>soap:Client</faultcode><faultstring>System.Web.Services.Protocols.SoapException: Fault occurred</faultstring><faultactor>http://x/</faultactor><detail><ErrorCode xmlns="">CookieExpired</ErrorCode></detail></soap:Fault></soap:Body></soap:Envelope>`,
	"SOAP 1.2":            `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><s:Fault><s:Code><s:Value>s:Sender</s:Value></s:Code><s:Reason><s:Text xml:lang="en">x</s:Text></s:Reason><s:Detail><ErrorCode>CookieExpired</ErrorCode></s:Detail></s:Fault></s:Body></s:Envelope>`,
	"in another order":    `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><e:Fault><detail><Message>m</Message><q:ErrorCode xmlns:q="urn:q"> CookieExpired </q:ErrorCode></detail><faultstring/></e:Fault></e:Body></e:Envelope>`,
	"with a blank before": "\r\n" + `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault><detail><ErrorCode>CookieExpired</ErrorCode></detail></s:Fault></s:Body></s:Envelope>` + "\r\n",
}

// TestFaultTexts: a fault is known whatever its HTTP status and type.
func TestFaultTexts(t *testing.T) {
	site := small(t)
	for name, text := range faultTexts {
		for _, status := range []int{http.StatusOK, http.StatusInternalServerError, http.StatusBadRequest} {
			c := newComputer(t, site.URL, &location.State{})
			c.sync()
			seen := watch(site)
			seen.faults["SyncUpdates"] = []func(http.ResponseWriter){func(w http.ResponseWriter) {
				w.Header().Set("Content-Type", "application/soap+xml")
				w.WriteHeader(status)
				_, _ = io.WriteString(w, text)
			}}
			if err := c.Sync(t.Context(), judge); err != nil {
				t.Errorf("%s, %d: %v", name, status, err)
			}
			if got := seen.take(); !slices.Equal(got, []string{"SyncUpdates", "GetAuthorizationCookie", "GetCookie", "SyncUpdates"}) {
				t.Errorf("%s, %d: %v", name, status, got)
			}
		}
	}
}
