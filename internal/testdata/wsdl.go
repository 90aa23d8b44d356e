package testdata

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// WSDLs takes the WSDLs of MS-WUSP out of the specification, when it lies beside the samples, into a folder: simpleauth.wsdl,
// client.wsdl and reporting.wsdl. The test is skipped when it does not.
func WSDLs(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(filepath.Dir(Path(t, "wsus")), "..", "spec", "MS-WUSP.md"))
	if err != nil {
		t.Skipf("no specification beside the samples (../spec/MS-WUSP.md): %v", err)
	}
	// Words in these WSDLs with which no reader takes them.
	misprints := strings.NewReplacer(
		`type="xs:unsignedByte"`, `type="s:unsignedByte"`, `type="xs:int"`, `type="s:int"`, `type="xs:string"`, `type="s:string"`,
		`type="s1:String"`, `type="s:string"`, `name=" ClientBehaviors"`, `name="ClientBehaviors"`,
	)
	dir := t.TempDir()
	for name, heading := range map[string]string{
		"simpleauth": "## 6.1 SimpleAuth", "client": "## 6.2 Client", "reporting": "## 6.3 Reporting",
	} {
		const end = "</wsdl:definitions>"
		_, rest, _ := strings.Cut(string(text), "\n"+heading)
		_, rest, _ = strings.Cut(rest, "<?xml")
		wsdl, _, found := strings.Cut(rest, end)
		if !found {
			t.Fatalf("the specification has no %s", heading)
		}
		if err := os.WriteFile(filepath.Join(dir, name+".wsdl"), []byte(misprints.Replace("<?xml"+wsdl+end)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
