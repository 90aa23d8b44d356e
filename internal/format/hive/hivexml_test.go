package hive_test

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redx-update/redx/internal/format/hive"
	"github.com/redx-update/redx/internal/registry"
	"github.com/redx-update/redx/internal/testdata"
)

// TestHivexmlReadsTheSame compares every key, value, type and datum of real hives with what hivexml prints, the
// recovered one as well, whose bytes it gets from us.
func TestHivexmlReadsTheSame(t *testing.T) {
	tool := testdata.Tool(t, "hivexml")
	tests := []struct {
		name string
		logs []string
	}{
		{"SYSTEM_WIN_10_1709.xz", nil},
		{"SYSTEM_B.xz", nil},
		{"SYSTEM_B.xz", []string{"SYSTEM_B.LOG1.xz", "SYSTEM_B.LOG2.xz"}},
	}
	for _, tt := range tests {
		var logs []hive.Log
		for _, l := range tt.logs {
			logs = append(logs, log(testdata.Open(t, "windows/hives/"+l)))
		}
		h := open(t, testdata.Open(t, "windows/hives/"+tt.name), logs...)
		path := filepath.Join(t.TempDir(), "hive")
		if err := os.WriteFile(path, h.Recovered(), 0o600); err != nil {
			t.Fatal(err)
		}
		want := hivexml(t, tool, path)
		got := map[string]string{}
		flatten(t, h.Root(), "", got)
		differ := 0
		for k, w := range want {
			if g := got[k]; g != w {
				if differ++; differ < 10 {
					t.Errorf("%s %v: %q: got %.200q, want %.200q", tt.name, tt.logs, k, g, w)
				}
			}
		}
		if len(got) != len(want) || differ > 0 {
			t.Errorf("%s %v: %d keys and values, hivexml has %d, %d differ", tt.name, tt.logs, len(got), len(want), differ)
		}
		t.Logf("%s %v: %d keys and values are the same", tt.name, tt.logs, len(want)-differ)
	}
}

// flatten writes keys and values as hivexml does: texts are cut at nothing, and compared up to the first NUL.
func flatten(t *testing.T, k registry.Key, path string, out map[string]string) {
	out[path] = k.LastWrite().Format("2006-01-02T15:04:05Z")
	for v, err := range k.Values() {
		if err != nil {
			t.Fatal(err)
		}
		out[path+"|"+v.Name] = xmlText(v)
	}
	for sub, err := range k.Subkeys() {
		if err != nil {
			t.Fatal(err)
		}
		flatten(t, sub, path+`\`+sub.Name(), out)
	}
}

func xmlText(v registry.Value) string {
	n, _ := v.Uint64()
	switch v.Type {
	case registry.SZ, registry.ExpandSZ, registry.Link:
		return v.String()
	case registry.MultiSZ:
		return strings.TrimRight(strings.Join(v.Strings(), "|"), "|")
	case registry.DWord, registry.DWordBE:
		return fmt.Sprint(int32(n))
	case registry.QWord:
		return fmt.Sprint(int64(n))
	}
	return base64.StdEncoding.EncodeToString(v.Data)
}

// hivexml gives what the tool prints, by path and value name.
func hivexml(t *testing.T, tool, path string) map[string]string {
	t.Helper()
	printed, err := exec.Command(tool, path).Output()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	var keys []string
	var value string
	var list []string
	d := xml.NewDecoder(bytes.NewReader(printed))
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		switch e := tok.(type) {
		case xml.StartElement:
			attr := map[string]string{}
			for _, a := range e.Attr {
				attr[a.Name.Local] = a.Value
			}
			switch e.Name.Local {
			case "node":
				if attr["root"] == "" {
					keys = append(keys, attr["name"])
				}
				out[pathOf(keys)] = "0001-01-01T00:00:00Z"
			case "value":
				value, list = pathOf(keys)+"|"+attr["key"], nil
				out[value] = attr["value"]
				if attr["encoding"] == "base64" {
					out[value] = strings.ReplaceAll(attr["value"], "\n", "")
				}
			case "string", "mtime":
				var s string
				if err := d.DecodeElement(&s, &e); err != nil {
					t.Fatal(err)
				}
				if e.Name.Local == "mtime" {
					out[pathOf(keys)] = s
					continue
				}
				list = append(list, s)
				out[value] = strings.TrimRight(strings.Join(list, "|"), "|")
			}
		case xml.EndElement:
			if e.Name.Local == "node" && len(keys) > 0 {
				keys = keys[:len(keys)-1]
			}
		}
	}
}

func pathOf(keys []string) string {
	if len(keys) == 0 {
		return ""
	}
	return `\` + strings.Join(keys, `\`)
}
