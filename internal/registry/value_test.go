package registry_test

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/registry"
	"github.com/redx-update/redx/internal/winbin"
)

func TestValueString(t *testing.T) {
	text := winbin.PutUTF16("C:\\Windows\x00left over")
	tests := []struct {
		typ  registry.Type
		data []byte
		want string
	}{
		{registry.SZ, text, `C:\Windows`},
		{registry.ExpandSZ, text, `C:\Windows`},
		{registry.MultiSZ, text, `C:\Windows`},
		{registry.SZ, text[:5], "C:"}, // an odd byte at the end
		{registry.SZ, nil, ""},
		{registry.Binary, text, ""},
	}
	for _, tt := range tests {
		if got := (registry.Value{Type: tt.typ, Data: tt.data}).String(); got != tt.want {
			t.Errorf("%v %q: got %q, want %q", tt.typ, tt.data, got, tt.want)
		}
	}
}

func TestValueStrings(t *testing.T) {
	tests := []struct {
		typ  registry.Type
		data string // NUL written as |
		want []string
	}{
		{registry.MultiSZ, "a|b||", []string{"a", "b"}},
		{registry.MultiSZ, "a||b|c||", []string{"a", "", "b", "c"}},
		{registry.MultiSZ, "a|||", []string{"a", ""}}, // a deletion as the last pending rename
		{registry.MultiSZ, "a|b|", []string{"a", "b"}},
		{registry.MultiSZ, "a|b", []string{"a", "b"}},
		{registry.MultiSZ, "|", []string{}},
		{registry.MultiSZ, "", nil},
		{registry.SZ, "a|b", []string{"a"}},
		{registry.DWord, "a|", nil},
	}
	for _, tt := range tests {
		v := registry.Value{Type: tt.typ, Data: winbin.PutUTF16(strings.ReplaceAll(tt.data, "|", "\x00"))}
		if diff := cmp.Diff(tt.want, v.Strings()); diff != "" {
			t.Errorf("%v %q (-want +got):\n%s", tt.typ, tt.data, diff)
		}
	}
}

func TestValueUint64(t *testing.T) {
	data := []byte{1, 2, 3, 4, 5, 6, 7, 8}
	tests := []struct {
		typ  registry.Type
		data []byte
		want uint64
		ok   bool
	}{
		{registry.DWord, data[:4], 0x04030201, true},
		{registry.DWordBE, data[:4], 0x01020304, true},
		{registry.QWord, data, 0x0807060504030201, true},
		{registry.DWord, data[:3], 0, false},
		{registry.QWord, data[:4], 0, false},
		{registry.SZ, data, 0, false},
	}
	for _, tt := range tests {
		got, ok := registry.Value{Type: tt.typ, Data: tt.data}.Uint64()
		if got != tt.want || ok != tt.ok {
			t.Errorf("%v %x: got %#x, %v, want %#x, %v", tt.typ, tt.data, got, ok, tt.want, tt.ok)
		}
	}
}

func TestTypeString(t *testing.T) {
	for typ, want := range map[registry.Type]string{
		registry.QWord: "REG_QWORD", 0x20000: "type 0x20000", 1<<32 - 1: "type 0xffffffff",
	} {
		if got := typ.String(); got != want {
			t.Errorf("%#x: got %q, want %q", uint32(typ), got, want)
		}
	}
}

func TestNotExist(t *testing.T) {
	if err := registry.NotExist("open key", `A\B`); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v is not fs.ErrNotExist", err)
	}
	if diff := cmp.Diff([]string{"A", "B c"}, registry.SplitPath(`\A\\B c\`)); diff != "" {
		t.Error(diff)
	}
}
