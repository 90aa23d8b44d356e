package hresult

import (
	"regexp"
	"strings"
	"testing"
)

// allTexts parses every file; it fails the test at the first slip.
func allTexts(t *testing.T) []text {
	t.Helper()
	var all []text
	for _, file := range []string{updateTexts, networkTexts, servicingTexts, systemTexts, setupTexts} {
		for block := range blocks(file) {
			one, err := parseText(block)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, one)
		}
	}
	return all
}

// described are the codes that have a text and no name in any table: their family alone is certain.
var described = map[Code]bool{
	0x800F0838: true, 0x800F0915: true, 0x800F0247: true, 0x80070194: true, 0x80200053: true, 0x80D02004: true, 0x80D05001: true,
	0xC1420117: true, 0xC142011C: true, 0xC1420121: true, 0xC1420127: true,
}

func TestTexts(t *testing.T) {
	seen := map[Code]bool{}
	for _, one := range allTexts(t) {
		for _, c := range one.codes {
			if seen[c] {
				t.Errorf("%s is explained twice", c)
			}
			seen[c] = true
			if (c.Symbol() == "") != described[c] {
				t.Errorf("%s: symbol %q", c.Hex(), c.Symbol())
			}
			e := Explain(c)
			if e.Meaning == "" || len(e.Causes) == 0 || len(e.Next) == 0 || !e.Known() {
				t.Errorf("%s: Explain does not find the text", c)
			}
			if lines := len(e.Causes) + len(e.Next); lines > 10 {
				t.Errorf("%s: %d causes and steps do not fit on a screen", c, lines)
			}
		}
	}
	if got, want := len(seen), 150; got < want {
		t.Errorf("got texts for %d codes, want at least %d", got, want)
	}
}

// forbidden is what redx never advises; naming catroot and pending.xml to warn of them is meant.
var forbidden = regexp.MustCompile(`(?i)(del|delete|remove|rd|rmdir|ren|rename)\S* (\S+ )?(policies|policy|catroot($|[^2])|pending\.xml)|takeown|icacls|sdset|secedit`)

func TestTextsAdviseNoHarm(t *testing.T) {
	for _, one := range allTexts(t) {
		for _, s := range append(append([]string{one.meaning}, one.causes...), one.next...) {
			if m := forbidden.FindString(s); m != "" {
				t.Errorf("%s: %q in %q", one.codes[0], m, s)
			}
			if strings.HasSuffix(s, ",") || strings.HasSuffix(s, " ") || strings.Contains(s, "  ") {
				t.Errorf("%s: unfinished: %q", one.codes[0], s)
			}
			if strings.Count(s, "`")%2 != 0 {
				t.Errorf("%s: a command does not end: %q", one.codes[0], s)
			}
		}
	}
}

func TestFileNotFoundNamesNoCause(t *testing.T) {
	for _, c := range []Code{FileNotFound, PathNotFound, 2, 3, 0xC0000034, 0xD0000034} {
		if got := Explain(c).Meaning; !strings.Contains(got, "never names the cause") {
			t.Errorf("%s: %q", c, got)
		}
	}
}

func TestParseTextIsStrict(t *testing.T) {
	const good = "0x80070002\nMeans.\n- cause\n> next\n  goes on\n"
	got, err := parseText(good)
	if err != nil || got.next[0] != "next goes on" {
		t.Fatalf("got %+v, %v", got, err)
	}
	for _, bad := range []string{
		"", "0x80070002", "80070002\nMeans.\n- c\n> n\n", "0x8007000a\nMeans.\n- c\n> n\n", "0x80070002\n- c\n> n\n",
		"0x80070002\nMeans.\n> n\n", "0x80070002\nMeans.\n- c\n", "0x80070002\nMeans.\n- c\n> n\nstray\n",
	} {
		if _, err := parseText(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestExplainUnknown(t *testing.T) {
	for _, c := range []Code{0x8ABC1234, 0x8024FFF0, 0xC1909999, 0x800F0FFF} {
		if e := Explain(c); e.Known() || e.Anatomy.Severity != "error" {
			t.Errorf("%s: known %t, severity %q", c, e.Known(), e.Anatomy.Severity)
		}
	}
}
