package check

import (
	"strings"
	"testing"

	"github.com/redx-update/redx/internal/evidence"
)

// TestAddPackage holds that an .msu is unpacked first where DISM does not take one.
func TestAddPackage(t *testing.T) {
	for build, unpacked := range map[string]bool{
		"10.0.19045.3800": true, "10.0.20348.1": true, "6.3.9600.1": true, "10.0.22000.1": false, "10.0.26100.2314": false, "": false,
	} {
		b := evidence.NewBuilder()
		b.SetMachine(evidence.Machine{Build: build})
		got := strings.Join(addPackage(b.Set()), "\n")
		if strings.HasPrefix(got, "expand ") != unpacked || strings.HasSuffix(got, ".cab") != unpacked {
			t.Errorf("%q: %s", build, got)
		}
	}
}
