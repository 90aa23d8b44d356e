package fragment

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

// kind is a document of one kind with its fragments, as the specification's words and the captured samples have them.
type kind struct {
	name, document string
	want           map[string]string
}

func kinds(t *testing.T) []kind {
	t.Helper()
	names, err := filepath.Glob("testdata/kinds/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatalf("no documents: %v", err)
	}
	var all []kind
	for _, name := range names {
		a, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		k := kind{name: strings.TrimSuffix(filepath.Base(name), ".txtar"), want: map[string]string{}}
		for _, f := range a.Files {
			k.want[f.Name] = strings.TrimSuffix(string(f.Data), "\n")
		}
		k.document = k.want["document"]
		delete(k.want, "document")
		all = append(all, k)
	}
	return all
}

// pieces gives the fragments of a document by the names that the files have.
func pieces(t *testing.T, document string) map[string]string {
	t.Helper()
	got, err := Cut([]byte(document))
	if err != nil {
		t.Fatalf("%v: %s", err, document)
	}
	all := map[string]string{"core": got.Core, "extended": got.Extended}
	for _, l := range got.Localized {
		all["localized "+l.Language] = l.XML
	}
	for _, e := range got.EULAs {
		all[strings.TrimSpace(fmt.Sprintf("eula %s %s", e.Language, e.GeoID))] = e.XML
	}
	return all
}

func TestKinds(t *testing.T) {
	for _, k := range kinds(t) {
		t.Run(k.name, func(t *testing.T) {
			if diff := cmp.Diff(k.want, pieces(t, k.document)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

var (
	quoted = regexp.MustCompile(`="([^"']*)"`)
	inner  = regexp.MustCompile(`>([^<>\s&][^<>&]*)<`)
	prefix = regexp.MustCompile(`<upd:(\w+)`)
)

// TestWrittenOtherwise writes each document in other ways that mean the same: its fragments stay as they are.
func TestWrittenOtherwise(t *testing.T) {
	const space = `"http://schemas.microsoft.com/msus/2002/12/Update"`
	swap := func(pairs ...string) func(string) string { return strings.NewReplacer(pairs...).Replace }
	for name, otherwise := range map[string]func(string) string{
		"a declaration":   func(s string) string { return `<?xml version="1.0" encoding="utf-8" standalone="yes"?>` + "\r\n" + s },
		"a mark":          func(s string) string { return "\ufeff" + s },
		"other line ends": swap("\n", "\r\n"),
		"no layout":       swap("\n", "", "> <", "><"),
		"more layout":     swap("><", ">\r\n\t\u0020<"),
		"layout in tags":  swap(` UpdateID="`, "\r\n\tUpdateID\n=\t\"", " />", "\n/>"),
		"another prefix":  swap("upd:", "_u-1.2:", "xmlns:upd=", "xmlns:_u-1.2="),
		"no prefix":       swap("<upd:", "<", "</upd:", "</", "xmlns:upd=", "xmlns="),
		"comments":        swap("><", `><!-- <a b=' --><?c d="?><`),
		"single quotes":   func(s string) string { return quoted.ReplaceAllString(s, `='$1'`) },
		"quotes not as entities": func(s string) string {
			return regexp.MustCompile(`="([^"']*)&quot;([^"']*)&quot;([^"']*)"`).ReplaceAllString(s, `='$1"$2"$3'`)
		},
		"CDATA":                   func(s string) string { return inner.ReplaceAllString(s, `><![CDATA[$1]]><`) },
		"entities by number":      swap("&amp;", "&#38;", "&quot;", "&#x22;", "&lt;", "&#60;", "&gt;", ">"),
		"letters by number":       func(s string) string { return inner.ReplaceAllStringFunc(s, numbered) },
		"the namespace each time": func(s string) string { return prefix.ReplaceAllString(s, `<upd:$1 xmlns:upd=`+space) },
		"a namespace of nothing":  swap("<upd:Relationships", `<upd:Relationships xmlns:x="urn:x" x:y="z" `),
	} {
		t.Run(name, func(t *testing.T) {
			other := false
			for _, k := range kinds(t) {
				if name == "the namespace each time" {
					k.document = strings.Replace(k.document, " xmlns:upd="+space, "", 1)
				}
				want := k.want
				if name == "a namespace of nothing" {
					want["core"] = strings.Replace(want["core"], "<Relationships", `<Relationships y="z"`, 1)
				}
				written := otherwise(k.document)
				other = other || written != k.document
				if diff := cmp.Diff(want, pieces(t, written)); diff != "" {
					t.Errorf("%s: %s", k.name, diff)
				}
			}
			if !other {
				t.Error("no document is written otherwise")
			}
		})
	}
}

func numbered(s string) string {
	var b strings.Builder
	for _, c := range s[1 : len(s)-1] {
		fmt.Fprintf(&b, "&#x%X;", c)
	}
	return ">" + b.String() + "<"
}
