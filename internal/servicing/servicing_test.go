package servicing_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/servicing"
	"github.com/redx-update/redx/internal/update"
)

func TestPackage(t *testing.T) {
	type want struct {
		P  servicing.Package
		KB update.KB
	}
	const token = "31bf3856ad364e35"
	for _, c := range []struct {
		in   string
		want want
		ok   bool
	}{
		{
			"Package_for_KB5034441~31bf3856ad364e35~amd64~~19041.3920.1.3",
			want{servicing.Package{"Package_for_KB5034441", token, "amd64", "", "19041.3920.1.3"}, "KB5034441"},
			true,
		},
		{
			"Package_123_for_KB3192392~31bf3856ad364e35~amd64~en-US~6.3.1.4",
			want{servicing.Package{"Package_123_for_KB3192392", token, "amd64", "en-US", "6.3.1.4"}, "KB3192392"},
			true,
		},
		{
			"Microsoft-Windows-Client-Features-Package~31bf3856ad364e35~amd64~~",
			want{servicing.Package{"Microsoft-Windows-Client-Features-Package", token, "amd64", "", ""}, ""},
			true,
		},
		{"Windows.WinOcr~~0.0.1.0", want{}, false},
		{"a~31bf3856ad364e3g~amd64~~1", want{}, false},
		{"a b~31bf3856ad364e35~amd64~~1.0", want{}, false},
		{"", want{}, false},
	} {
		p, ok := servicing.ParsePackage(c.in)
		if diff := cmp.Diff(c.want, want{p, p.KB()}); diff != "" || ok != c.ok {
			t.Errorf("%q: ok %v, want %v (-want +got):\n%s", c.in, ok, c.ok, diff)
		}
		if ok && p.String() != c.in {
			t.Errorf("got %q back, want %q", p, c.in)
		}
	}
}

func TestFindPackage(t *testing.T) {
	for in, want := range map[string]string{
		"because of package: Package_1_for_KB1234567~31bf3856ad364e35~amd64~~6.3.1.4. [HRESULT = 0x800f0831]": "Package_1_for_KB1234567~31bf3856ad364e35~amd64~~6.3.1.4",
		"resolve package 'A~31bf3856ad364e35~x86~~1.0.0.0' now":                                               "A~31bf3856ad364e35~x86~~1.0.0.0",
		"Feature: WMIC~ found": "",
		"~~~~":                 "",
	} {
		got, ok := servicing.FindPackage(in)
		if ok != (want != "") || ok && got.String() != want {
			t.Errorf("%q: got %q, %v; want %q", in, got, ok, want)
		}
	}
}

func TestFile(t *testing.T) {
	c := servicing.Component{
		Arch: "x86", Name: "microsoft-windows-directwrite", Token: "31bf3856ad364e35", Version: "7.1.7601.23545",
		Culture: "none", Hash: "229deeb1ba2a85d3",
	}
	noArch := c
	noArch.Arch, noArch.Name = "", "servicing"
	under := c
	under.Name = "netfx4-clrjit_dll"
	for _, v := range []struct {
		in   string
		want servicing.File
		ok   bool
	}{
		{c.String() + `\DWrite.dll`, servicing.File{c, "DWrite.dll"}, true},
		{c.String() + `DWrite.dll`, servicing.File{c, "DWrite.dll"}, true}, // the D is a hex digit too
		{c.String() + `\en-us\x_y.mui`, servicing.File{c, `en-us\x_y.mui`}, true},
		{under.String() + `\clrjit.dll`, servicing.File{under, "clrjit.dll"}, true},
		{noArch.String() + `\x.dll`, servicing.File{noArch, "x.dll"}, true},
		{"_" + noArch.String() + `\x.dll`, servicing.File{}, false},
		{c.String(), servicing.File{Component: c}, false},
		{"x86_a_31bf3856ad364e35_1.0_none", servicing.File{}, false},
		{`C:\Windows\x_0123456789abcdef_y`, servicing.File{}, false},
		{"", servicing.File{}, false},
	} {
		got, ok := servicing.ParseFile(v.in)
		if diff := cmp.Diff(v.want, got); diff != "" || ok != v.ok {
			t.Errorf("%q: ok %v, want %v (-want +got):\n%s", v.in, ok, v.ok, diff)
		}
	}
}
