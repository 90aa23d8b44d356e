package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"

	"github.com/redx-update/redx/internal/labca"
	"github.com/redx-update/redx/internal/publish"
)

// TestPolicyImported has Windows' own program take the policy, and finds the certificates in the stores.
func TestPolicyImported(t *testing.T) {
	if os.Getenv("REDX_TEST_SERVICES") == "" {
		t.Skip("changes what this Windows trusts: tools/wine/run.sh cmd/redx")
	}
	now := time.Now()
	ca, err := labca.New("Policy CA", labca.RSA, now)
	if err != nil {
		t.Fatal(err)
	}
	id, err := ca.Publisher("Policy publisher", now)
	if err != nil {
		t.Fatal(err)
	}
	p := policy{url: "http://updates.example:8530", trusted: []publish.Trusted{{Store: publish.TrustedPublisher, Certificate: id.Chain[0]}, {Store: publish.Root, Certificate: ca.Certificate}}}
	var text bytes.Buffer
	if err := p.print(&text, "reg"); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "redx.reg")
	if err := os.WriteFile(file, text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // other tests would have an update server
		const key = `HKLM\SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate`
		if out, err := exec.Command("reg", "delete", key, "/f").CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	})
	if out, err := exec.CommandContext(t.Context(), "reg", "import", file).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, c := range p.trusted {
		k, err := registry.OpenKey(registry.LOCAL_MACHINE, systemStores+`\`+c.Store+`\Certificates\`+thumbprint(c), registry.QUERY_VALUE)
		if err != nil {
			t.Fatal(err)
		}
		blob, _, err := k.GetBinaryValue("Blob")
		if err != nil || !bytes.Equal(blob, certificateBlob(c.Certificate.Raw)) || k.Close() != nil {
			t.Errorf("%s in %s: %x, %v", c.Certificate.Subject, c.Store, blob, err)
		}
	}
	// Wine makes its store of roots anew from those of the system below it; the other one it reads as Windows does.
	if !inStore(t, p.trusted[0]) {
		t.Errorf("%s is not in %s", p.trusted[0].Certificate.Subject, p.trusted[0].Store)
	}
}

func inStore(t *testing.T, want publish.Trusted) bool {
	t.Helper()
	name, err := windows.UTF16PtrFromString(want.Store)
	if err != nil {
		t.Fatal(err)
	}
	s, err := windows.CertOpenStore(windows.CERT_STORE_PROV_SYSTEM_W, 0, 0, windows.CERT_SYSTEM_STORE_LOCAL_MACHINE|windows.CERT_STORE_READONLY_FLAG, uintptr(unsafe.Pointer(name)))
	if err != nil {
		t.Fatal(err)
	}
	defer windows.CertCloseStore(s, 0) //nolint:errcheck // it was only read
	var c *windows.CertContext
	for {
		if c, err = windows.CertEnumCertificatesInStore(s, c); err != nil {
			return false
		}
		if bytes.Equal(unsafe.Slice(c.EncodedCert, c.Length), want.Certificate.Raw) {
			return windows.CertFreeCertificateContext(c) == nil
		}
	}
}
