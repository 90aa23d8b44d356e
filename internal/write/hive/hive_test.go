package hive_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	reader "github.com/redx-update/redx/internal/format/hive"
	"github.com/redx-update/redx/internal/registry"
	"github.com/redx-update/redx/internal/testdata"
	"github.com/redx-update/redx/internal/write/hive"
)

var written = time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)

// sample has every kind of cell: big values, many sub-keys, names beyond ASCII and beyond Latin-1, empty data.
func sample() *hive.Key {
	root := &hive.Key{Name: "ROOT", Time: written}
	root.Sub(`Select`).DWord("Current", 1).DWord("Default", 2)
	s := root.Sub(`ControlSet001\Services\wuauserv`).DWord("Start", 3)
	s.ExpandSZ("ImagePath", `%systemroot%\system32\svchost.exe -k netsvcs -p`).SZ("", "the default value")
	s.MultiSZ("DependOnService", "rpcss", "bits").QWord("When", 1<<40+7).SZ("Größe", "ä").SZ("名前", "値")
	s.Set("Empty", registry.Binary, nil).Set("Odd", registry.Type(0xffff0012), []byte{1, 2, 3, 4, 5})
	for _, n := range []int{4, 5, 4093, 16344, 16345, 100000} {
		s.Set(fmt.Sprintf("Blob%d", n), registry.Binary, bytes.Repeat([]byte{byte(n), 1, 2, 3, 5}, n/5+1)[:n])
	}
	for i := range 1500 {
		root.Sub(fmt.Sprintf(`Components\x%04d`, i*7%1500)).DWord("n", uint32(i))
	}
	root.Sub(`Ключ\Schlüssel`).SZ("a", "b")
	return root
}

// flat gives a tree as path and value lines in a fixed order.
func flat(t testing.TB, k registry.Key, path string, out map[string]string) {
	t.Helper()
	out[path] = k.LastWrite().Format(time.RFC3339)
	for v, err := range k.Values() {
		if err != nil {
			t.Fatal(err)
		}
		out[path+"|"+v.Name] = fmt.Sprintf("%v:%x", v.Type, v.Data)
	}
	for sub, err := range k.Subkeys() {
		if err != nil {
			t.Fatal(err)
		}
		flat(t, sub, path+`\`+sub.Name(), out)
	}
}

func flatKey(k *hive.Key, path string, out map[string]string) {
	out[path] = k.Time.Format(time.RFC3339)
	for _, v := range k.Values {
		out[path+"|"+v.Name] = fmt.Sprintf("%v:%x", v.Type, v.Data)
	}
	for _, sub := range k.Keys {
		flatKey(sub, path+`\`+sub.Name, out)
	}
}

func TestEncodeReadBack(t *testing.T) {
	want := map[string]string{}
	flatKey(sample(), "", want)
	for _, opt := range []hive.Options{{Name: "SYSTEM", Written: written}, {Minor: 3}, {List: "li"}, {List: "lf"}} {
		b, err := hive.Encode(sample(), opt)
		if err != nil {
			t.Fatal(err)
		}
		h, err := reader.Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		flat(t, h.Root(), "", got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%+v (-want +got):\n%.2000s", opt, diff)
		}
		if again, _ := hive.Encode(sample(), opt); !bytes.Equal(b, again) {
			t.Errorf("%+v: a second encoding differs", opt)
		}
	}
}

func TestEncodeRefuses(t *testing.T) {
	for name, root := range map[string]*hive.Key{
		"no name":   {},
		"backslash": {Name: "a", Keys: []*hive.Key{{Name: `b\c`}}},
		"twice":     {Name: "a", Keys: []*hive.Key{{Name: "b"}, {Name: "B"}}},
		"long name": {Name: strings.Repeat("x", 256)},
	} {
		if _, err := hive.Encode(root, hive.Options{}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// xmlNode is what hivexml prints.
type xmlNode struct {
	Name   string    `xml:"name,attr"`
	Time   string    `xml:"mtime"`
	Nodes  []xmlNode `xml:"node"`
	Values []struct {
		Type     string   `xml:"type,attr"`
		Key      string   `xml:"key,attr"`
		Value    string   `xml:"value,attr"`
		Encoding string   `xml:"encoding,attr"`
		Strings  []string `xml:"string"`
	} `xml:"value"`
}

func (n xmlNode) flat(path string, out map[string]string) {
	out[path] = n.Time
	for _, v := range n.Values {
		text := v.Value
		if v.Encoding == "base64" {
			b, _ := base64.StdEncoding.DecodeString(text)
			text = hex.EncodeToString(b)
		}
		out[path+"|"+v.Key] = v.Type + ":" + text + strings.TrimSuffix(strings.Join(v.Strings, "|"), "|") // with the list's end
	}
	for _, sub := range n.Nodes {
		sub.flat(path+`\`+sub.Name, out)
	}
}

// xmlValue writes a value as hivexml does.
func xmlValue(v registry.Value) string {
	n, _ := v.Uint64()
	switch v.Type {
	case registry.SZ:
		return "string:" + v.String()
	case registry.ExpandSZ:
		return "expand:" + v.String()
	case registry.MultiSZ:
		return "string-list:" + strings.Join(v.Strings(), "|")
	case registry.DWord:
		return fmt.Sprintf("int32:%d", int32(n))
	case registry.QWord:
		return fmt.Sprintf("int64:%d", int64(n))
	case registry.Binary:
		return fmt.Sprintf("binary:%x", v.Data)
	}
	return fmt.Sprintf("unknown:%x", v.Data)
}

func flatXML(k *hive.Key, path string, out map[string]string) {
	out[path] = k.Time.Format(time.RFC3339)
	for _, v := range k.Values {
		out[path+"|"+v.Name] = xmlValue(v)
	}
	for _, sub := range k.Keys {
		flatXML(sub, path+`\`+sub.Name, out)
	}
}

func TestHivexmlReadsBack(t *testing.T) {
	tool := testdata.Tool(t, "hivexml")
	want := map[string]string{}
	flatXML(sample(), "", want)
	for _, opt := range []hive.Options{{Name: "SYSTEM", Written: written}, {Minor: 3}, {List: "lf"}} {
		b, err := hive.Encode(sample(), opt)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "hive")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(tool, path).Output()
		if err != nil {
			t.Fatal(err)
		}
		var doc struct {
			Node xmlNode `xml:"node"`
		}
		if err := xml.Unmarshal(out, &doc); err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		doc.Node.flat("", got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%+v (-want +got):\n%.3000s", opt, diff)
		}
	}
}
