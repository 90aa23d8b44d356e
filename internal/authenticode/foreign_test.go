package authenticode_test

import (
	"bytes"
	"crypto/x509"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redx-update/redx/internal/authenticode"
	"github.com/redx-update/redx/internal/labca"
	"github.com/redx-update/redx/internal/testdata"
	"github.com/redx-update/redx/internal/write/ole"
)

// run runs a foreign program and gives what it says.
func run(t *testing.T, program string, args ...string) (string, error) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput()
	return string(out), err
}

func write(t *testing.T, dir, name string, b []byte) string {
	t.Helper()
	p := filepath.Join(dir, name)
	if err := os.WriteFile(p, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

// TestForeignVerifies has another program verify what we sign.
func TestForeignVerifies(t *testing.T) {
	tool := testdata.Tool(t, "osslsigncode")
	for _, kind := range []labca.Kind{labca.RSA, labca.ECDSA} {
		ca := must[*labca.CA](t)(labca.New("CA", kind, now))
		id := must[*authenticode.Identity](t)(ca.Publisher("P", now))
		dir := t.TempDir()
		file := write(t, dir, "a.cab", sign(t, id, unsigned(t)))
		out, err := run(t, tool, "verify", "-CAfile", write(t, dir, "ca.pem", ca.PEM()), file)
		if err != nil || !strings.Contains(out, "Signature verification: ok") || strings.Contains(out, "MISMATCH") {
			t.Errorf("%v\n%s", err, out)
		}
	}
}

// TestForeignSigns verifies cabinets and programs that another program signed, and finds every byte of the programs
// covered.
func TestForeignSigns(t *testing.T) {
	tool := testdata.Tool(t, "osslsigncode")
	ca, id := must[*labca.CA](t)(authority()), must[*authenticode.Identity](t)(publisher())
	dir := t.TempDir()
	pfx := write(t, dir, "id.pfx", must[[]byte](t)(id.PFX("secret")))
	files := map[string][]byte{"a.cab": unsigned(t), "small.exe": program(0x10b, 1001), "large.exe": program(0x20b, 4096)}
	for name, content := range files {
		in, out := write(t, dir, name, content), filepath.Join(dir, "signed-"+name)
		if said, err := run(t, tool, "sign", "-pkcs12", pfx, "-pass", "secret", "-h", "sha384", "-in", in, "-out", out); err != nil {
			t.Fatal(err, said)
		}
		b := must[[]byte](t)(os.ReadFile(out))
		trust := authenticode.Trust{Roots: ca.Pool(), Now: now}
		who, err := verify(b, trust)
		if err != nil || !who.Certificate().Equal(id.Chain[0]) || who.Hash.String() != "SHA-384" {
			t.Errorf("%s: %v, %v", name, who, err)
		}
		for i := range content {
			b[i] ^= 1
			if _, err := verify(b, trust); err == nil && (name == "a.cab" || !inChecksum(i)) {
				t.Errorf("%s: byte %d changed, and nobody minds", name, i)
			}
			b[i] ^= 1
		}
	}
}

// TestInstaller verifies installers that another program signed.
func TestInstaller(t *testing.T) {
	plain := must[[]byte](t)(ole.Encode([16]byte{1}, []ole.Entry{
		{Name: "long", Content: bytes.Repeat([]byte("stream"), 1000)},
		{Name: "short", Content: []byte("text")},
		{Name: "a folder", Class: [16]byte{2}, Children: []ole.Entry{{Name: "inside", Content: []byte("more"), Time: 7}}},
	}))
	ca, id := must[*labca.CA](t)(authority()), must[*authenticode.Identity](t)(publisher())
	trust := authenticode.Trust{Roots: ca.Pool(), Now: now}
	if _, err := verify(plain, trust); !errors.Is(err, authenticode.ErrUnsigned) {
		t.Error(err)
	}
	tool := testdata.Tool(t, "osslsigncode")
	dir := t.TempDir()
	pfx, in := write(t, dir, "id.pfx", must[[]byte](t)(id.PFX("secret"))), write(t, dir, "a.msi", plain)
	sign := func(name string, more ...string) []byte {
		out := filepath.Join(dir, name)
		if said, err := run(t, tool, append([]string{"sign", "-pkcs12", pfx, "-pass", "secret", "-in", in, "-out", out}, more...)...); err != nil {
			t.Fatal(err, said)
		}
		return must[[]byte](t)(os.ReadFile(out))
	}
	b := sign("whole.msi", "-add-msi-dse")
	if who, err := verify(b, trust); err != nil || !who.Certificate().Equal(id.Chain[0]) {
		t.Error(who, err)
	}
	for _, part := range []string{"streamstream", "more", "s\x00h\x00o\x00r\x00t\x00", "i\x00n\x00s\x00i\x00d\x00e\x00"} {
		changed := bytes.Clone(b)
		changed[bytes.Index(changed, []byte(part))]++
		if _, err := verify(changed, trust); !errors.Is(err, authenticode.ErrChanged) {
			t.Errorf("%q changed: %v", part, err)
		}
	}
	if _, err := verify(sign("names.msi"), trust); err == nil || !strings.Contains(err.Error(), "does not cover the names") {
		t.Error(err)
	}
}

// inChecksum: the checksum of a program is in no digest, and Windows' loader looks at it for drivers only.
func inChecksum(i int) bool { return i >= 64+24+64 && i < 64+24+68 }

// TestReal verifies a program that a company signed in 2021, with a certificate that is long expired and a timestamp. It
// comes with golang.org/x/sys, as Go's own test of Windows' verification.
func TestReal(t *testing.T) {
	said, err := run(t, testdata.Tool(t, "go"), "list", "-m", "-f", "{{.Dir}}", "golang.org/x/sys")
	if err != nil {
		t.Skip("no source of golang.org/x/sys: go mod download", said)
	}
	b, err := os.ReadFile(filepath.Join(strings.TrimSpace(said), "windows", "testdata", "ev-signed-file.exe"))
	if err != nil {
		t.Skip("golang.org/x/sys has no signed program any more:", err)
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		t.Skip("this system trusts nobody: apt-get install ca-certificates", err)
	}
	who, err := verify(b, authenticode.Trust{Roots: roots, Now: now})
	if errors.As(err, new(x509.UnknownAuthorityError)) {
		t.Skip("this system does not trust who signed it: apt-get install ca-certificates", err)
	}
	if err != nil || who.Certificate().Subject.CommonName != "WireGuard LLC" || !who.Stamped.Equal(time.Date(2021, 11, 23, 17, 4, 26, 0, time.UTC)) {
		t.Errorf("%v, %v", who, err)
	}
	b[len(b)/2] ^= 1
	if _, err := verify(b, authenticode.Trust{Roots: roots, Now: now}); !errors.Is(err, authenticode.ErrChanged) {
		t.Error(err)
	}
}
