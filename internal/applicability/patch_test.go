package applicability_test

import (
	"fmt"
	"testing"

	"github.com/redx-update/redx/internal/applicability"
	"github.com/redx-update/redx/internal/registry"
)

const patchRules = `<ApplicabilityRules><IsInstalled><m.MsiPatchInstalled /></IsInstalled><IsSuperseded><m.MsiPatchSuperseded /></IsSuperseded>
<IsInstallable><m.MsiPatchInstallable /></IsInstallable><Metadata><m.MsiPatchMetadata>%s</m.MsiPatchMetadata></Metadata></ApplicabilityRules>`

// TestPatches has a patch for two products, of which one is there.
func TestPatches(t *testing.T) {
	const blob = `<MsiPatch PatchGUID="{00000000-0000-0000-0000-000000000001}"><TargetProduct><TargetProductCode Validate="true">` + office +
		`</TargetProductCode></TargetProduct><TargetProductCode>{90140000-0011-0000-1000-0000000FF1CF}</TargetProductCode></MsiPatch>`
	const patches = `hkey_local_machine\software\microsoft\windows\currentversion\installer\userdata\s-1-5-18\products\00004109110000000100000000f01fec\patches\00000000000000000000000000000010`
	const yes, no, open = applicability.True, applicability.False, applicability.Unknown
	for name, tt := range map[string]struct {
		metadata string
		change   func(c *computer)
		want     [3]applicability.Truth // installed, superseded, installable
	}{
		"applied":    {blob, func(*computer) {}, [3]applicability.Truth{yes, no, no}},
		"superseded": {blob, func(c *computer) { c.keys[patches]["state"] = dword(2) }, [3]applicability.Truth{no, yes, no}},
		"not there":  {blob, func(c *computer) { delete(c.keys, patches) }, [3]applicability.Truth{no, open, open}},
		"no product": {blob, func(c *computer) { c.keys = map[string]map[string]registry.Value{} }, [3]applicability.Truth{no, no, no}},
		"by another code": {
			`<FallbackPatchCode>{00000000-0000-0000-0000-000000000001}</FallbackPatchCode><MsiPatch><TargetProductCode>` + office + `</TargetProductCode></MsiPatch>`,
			func(*computer) {},
			[3]applicability.Truth{yes, no, no},
		},
		"for nothing": {`<MsiPatch PatchGUID="{00000000-0000-0000-0000-000000000001}" />`, func(*computer) {}, [3]applicability.Truth{open, open, open}},
		"no code":     {`<MsiPatch><TargetProductCode>` + office + `</TargetProductCode></MsiPatch>`, func(*computer) {}, [3]applicability.Truth{open, open, open}},
		"cannot be read": {
			blob, func(c *computer) {
				c.hidden[`HKEY_LOCAL_MACHINE\SOFTWARE\Classes\Installer\Products\00004109110000000100000000F01FEC`] = true
			},
			[3]applicability.Truth{open, open, open},
		},
	} {
		c := pc()
		tt.change(c)
		if got := evalAll(t, c, fmt.Sprintf(patchRules, tt.metadata)); got != tt.want {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}
