package soap

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

type order struct {
	Name   string    `soap:"name"`
	Note   string    `soap:"note,omitempty"`
	IDs    []int32   `soap:"ids>int"`
	Words  []string  `soap:"words>string"`
	Hashes [][]byte  `soap:"hashes>base64Binary"`
	Data   []byte    `soap:"data"`
	When   time.Time `soap:"when"`
	Yes    bool      `soap:"yes"`
	Big    int64     `soap:"big"`
	Inner  *inner    `soap:"inner"`
	Lines  []inner   `soap:"lines>line"`
}

type inner struct {
	Win32HResult int32 `soap:"Win32HResult"`
}

func (*order) Element() (space, name string) { return "urn:t", "order" }

func in(body string) string {
	return `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>` + body + `</s:Body></s:Envelope>`
}

func TestDecode(t *testing.T) {
	tests := []struct {
		name string
		body string
		want order
	}{
		{"nothing", `<order/>`, order{}},
		{"empty elements", `<order><name/><ids/><data/><when/><yes/><big> </big><lines/></order>`, order{IDs: []int32{}, Data: []byte{}, Lines: []inner{}}},
		{"nil elements", `<order xmlns:i="x"><name i:nil="true"/><ids i:nil="1"/><inner i:nil="1"/><lines i:nil="1"><line/></lines></order>`, order{}},
		{"nil items", `<order><words><string>a</string><string xsi:nil="1"/></words></order>`, order{Words: []string{"a"}}},
		{"unknown elements and attributes", `<order z="1"><x><y><name>no</name></y></x><name>yes</name><z/></order>`, order{Name: "yes"}},
		{"unknown items", `<order><ids><long>9</long><int>3</int></ids></order>`, order{IDs: []int32{3}}},
		{"any order and prefix", `<q:order xmlns:q="urn:t"><q:yes>1</q:yes><q:name>n</q:name></q:order>`, order{Yes: true, Name: "n"}},
		{"another case", `<order><inner><Win32Hresult>-2147024894</Win32Hresult></inner></order>`, order{Inner: &inner{-2147024894}}},
		{"numbers", `<order><ids a:arrayType="xsd:int[2]"><int> 7 </int><int>-2147483648</int></ids><big>9223372036854775807</big></order>`, order{IDs: []int32{7, -2147483648}, Big: 9223372036854775807}},
		{"base64 with spaces", `<order><data> AQ ID
			BA== </data></order>`, order{Data: []byte{1, 2, 3, 4}}},
		{"references", `<order><name>&lt;a&gt; &amp;&#65;&#x1F600;&quot;&apos;</name></order>`, order{Name: "<a> &A\U0001F600\"'"}},
		{"CDATA and comments", `<order><name>a<!-- < -->b<![CDATA[<&>]]>c<?x ?></name></order>`, order{Name: "ab<&>c"}},
		{"line ends", "<order><name>a\r\nb\rc&#13;</name></order>", order{Name: "a\nb\nc\r"}},
		{"text around elements", `<order>x<name>n</name>y</order>`, order{Name: "n"}},
		{"elements in text", `<order><name>a<b>c</b>d</name></order>`, order{Name: "ad"}},
		{"a time without zone", `<order><when>2006-05-17T16:16:38.015</when></order>`, order{When: time.Date(2006, 5, 17, 16, 16, 38, 15e6, time.UTC)}},
		{"a time with zone", `<order><when>2006-05-17T16:16:38+02:00</when></order>`, order{When: time.Date(2006, 5, 17, 14, 16, 38, 0, time.UTC)}},
		{"a date", `<order><when>2006-05-17</when></order>`, order{When: time.Date(2006, 5, 17, 0, 0, 0, 0, time.UTC)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, err := Open([]byte(in(tt.body)))
			if err != nil {
				t.Fatal(err)
			}
			var got order
			if err := m.Decode(&got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" || m.Name != "order" || m.Version != V11 {
				t.Errorf("%s, version %d: %s", m.Name, m.Version, diff)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	deep := strings.Repeat("<a>", MaxDepth) + strings.Repeat("</a>", MaxDepth)
	tests := []struct{ name, message string }{
		{"nothing", ""},
		{"text", "hello"},
		{"no end", strings.TrimSuffix(in(`<order/>`), "</s:Envelope>")},
		{"no body", `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"></s:Envelope>`},
		{"an empty body", in("")},
		{"two operations", in("<order/><order/>")},
		{"an end tag that does not fit", in("<order></odrer>")},
		{"an end tag with another prefix", in("<a:order></b:order>")},
		{"a document type", `<!DOCTYPE a [<!ENTITY b "c">]>` + in("<order/>")},
		{"a reference of its own", in("<order><name>&b;</name></order>")},
		{"a reference to no character", in("<order><name>&#0;</name></order>")},
		{"a reference without end", in("<order><name>&amp</name></order>")},
		{"deep nesting", in("<order>" + deep + "</order>")},
		{"many attributes", in("<order" + strings.Repeat(` a="b"`, maxAttributes+1) + "/>")},
		{"an attribute without quotes", in("<order a=b/>")},
		{"a tag in an attribute", in(`<order a="<b>"/>`)},
		{"control characters", in("<order><name>\x01</name></order>")},
		{"no UTF-8", in("<order><name>\xff</name></order>")},
		{"another envelope", `<Envelope xmlns="urn:x"><Body><order/></Body></Envelope>`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, err := Open([]byte(tt.message))
			if err == nil {
				err = m.Decode(&order{})
			}
			var s *SyntaxError
			if !errors.As(err, &s) && !errors.Is(err, ErrVersion) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestValueErrors(t *testing.T) {
	tests := []struct{ body, path string }{
		{"<order><ids><int>1</int><int>x</int></ids></order>", "ids.int"},
		{"<order><ids><int>2147483648</int></ids></order>", "ids.int"},
		{"<order><yes>maybe</yes></order>", "yes"},
		{"<order><when>yesterday</when></order>", "when"},
		{"<order><data>*</data></order>", "data"},
		{"<order><hashes><base64Binary>*</base64Binary></hashes></order>", "hashes.base64Binary"},
		{"<order><lines><line/><line><Win32HResult>a</Win32HResult></line></lines></order>", "lines.line.Win32HResult"},
	}
	for _, tt := range tests {
		m, err := Open([]byte(in(tt.body)))
		if err != nil {
			t.Fatal(err)
		}
		var v *ValueError
		if err := m.Decode(&order{}); !errors.As(err, &v) || v.Path != tt.path {
			t.Errorf("%s: %v, want the path %s", tt.body, err, tt.path)
		}
	}
}

func TestEncode(t *testing.T) {
	tests := []struct {
		name string
		give order
		want string
	}{
		{"zero", order{}, `<order xmlns="urn:t"><name/><when>0001-01-01T00:00:00Z</when><yes>false</yes><big>0</big></order>`},
		{"empty arrays", order{IDs: []int32{}, Lines: []inner{}, Data: []byte{}}, `<order xmlns="urn:t"><name/><ids/><data/><when>0001-01-01T00:00:00Z</when><yes>false</yes><big>0</big><lines/></order>`},
		{
			"all",
			order{
				Name: "<a>&\"'\r\x00\ufffe\n", Note: "n", IDs: []int32{1, -2}, Words: []string{"a", ""}, Hashes: [][]byte{{1}},
				Data: []byte{255}, When: time.Date(2026, 10, 4, 15, 3, 36, 996723600, time.UTC), Yes: true, Big: -1,
				Inner: &inner{3}, Lines: []inner{{4}, {}},
			},
			`<order xmlns="urn:t"><name>&lt;a&gt;&amp;"'&#xD;` + "\ufffd\ufffd\n" + `</name><note>n</note><ids><int>1</int><int>-2</int></ids>` +
				`<words><string>a</string><string/></words><hashes><base64Binary>AQ==</base64Binary></hashes><data>/w==</data>` +
				`<when>2026-10-04T15:03:36.9967236Z</when><yes>true</yes><big>-1</big><inner><Win32HResult>3</Win32HResult></inner>` +
				`<lines><line><Win32HResult>4</Win32HResult></line><line><Win32HResult>0</Win32HResult></line></lines></order>`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Agent.Append(nil, &tt.give)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(in(tt.want), string(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

type impossible struct {
	Ch chan int `soap:"ch"`
}

func (*impossible) Element() (space, name string) { return "urn:t", "impossible" }

func TestImpossibleStruct(t *testing.T) {
	if _, err := Client.Append(nil, &impossible{}); err == nil {
		t.Error("a channel was written")
	}
}

func TestFault(t *testing.T) {
	give := &Fault{Code: InvalidParameters, Message: "parameters.<x>", ID: "34f57c46-0f67-45ed-b3d5-90bd2e8a1e87", Method: "urn:t/order", Sender: true}
	for _, v := range []Version{V11, V12} {
		m, err := Open(AppendFault(nil, v, give))
		if err != nil {
			t.Fatal(err)
		}
		if m.Name != "Fault" || m.Version != v {
			t.Errorf("%s in version %d, want a fault in %d", m.Name, m.Version, v)
		}
		got, err := m.Fault()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(give, got); diff != "" {
			t.Error(diff)
		}
	}
	if s := give.Error(); s != "soap fault InvalidParameters: parameters.<x>" {
		t.Error(s)
	}
}

// TestFaultClass: whose fault it is, is read from every spelling of the code; one that says nothing blames nobody.
func TestFaultClass(t *testing.T) {
	const fault11 = `<e:Envelope xmlns:e="` + namespace11 + `"><e:Body><e:Fault>%s<detail/></e:Fault></e:Body></e:Envelope>`
	const fault12 = `<e:Envelope xmlns:e="` + namespace12 + `"><e:Body><e:Fault>%s</e:Fault></e:Body></e:Envelope>`
	for text, want := range map[string]bool{
		fmt.Sprintf(fault11, "<faultcode>e:Client</faultcode>"):                    true,
		fmt.Sprintf(fault11, "<faultcode> Client.Authentication </faultcode>"):     true,
		fmt.Sprintf(fault11, "<faultcode>e:MustUnderstand</faultcode>"):            true,
		fmt.Sprintf(fault12, "<e:Code><e:Value>e:Sender</e:Value></e:Code>"):       true,
		fmt.Sprintf(fault11, "<faultcode>e:Server</faultcode>"):                    false,
		fmt.Sprintf(fault12, "<e:Code><e:Value>e:Receiver</e:Value></e:Code>"):     false,
		fmt.Sprintf(fault11, "<faultstring>Client</faultstring>"):                  false,
		fmt.Sprintf(fault12, "<e:Code>e:Sender</e:Code><e:Reason>none</e:Reason>"): false,
	} {
		m, err := Open([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		f, err := m.Fault()
		if err != nil || f.Sender != want || f.Known() {
			t.Errorf("%s: %+v, %v", text, f, err)
		}
	}
}

// TestCost makes sure that a message full of what is skipped, repeated or decoded costs no more than its size.
func TestCost(t *testing.T) {
	const n = 200_000
	for _, piece := range []string{"<a/>", "<name/>", "<!---->", "&amp;", "<ids><int/></ids>", "<inner/>", "<lines><line/></lines>"} {
		m, err := Open([]byte(in("<order>" + strings.Repeat(piece, n) + "</order>")))
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if err := m.Decode(&order{}); err != nil {
			t.Errorf("%s: %v", piece, err)
		}
		if d := time.Since(start); d > 10*time.Second {
			t.Errorf("%d times %s took %s", n, piece, d)
		}
	}
}
