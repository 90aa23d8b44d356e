package wintest

import (
	"strings"
	"testing"
)

// TestDiagnose finds the missing file on the computer that runs.
func TestDiagnose(t *testing.T) {
	c := newComputer(t)
	a := c.wants(3, "diagnose")
	if !strings.Contains(a.out, "Windows10.0-KB5034122-x64.cab") {
		t.Error(a.out)
	}
}
