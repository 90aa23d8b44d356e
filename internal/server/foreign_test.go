package server

import (
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redx-update/redx/internal/catalog"
	"github.com/redx-update/redx/internal/deploy"
	"github.com/redx-update/redx/internal/testdata"
)

// foreignWorld is what the clients in tools/foreign expect: small, with a driver (50) and a printer's driver (51).
func foreignWorld() *world {
	w := small()
	w.add(50, catalog.Driver).Drivers = []catalog.DriverEntry{{HardwareID: "PCI\\VEN_1", Class: "Net", Date: w.clock, Version: 1}}
	w.add(51, catalog.Driver).Drivers = []catalog.DriverEntry{{HardwareID: "usbprint\\x", Class: "Printer", Date: w.clock, Version: 1}}
	w.approve(50, deploy.AllComputers, deploy.Install)
	w.approve(51, deploy.AllComputers, deploy.Install)
	w.compile()
	return w
}

// TestForeignClients has clients that others generated from the specification's WSDLs do every operation.
func TestForeignClients(t *testing.T) {
	folder := testdata.WSDLs(t)
	tests := []struct {
		name    string
		prepare func(t *testing.T, folder string) []string
	}{
		{"zeep", func(t *testing.T, _ string) []string { return []string{zeep(t), script(t, "client.py")} }},
		{"PHP", func(t *testing.T, _ string) []string { return []string{php(t), script(t, "client.php")} }},
		{"Mono", mono},
	}
	for _, tt := range tests {
		for _, version := range []string{"soap11", "soap12"} {
			t.Run(tt.name+" "+version, func(t *testing.T) {
				w := foreignWorld()
				deps := w.deps()
				deps.Now = nil
				server := httptest.NewServer(NewServer(deps))
				t.Cleanup(server.Close)
				command := append(tt.prepare(t, folder), server.URL, folder, version)
				out, err := exec.Command(command[0], command[1:]...).CombinedOutput()
				if err != nil {
					t.Fatalf("%v:\n%s", err, out)
				}
				if n := strings.Count(string(out), "ok "); n < 15 {
					t.Errorf("only %d operations:\n%s", n, out)
				}
				if len(w.events) != 1 || w.events[0].BasicData.Win32HResult != -2147024894 {
					t.Errorf("reported were %+v", w.events)
				}
			})
		}
	}
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
		run(t, "wsdl", "-nologo", "-namespace:"+space, "-out:"+proxy, filepath.Join(folder, name+".wsdl"))
		compile = append(compile, proxy)
	}
	run(t, "mcs", compile...)
	return []string{"mono", program}
}

func run(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v:\n%s", name, err, out)
	}
}
