package msi_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/format"
	"github.com/redx-update/redx/internal/format/msi"
	"github.com/redx-update/redx/internal/testdata"
	writemsi "github.com/redx-update/redx/internal/write/msi"
	"github.com/redx-update/redx/internal/write/ole"
)

var product = map[string]string{
	"ProductCode": "{11111111-2222-3333-4444-555555555555}", "ProductName": "Bücher", "ProductVersion": "2.1.300", "Manufacturer": "Contoso",
}

func sample(t testing.TB) []byte {
	t.Helper()
	b, err := writemsi.Encode(product, "x64;1033")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestRead(t *testing.T) {
	b := sample(t)
	got, err := msi.Read(bytes.NewReader(b), int64(len(b)))
	if diff := cmp.Diff(msi.Package{Properties: product, Template: "x64;1033"}, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
}

// TestForeign reads a package that another program made.
func TestForeign(t *testing.T) {
	tool := testdata.Tool(t, "msibuild")
	path := filepath.Join(t.TempDir(), "a.msi")
	table := filepath.Join(t.TempDir(), "Property.idt")
	text := "Property\tValue\r\ns72\tl0\r\nProperty\tProperty\r\n"
	for k, v := range product {
		text += k + "\t" + strings.ReplaceAll(v, "ü", "ue") + "\r\n"
	}
	text += "Long\t" + strings.Repeat("x", 100000) + "\r\n"
	if err := os.WriteFile(table, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{path, "-s", "Contoso", "Me", "Intel;1033"}, {path, "-i", table}} {
		if out, err := exec.CommandContext(t.Context(), tool, args...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	got, err := msi.Read(bytes.NewReader(b), int64(len(b)))
	if err != nil || got.Properties["ProductCode"] != product["ProductCode"] || got.Properties["ProductName"] != "Buecher" || len(got.Properties["Long"]) != 100000 || got.Template != "Intel;1033" {
		t.Errorf("%.300v, %v", got, err)
	}
}

func TestDamaged(t *testing.T) {
	other, err := ole.Encode([16]byte{}, []ole.Entry{{Name: "x"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := msi.Read(bytes.NewReader(other), int64(len(other))); !errors.Is(err, format.ErrNotThis) {
		t.Error(err)
	}
	good := sample(t)
	at := bytes.Index(good, binary.LittleEndian.AppendUint32(nil, 65001))
	for name, damage := range map[string]func(b []byte){
		"a text too long": func(b []byte) { b[at+5] = 0xff },
		"texts that are not there": func(b []byte) {
			table := bytes.Index(b, []byte{1, 0, 3, 0, 5, 0, 7, 0})
			b[table+1] = 0x10
		},
	} {
		b := bytes.Clone(good)
		damage(b)
		if _, err := msi.Read(bytes.NewReader(b), int64(len(b))); err == nil {
			t.Errorf("%s: read", name)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(sample(f))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := msi.Read(bytes.NewReader(b), int64(len(b)))
		for k, v := range p.Properties {
			if len(k)+len(v) > 3*len(b) && err == nil {
				t.Errorf("a property of %d bytes out of %d", len(k)+len(v), len(b))
			}
		}
	})
}
