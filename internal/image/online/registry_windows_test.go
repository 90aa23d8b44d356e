package online

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/windows/registry"

	abstract "github.com/redx-update/redx/internal/registry"
)

// testKey makes a key of the test's own below HKEY_CURRENT_USER, which needs no rights.
func testKey(t *testing.T) (string, registry.Key) {
	t.Helper()
	path := fmt.Sprintf(`Software\redx-test-%d`, time.Now().UnixNano())
	k, _, err := registry.CreateKey(registry.CURRENT_USER, path, registry.ALL_ACCESS)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		k.Close()
		if err := registry.DeleteKey(registry.CURRENT_USER, path); err != nil {
			t.Error(err)
		}
	})
	return path, k
}

func addKey(t *testing.T, k registry.Key, name string) {
	t.Helper()
	sub, _, err := registry.CreateKey(k, name, registry.ALL_ACCESS)
	if err != nil {
		t.Fatal(err)
	}
	sub.Close()
	t.Cleanup(func() {
		if err := registry.DeleteKey(k, name); err != nil {
			t.Error(err)
		}
	})
}

func TestKeyValues(t *testing.T) {
	path, k := testKey(t)
	long := make([]byte, 5000)
	for _, err := range []error{
		k.SetStringValue("", "default"), k.SetExpandStringValue("Folder", `%windir%\x`), k.SetDWordValue("Number", 7),
		k.SetQWordValue("Big", 1<<40), k.SetStringsValue("List", []string{"a", "b"}), k.SetBinaryValue("Long", long),
		k.SetBinaryValue("Empty", nil),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	read, err := openKey(registry.CURRENT_USER, path)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for v, err := range read.Values() {
		if err != nil {
			t.Error(err)
		}
		n, _ := v.Uint64()
		got[v.Name] = fmt.Sprintf("%v %d %q %d", v.Type, len(v.Data), v.Strings(), n)
	}
	want := map[string]string{
		"": `REG_SZ 16 ["default"] 0`, "Folder": `REG_EXPAND_SZ 22 ["%windir%\\x"] 0`, "Number": "REG_DWORD 4 [] 7",
		"Big": "REG_QWORD 8 [] 1099511627776", "List": `REG_MULTI_SZ 10 ["a" "b"] 0`, "Long": "REG_BINARY 5000 [] 0",
		"Empty": "REG_BINARY 0 [] 0",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if v, err := read.Value("NUMBER"); err != nil || v.Type != abstract.DWord {
		t.Errorf("a name in other letters: got %+v, %v", v, err)
	}
	if _, err := read.Value("nosuch"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no such value: got %v, want fs.ErrNotExist", err)
	}
}

func TestKeyNames(t *testing.T) {
	path, k := testKey(t)
	for _, name := range []string{"Beta", "alpha", "Gamma"} {
		addKey(t, k, name)
	}
	read, err := openKey(registry.CURRENT_USER, path)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for sub, err := range read.Subkeys() {
		if err != nil {
			t.Fatal(err)
		}
		if age := time.Since(sub.LastWrite()); age < -time.Hour || age > time.Hour {
			t.Errorf("%s was written %v ago", sub.Name(), age)
		}
		got = append(got, sub.Name())
	}
	if diff := cmp.Diff([]string{"alpha", "Beta", "Gamma"}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	beta, err := read.Open(`\BETA\`)
	if err != nil || beta.Name() != "Beta" {
		t.Errorf("got %v, %v, want the name as the registry spells it", beta, err)
	}
	if age := time.Since(beta.LastWrite()); age < -time.Hour || age > time.Hour {
		t.Errorf("written %v ago", age)
	}
	if _, err := read.Open(`Beta\nosuch`); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no such key: got %v, want fs.ErrNotExist", err)
	}
	if same, err := read.Open(""); err != nil || same.Name() != read.Name() {
		t.Errorf("the empty path: got %v, %v, want the key itself", same, err)
	}
}

func TestKeyGone(t *testing.T) {
	path, k := testKey(t)
	sub, _, err := registry.CreateKey(k, "Gone", registry.ALL_ACCESS)
	if err != nil {
		t.Fatal(err)
	}
	sub.Close()
	read, err := openKey(registry.CURRENT_USER, path+`\Gone`)
	if err != nil {
		t.Fatal(err)
	}
	if err := registry.DeleteKey(k, "Gone"); err != nil {
		t.Fatal(err)
	}
	if _, err := read.Value("x"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a key that is gone: got %v, want fs.ErrNotExist", err)
	}
}
