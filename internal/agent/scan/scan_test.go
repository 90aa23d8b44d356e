package scan_test

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/agent/metadata"
	"github.com/redx-update/redx/internal/agent/scan"
	"github.com/redx-update/redx/internal/applicability"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/registry"
)

// computer has registry values of one key, and nothing else. A value of 255 cannot be known.
type computer map[string]byte

func (computer) Windows() (applicability.Windows, error) {
	return applicability.Windows{Major: 10, Build: 19045}, nil
}
func (computer) Folder(int) (string, error)              { return "", fs.ErrNotExist }
func (computer) File(string) (applicability.File, error) { return applicability.File{}, fs.ErrNotExist }

func (computer) FileVersion(string) (applicability.Version, error) {
	return applicability.Version{}, fs.ErrNotExist
}
func (c computer) Key(string, bool) (registry.Key, error) { return key{c}, nil }
func (computer) License(string) (registry.Value, error)   { return registry.Value{}, fs.ErrNotExist }

func (computer) Installed(guid.GUID) (bool, error) { return false, applicability.ErrUnknown }

func (computer) Devices() ([]applicability.Device, error) {
	return []applicability.Device{{HardwareIDs: []string{`PCI\VEN_1&DEV_1`}}}, nil
}

type key struct{ c computer }

func (key) Name() string                        { return "" }
func (key) LastWrite() time.Time                { return time.Time{} }
func (k key) Open(string) (registry.Key, error) { return k, nil }
func (key) Subkeys() iter.Seq2[registry.Key, error] {
	return func(func(registry.Key, error) bool) {}
}

func (key) Values() iter.Seq2[registry.Value, error] {
	return func(func(registry.Value, error) bool) {}
}

func (k key) Value(name string) (registry.Value, error) {
	n, ok := k.c[name]
	switch {
	case !ok:
		return registry.Value{}, fs.ErrNotExist
	case n == 255:
		return registry.Value{}, errors.New("damaged")
	}
	return registry.Value{Name: name, Type: registry.DWord, Data: []byte{n, 0, 0, 0}}, nil
}

// is is the rule that a value is 1.
func is(name string) string {
	return `<b.RegDword Key="HKEY_LOCAL_MACHINE" Subkey="S" Value="` + name + `" Comparison="EqualTo" Data="1" />`
}

const yes, no = `<True />`, `<False />`

func id(n int) string { return fmt.Sprintf("5c2a3f60-7d41-4be9-9a0e-%012d", n) }

// rev writes a revision; the update's number is that of the server.
type rev struct {
	n                                  int32
	kind                               string // "": Software
	action                             metadata.Action
	installed, installable, superseded string
	requires                           []string // "1" or "1|2"
	bundles                            []string
	supersedes                         []int
	leaf                               bool
	deadline                           time.Time
	hardware                           []string // of a driver, as the server ranked it
	categories                         []string
}

func (r rev) build() *metadata.Revision {
	var b strings.Builder
	kind := r.kind
	if kind == "" {
		kind = "Software"
	}
	fmt.Fprintf(&b, `<UpdateIdentity UpdateID="%s" RevisionNumber="1" /><Properties UpdateType="%s" /><Relationships>`, id(int(r.n)), kind)
	list := func(name string, groups []string) {
		if len(groups) == 0 {
			return
		}
		b.WriteString("<" + name + ">")
		for _, g := range groups {
			b.WriteString("<AtLeastOne>")
			for n := range strings.SplitSeq(g, "|") {
				fmt.Fprintf(&b, `<UpdateIdentity UpdateID="5c2a3f60-7d41-4be9-9a0e-%012s" RevisionNumber="1" />`, n)
			}
			b.WriteString("</AtLeastOne>")
		}
		b.WriteString("</" + name + ">")
	}
	b.WriteString("<SupersededUpdates>")
	for _, n := range r.supersedes {
		fmt.Fprintf(&b, `<UpdateIdentity UpdateID="%s" />`, id(n))
	}
	b.WriteString("</SupersededUpdates>")
	list("Prerequisites", r.requires)
	for _, c := range r.categories {
		fmt.Fprintf(&b, `<Prerequisites><AtLeastOne IsCategory="true"><UpdateIdentity UpdateID="5c2a3f60-7d41-4be9-9a0e-%012s" /></AtLeastOne></Prerequisites>`, c)
	}
	list("BundledUpdates", r.bundles)
	b.WriteString(`</Relationships><ApplicabilityRules>`)
	for name, rule := range map[string]string{"IsInstalled": r.installed, "IsInstallable": r.installable, "IsSuperseded": r.superseded} {
		if rule != "" {
			b.WriteString("<" + name + ">" + rule + "</" + name + ">")
		}
	}
	b.WriteString(`</ApplicabilityRules>`)
	out := &metadata.Revision{ID: r.n, Leaf: r.leaf, Hardware: r.hardware, Fragment: b.String(), Deployment: metadata.Deployment{Action: r.action, Deadline: r.deadline}}
	out.Read()
	return out
}

func cache(revs ...rev) map[int32]*metadata.Revision {
	all := map[int32]*metadata.Revision{}
	for _, r := range revs {
		if r.action == "" {
			r.action = metadata.Install
		}
		all[r.n] = r.build()
	}
	return all
}

// said writes a result in one line: what is to be installed with its parts, uninstalled, undecided, and the counts.
func said(r *scan.Result) string {
	var b strings.Builder
	items := func(sign string, all []scan.Item) {
		for _, i := range all {
			fmt.Fprintf(&b, "%s%d", sign, i.ID)
			for _, p := range i.Parts {
				if p != i.Revision {
					fmt.Fprintf(&b, ".%d", p.ID)
				}
			}
			b.WriteString(" ")
		}
	}
	items("-", r.Uninstall)
	items("+", r.Install)
	for _, u := range r.Undecided {
		rule, _, _ := strings.Cut(u.Rule, " ")
		fmt.Fprintf(&b, "?%d(%s) ", u.ID, rule)
	}
	fmt.Fprintf(&b, "%d/%d", r.Installed, r.NotApplicable)
	return b.String()
}

func TestEvaluate(t *testing.T) {
	detectoid := rev{n: 1, kind: "Detectoid", action: metadata.Evaluate, installed: is("d")}
	member := func(n int32, installed, installable string) rev {
		return rev{n: n, action: metadata.Bundle, installed: installed, installable: installable, leaf: true}
	}
	soon := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		revs []rev
		pc   computer
		want string
	}{
		"needed":                    {[]rev{{n: 5, installed: is("a"), installable: yes}}, computer{}, "+5 0/0"},
		"installed":                 {[]rev{{n: 5, installed: is("a"), installable: yes}}, computer{"a": 1}, "1/0"},
		"not applicable":            {[]rev{{n: 5, installed: is("a"), installable: is("b")}}, computer{}, "0/1"},
		"without rules":             {[]rev{{n: 5}}, computer{}, "0/1"},
		"unknown whether installed": {[]rev{{n: 5, installed: is("a"), installable: yes}}, computer{"a": 255}, "?5(RegDword) 0/0"},
		"unknown whether needed":    {[]rev{{n: 5, installed: no, installable: is("a")}}, computer{"a": 255}, "?5(RegDword) 0/0"},
		"a rule nobody knows":       {[]rev{{n: 5, installed: no, installable: `<b.Moon Phase="full" />`}}, computer{}, "?5(Moon) 0/0"},
		"unknown goes through Or":   {[]rev{{n: 5, installed: no, installable: "<Or>" + is("a") + yes + "</Or>"}}, computer{"a": 255}, "+5 0/0"},
		"unknown goes through Not":  {[]rev{{n: 5, installed: no, installable: "<Not>" + is("a") + "</Not>"}}, computer{"a": 255}, "?5(RegDword) 0/0"},
		"superseded by its rule":    {[]rev{{n: 5, installed: no, installable: yes, superseded: is("a")}}, computer{"a": 1}, "0/1"},

		"prerequisite holds":             {[]rev{detectoid, {n: 5, installed: no, installable: yes, requires: []string{"1"}}}, computer{"d": 1}, "+5 0/0"},
		"prerequisite does not":          {[]rev{detectoid, {n: 5, installed: no, installable: yes, requires: []string{"1"}}}, computer{}, "0/1"},
		"prerequisite is unknown":        {[]rev{detectoid, {n: 5, installed: no, installable: yes, requires: []string{"1"}}}, computer{"d": 255}, "?5(RegDword) 0/0"},
		"prerequisite is not there":      {[]rev{{n: 5, installed: no, installable: yes, requires: []string{"1"}}}, computer{}, "0/1"},
		"one of two prerequisites":       {[]rev{detectoid, {n: 2, kind: "Detectoid", action: metadata.Evaluate, installed: yes}, {n: 5, installed: no, installable: yes, requires: []string{"1|2"}}}, computer{"d": 255}, "+5 0/0"},
		"prerequisite of a prerequisite": {[]rev{detectoid, {n: 2, kind: "Detectoid", action: metadata.Evaluate, installed: yes, requires: []string{"1"}}, {n: 5, installed: no, installable: yes, requires: []string{"2"}}}, computer{}, "0/1"},
		"prerequisites in a circle":      {[]rev{{n: 1, kind: "Detectoid", action: metadata.Evaluate, installed: yes, requires: []string{"2"}}, {n: 2, kind: "Detectoid", action: metadata.Evaluate, installed: yes, requires: []string{"1"}}, {n: 5, installed: no, installable: yes, requires: []string{"1"}}}, computer{}, "?5(Relationships) 0/0"},

		"bundle":                        {[]rev{member(6, is("a"), yes), member(7, is("b"), yes), {n: 5, bundles: []string{"6", "7"}}}, computer{}, "+5.6.7 0/0"},
		"bundle, one part is there":     {[]rev{member(6, is("a"), yes), member(7, is("b"), yes), {n: 5, bundles: []string{"6", "7"}}}, computer{"a": 1}, "+5.7 0/0"},
		"bundle, all is there":          {[]rev{member(6, is("a"), yes), member(7, is("b"), yes), {n: 5, bundles: []string{"6", "7"}}}, computer{"a": 1, "b": 1}, "1/0"},
		"bundle, one part cannot be":    {[]rev{member(6, is("a"), yes), member(7, is("b"), no), {n: 5, bundles: []string{"6", "7"}}}, computer{}, "0/1"},
		"bundle, a part is unknown":     {[]rev{member(6, is("a"), yes), member(7, is("b"), yes), {n: 5, bundles: []string{"6", "7"}}}, computer{"b": 255}, "?5(RegDword) 0/0"},
		"bundle, the first alternative": {[]rev{member(6, no, no), member(7, no, yes), member(8, no, yes), {n: 5, bundles: []string{"6|7|8"}}}, computer{}, "+5.7 0/0"},
		"bundle, a part is not there":   {[]rev{member(6, no, yes), {n: 5, bundles: []string{"6", "7"}}}, computer{}, "0/1"},
		"bundle with a rule of its own": {[]rev{member(6, no, yes), {n: 5, installed: is("own"), installable: is("x"), bundles: []string{"6"}}}, computer{}, "0/1"},
		"bundle in a bundle":            {[]rev{member(6, no, yes), {n: 7, action: metadata.Bundle, bundles: []string{"6"}}, {n: 5, bundles: []string{"7"}}}, computer{}, "+5.6.7 0/0"},
		"bundles in a circle":           {[]rev{member(6, no, yes), {n: 7, bundles: []string{"5|6"}}, {n: 5, bundles: []string{"7|6"}}}, computer{}, "?5(Relationships) ?7(Relationships) 0/0"},

		"superseded by what is needed":     {[]rev{{n: 5, installed: no, installable: yes}, {n: 6, installed: no, installable: yes, supersedes: []int{5}}}, computer{}, "+6 0/1"},
		"superseded by what is there":      {[]rev{{n: 5, installed: no, installable: yes}, {n: 6, installed: yes, supersedes: []int{5}}}, computer{}, "1/1"},
		"superseded by what does not fit":  {[]rev{{n: 5, installed: no, installable: yes}, {n: 6, installed: no, installable: no, supersedes: []int{5}}}, computer{}, "+5 0/1"},
		"superseded by what is not wanted": {[]rev{{n: 5, installed: no, installable: yes}, {n: 6, action: metadata.PreDeploymentCheck, installed: no, installable: yes, supersedes: []int{5}}}, computer{}, "+5 0/0"},

		"to be taken off":     {[]rev{{n: 5, action: metadata.Uninstall, installed: yes}, {n: 6, action: metadata.Uninstall, installed: no}}, computer{}, "-5 1/1"},
		"only to be reported": {[]rev{{n: 5, action: metadata.PreDeploymentCheck, installed: no, installable: yes}, {n: 6, action: metadata.PreDeploymentCheck, installed: yes}}, computer{}, "1/0"},
		"optional":            {[]rev{{n: 5, action: metadata.OptionalInstall, installed: no, installable: yes}}, computer{}, "0/0"},
		"for others only":     {[]rev{{n: 5, action: metadata.Evaluate, installed: no, installable: yes}}, computer{}, "0/0"},
		"the order":           {[]rev{{n: 5, installed: no, installable: yes}, {n: 6, installed: no, installable: yes, deadline: soon.Add(1)}, {n: 7, installed: no, installable: yes, deadline: soon}}, computer{}, "+7 +6 +5 0/0"},
		"cannot be read":      {[]rev{{n: 5, kind: "Moon", installed: no}}, computer{}, "?5(UpdateIdentity) 0/0"},
	} {
		t.Run(name, func(t *testing.T) {
			var s scan.Set
			s.Update(cache(tt.revs...))
			if got := said(s.Evaluate(tt.pc)); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// TestFlip changes one value of the registry: the next scan's answer is another, and nothing was compiled.
func TestFlip(t *testing.T) {
	all := cache(rev{n: 5, installed: is("a"), installable: yes})
	var s scan.Set
	pc := computer{}
	for _, want := range []string{"+5 0/0", "1/0", "+5 0/0"} {
		s.Update(all)
		if got := said(s.Evaluate(pc)); got != want {
			t.Errorf("with %v: got %s, want %s", pc, got, want)
		}
		pc["a"] ^= 1
	}
}

// TestChanging brings, changes and takes away revisions, and compares with a set that is made anew.
func TestChanging(t *testing.T) {
	one := cache(rev{n: 1, kind: "Detectoid", action: metadata.Evaluate, installed: yes}, rev{n: 5, installed: no, installable: yes, requires: []string{"1"}})
	two := cache(rev{n: 5, installed: no, installable: yes, requires: []string{"1"}})
	three := cache(rev{n: 1, kind: "Detectoid", action: metadata.Evaluate, installed: no}, rev{n: 5, installed: no, installable: yes, requires: []string{"1"}}, rev{n: 6, installed: no, installable: yes, supersedes: []int{5}})
	var s scan.Set
	for i := range 5000 { // enough to throw the compiler's old rules away
		all := []map[int32]*metadata.Revision{one, two, three}[i%3]
		if i == 1000 {
			one[5].Deployment.Action = metadata.PreDeploymentCheck
		}
		s.Update(all)
		var fresh scan.Set
		fresh.Update(all)
		if diff := cmp.Diff(said(fresh.Evaluate(computer{})), said(s.Evaluate(computer{}))); diff != "" {
			t.Fatalf("step %d: %s", i, diff)
		}
	}
}

func TestJudge(t *testing.T) {
	all := cache(
		rev{n: 1, kind: "Detectoid", action: metadata.Evaluate, installed: is("d")},
		rev{n: 2, kind: "Category", action: metadata.Evaluate, installed: yes, requires: []string{"1"}},
		rev{n: 3, kind: "Category", action: metadata.Evaluate, installed: yes, leaf: true},
		rev{n: 4, kind: "Detectoid", action: metadata.Evaluate, installed: `<b.Moon />`},
	)
	var s scan.Set
	for value, want := range map[byte][]int32{0: nil, 1: {1, 2}, 255: nil} {
		if got := s.Judge(computer{"d": value})(all); !slices.Equal(got, want) {
			t.Errorf("d is %d: %v, want %v", value, got, want)
		}
	}
}
