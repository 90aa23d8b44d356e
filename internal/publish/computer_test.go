package publish_test

import (
	"io/fs"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/redx-update/redx/internal/applicability"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/registry"
	"github.com/redx-update/redx/internal/winbin"
	"github.com/redx-update/redx/internal/wsus/fragment"
)

// computer is a Windows 10 with some values in its registry and the versions of some files.
type computer struct {
	values map[string]registry.Value // `HKLM\KEY\VALUE`, in lower case
	files  map[string]applicability.Version
}

func (computer) Windows() (applicability.Windows, error) {
	return applicability.Windows{Major: 10, Build: 19045, Architecture: 9}, nil
}

func (computer) Folder(csidl int) (string, error) {
	if csidl != 38 {
		return "", fs.ErrNotExist
	}
	return `C:\Program Files`, nil
}

func (c computer) File(path string) (applicability.File, error) {
	_, err := c.FileVersion(path)
	return applicability.File{}, err
}

func (c computer) FileVersion(path string) (applicability.Version, error) {
	v, ok := c.files[strings.ToLower(path)]
	if !ok {
		return v, fs.ErrNotExist
	}
	return v, nil
}

func (c computer) Key(path string, _ bool) (registry.Key, error) {
	return key{c.values, strings.ToLower(strings.Replace(path, "HKEY_LOCAL_MACHINE", "HKLM", 1))}, nil
}

func (computer) License(string) (registry.Value, error)   { return registry.Value{}, fs.ErrNotExist }
func (computer) Installed(guid.GUID) (bool, error)        { return false, nil }
func (computer) Devices() ([]applicability.Device, error) { return nil, nil }

type key struct {
	values map[string]registry.Value
	path   string
}

func (key) Name() string                           { return "" }
func (key) LastWrite() time.Time                   { return time.Time{} }
func (key) Open(path string) (registry.Key, error) { return nil, registry.NotExist("open", path) }

func (key) Subkeys() iter.Seq2[registry.Key, error] { return func(func(registry.Key, error) bool) {} }

func (key) Values() iter.Seq2[registry.Value, error] {
	return func(func(registry.Value, error) bool) {}
}

func (k key) Value(name string) (registry.Value, error) {
	v, ok := k.values[k.path+`\`+strings.ToLower(name)]
	if !ok {
		return v, registry.NotExist("read", name)
	}
	return v, nil
}

func text(s string) registry.Value {
	return registry.Value{Type: registry.SZ, Data: winbin.PutUTF16(s + "\x00")}
}

func dword(n byte) registry.Value {
	return registry.Value{Type: registry.DWord, Data: []byte{n, 0, 0, 0}}
}

// judge says whether an update is, and whether it can be, on a computer.
func judge(t *testing.T, document []byte, c computer) (installed, installable applicability.Truth) {
	t.Helper()
	cut, err := fragment.Cut(document)
	if err != nil {
		t.Fatal(err)
	}
	var compiler applicability.Compiler
	rules, err := compiler.Compile([]byte(cut.Core), guid.GUID{})
	if err != nil {
		t.Fatal(err)
	}
	s := compiler.Scan(c)
	for _, a := range []applicability.Answer{s.Eval(rules.IsInstalled), s.Eval(rules.IsInstallable)} {
		if a.Truth == applicability.Unknown {
			t.Errorf("%s is unknown: %s", a.Rule, a.Why)
		}
	}
	return s.Eval(rules.IsInstalled).Truth, s.Eval(rules.IsInstallable).Truth
}
