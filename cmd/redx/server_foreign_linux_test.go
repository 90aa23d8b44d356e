package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redx-update/redx/internal/testdata"
)

// foreignUpdates is what the clients in tools/foreign expect, by revision number: small, with a bundle (20), a driver (50)
// and a printer's driver (51). What is not named here is there and approved for nobody.
func foreignUpdates() []madeUpdate {
	all := make([]madeUpdate, 51)
	for i := range all {
		all[i].n = i + 1
	}
	set := func(u madeUpdate) { all[u.n-1] = u }
	set(madeUpdate{n: 1, kind: "Category", category: "Product"})
	set(madeUpdate{n: 2, kind: "Detectoid"})
	set(madeUpdate{n: 3, kind: "Category", category: "UpdateClassification"})
	set(madeUpdate{n: 10, prerequisites: []int{1, 2, 3}, files: map[string]string{"ten.cab": "payload of ten"}, eula: "agree"})
	set(madeUpdate{n: 11, prerequisites: []int{1, 3}})
	set(madeUpdate{n: 20, prerequisites: []int{1, 3}, bundles: []int{21, 22}})
	set(madeUpdate{n: 22, prerequisites: []int{2}})
	set(madeUpdate{n: 30, prerequisites: []int{1}})
	set(madeUpdate{n: 40, prerequisites: []int{1}})
	set(madeUpdate{n: 50, kind: "Driver", driver: `HardwareID="PCI\VEN_1" Class="Net" DriverVerDate="2026-01-01" DriverVerVersion="1.0.0.0"`})
	set(madeUpdate{n: 51, kind: "Driver", driver: `HardwareID="usbprint\x" Class="Printer" DriverVerDate="2026-01-01" DriverVerVersion="1.0.0.0"`})
	return all
}

// foreignServer is a server with these updates; config is the rest of its redx.toml.
func foreignServer(t *testing.T, config string) *served {
	t.Helper()
	data := t.TempDir()
	importMade(t, data, foreignUpdates()...)
	approveMade(t, data, 10, 11, 20, 50, 51)
	must(t, data, "group", "add", "Other")
	must(t, data, "approval", "set", madeID(30), "--group", "Other")
	write(t, filepath.Join(data, "redx.toml"), []byte("[clients]\npage_size = 4\n"+config))
	return serveFrom(t, data)
}

// TestForeignClients has clients that others generated from the specification's WSDLs do every operation with the server as it
// is run, its store and its files.
func TestForeignClients(t *testing.T) {
	withoutRaces(t)
	folder := testdata.WSDLs(t)
	tests := []struct {
		name, computer string
		prepare        func(t *testing.T, folder string) []string
	}{
		{"zeep", "5c7f4f80-3896-4d10-8a38-469286a0febc", func(t *testing.T, _ string) []string { return []string{zeep(t), script(t, "client.py")} }},
		{"PHP", "5c7f4f80-3896-4d10-8a38-469286a0feb1", func(t *testing.T, _ string) []string { return []string{php(t), script(t, "client.php")} }},
		{"Mono", "5c7f4f80-3896-4d10-8a38-469286a0feb2", mono},
	}
	for _, tt := range tests {
		for _, version := range []string{"soap11", "soap12"} {
			t.Run(tt.name+" "+version, func(t *testing.T) {
				command := tt.prepare(t, folder)
				s := foreignServer(t, "")
				everyOperation(t, tool(t, nil, append(command, s.base, folder, version)...))
				s.reported(tt.computer)
				s.stop()
			})
		}
	}
}

func everyOperation(t *testing.T, out string) {
	t.Helper()
	if n := strings.Count(out, "ok "); n < 15 {
		t.Errorf("only %d operations:\n%s", n, out)
	}
}

// reported wants the one event in the store that each client reports.
func (s *served) reported(computer string) {
	s.t.Helper()
	inData(s.t, s.data, func(d *data) error {
		events, err := d.Events(s.t.Context(), computer, 10)
		if err == nil && (len(events) != 1 || events[0].Code != 0x80070002 || events[0].Update.GUID.String() != madeID(10)) {
			s.t.Errorf("reported were %+v", events)
		}
		return err
	})
}

// TestForeignClientsTLS has a client do all of it over TLS, of which only the files are not, and curl fetch one of these.
func TestForeignClientsTLS(t *testing.T) {
	withoutRaces(t)
	folder := testdata.WSDLs(t)
	python := zeep(t)
	certificate, key := certificate(t)
	s := foreignServer(t, fmt.Sprintf("[tls]\nlisten = \"127.0.0.1:0\"\ncertificate = %q\nkey = %q\n", certificate, key))
	secure := "https://" + s.listening("clients with TLS")
	everyOperation(t, tool(t, []string{"REQUESTS_CA_BUNDLE=" + certificate}, python, script(t, "client.py"), secure, folder, "soap11", s.base))
	if curl, err := exec.LookPath("curl"); err == nil {
		if out := tool(t, nil, curl, "-sS", "--fail", "--tlsv1.2", "--cacert", certificate, secure+"/healthz"); out != "ok\n" {
			t.Errorf("curl read %q", out)
		}
		if exec.Command(curl, "-sS", "--tls-max", "1.1", "--cacert", certificate, secure+"/healthz").Run() == nil {
			t.Error("TLS 1.1 was taken")
		}
	}
	s.reported("5c7f4f80-3896-4d10-8a38-469286a0febc")
	s.stop()
}

// certificate makes one for this machine's loopback, and gives the files in PEM.
func certificate(t *testing.T) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "redx test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true,
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	certificate, key = filepath.Join(t.TempDir(), "server.pem"), filepath.Join(t.TempDir(), "server.key")
	write(t, certificate, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	write(t, key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}))
	return certificate, key
}

// script gives the path of a client. It is read so that Go knows what the test's result depends on.
func script(t *testing.T, name string) string {
	t.Helper()
	file := filepath.Join("..", "..", "tools", "foreign", name)
	if _, err := os.ReadFile(file); err != nil {
		t.Fatal(err)
	}
	return file
}

// zeep finds a Python that has it.
func zeep(t *testing.T) string {
	t.Helper()
	for _, python := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(python, "-c", "import zeep").Run() == nil {
			return python
		}
	}
	t.Skip("apt-get install python3-zeep to run this")
	return ""
}

// php finds a PHP that has SoapClient.
func php(t *testing.T) string {
	t.Helper()
	if exec.Command("php", "-r", "exit(class_exists('SoapClient') ? 0 : 1);").Run() != nil {
		t.Skip("apt-get install php-cli php-soap to run this")
	}
	return "php"
}

// mono makes .NET proxies of the WSDLs and a program of them, once.
func mono(t *testing.T, folder string) []string {
	t.Helper()
	for _, tool := range []string{"wsdl", "mcs", "mono"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip("apt-get install mono-devel to run this")
		}
	}
	program := filepath.Join(folder, "Client.exe")
	if _, err := os.Stat(program); err == nil {
		return []string{"mono", program}
	}
	compile := []string{"-nologo", "-r:System.Web.Services", "-r:System.Xml", "-out:" + program, script(t, "Client.cs")}
	for name, space := range map[string]string{"client": "RedxClient", "simpleauth": "RedxSimpleauth", "reporting": "RedxReporting"} {
		proxy := filepath.Join(folder, name+".cs")
		tool(t, nil, "wsdl", "-nologo", "-namespace:"+space, "-out:"+proxy, filepath.Join(folder, name+".wsdl"))
		compile = append(compile, proxy)
	}
	tool(t, nil, append([]string{"mcs"}, compile...)...)
	return []string{"mono", program}
}
