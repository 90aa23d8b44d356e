package hresult

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestString(t *testing.T) {
	for _, tt := range []struct {
		code Code
		want string
	}{
		{0, "0x00000000 S_OK"},
		{1, "0x00000001 S_FALSE"},
		{2, "0x00000002 ERROR_FILE_NOT_FOUND"},
		{FileNotFound, "0x80070002 ERROR_FILE_NOT_FOUND"},
		{PathNotFound, "0x80070003 ERROR_PATH_NOT_FOUND"},
		{0x80070005, "0x80070005 E_ACCESSDENIED"}, // as CBS.log names it
		{0x80070570, "0x80070570 ERROR_FILE_CORRUPT"},
		{0x80070BC9, "0x80070BC9 ERROR_FAIL_REBOOT_REQUIRED"},
		{0x80072EE2, "0x80072EE2 ERROR_WINHTTP_TIMEOUT"},
		{0x80072EFE, "0x80072EFE ERROR_WINHTTP_CONNECTION_ERROR"},
		{0x8007274D, "0x8007274D WSAECONNREFUSED"},
		{0x80073701, "0x80073701 ERROR_SXS_ASSEMBLY_MISSING"},
		{0x80073712, "0x80073712 ERROR_SXS_COMPONENT_STORE_CORRUPT"},
		{0x80073D02, "0x80073D02 ERROR_PACKAGES_IN_USE"},
		{0x80240017, "0x80240017 WU_E_NOT_APPLICABLE"},
		{0x00240006, "0x00240006 WU_S_ALREADY_INSTALLED"},
		{0x80246012, "0x80246012 WU_E_DM_DOWNLOADFILEMISSING"},
		{0x800F0203, "0x800F0203 SPAPI_E_NO_DRIVER_SELECTED"},
		{0xE0000203, "0xE0000203 SPAPI_E_NO_DRIVER_SELECTED"},
		{0x800F0831, "0x800F0831 CBS_E_STORE_CORRUPTION"},
		{0x800F0988, "0x800F0988 PSFX_E_INVALID_DELTA_COMBINATION"},
		{0x800F1000, "0x800F1000 SPAPI_E_ERROR_NOT_INSTALLED"},
		{0x80190194, "0x80190194 BG_E_HTTP_ERROR_404"},
		{0x8020002B, "0x8020002B BG_E_INVALID_RANGE"},
		{0x80D03805, "0x80D03805 DO_E_BLOCKED_BY_NO_NETWORK"},
		{0xC1900101, "0xC1900101 MOSETUP_E_SETUP_PLATFORM"},
		{0xC0000034, "0xC0000034 STATUS_OBJECT_NAME_NOT_FOUND"},
		{0xD0000034, "0xD0000034 STATUS_OBJECT_NAME_NOT_FOUND"},
		{0xC8000713, "0xC8000713 JET_errFileNotFound"},
		{0x8E5E0713, "0x8E5E0713 JET_errFileNotFound"},
		{0xFFFFF8ED, "0xFFFFF8ED JET_errFileNotFound"},
		{0x800B0100, "0x800B0100 TRUST_E_NOSIGNATURE"},
		{0xC142011C, "0xC142011C"},
		{0x8ABC1234, "0x8ABC1234"},
	} {
		if got := tt.code.String(); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}

func TestLookupGivesEveryFamily(t *testing.T) {
	for _, tt := range []struct {
		code Code
		want []Family
	}{
		{0x80070005, []Family{FamilyHRESULT, FamilyWin32}},
		{0x80073701, []Family{FamilySXS}},
		{0x800F07FF, []Family{FamilySPAPI}},
		{0x800F0800, []Family{FamilyCBS}},
		{0x800F0900, []Family{FamilyCBS}},
		{0x800F098F, []Family{FamilyPSFX}},
		{0x801900C8, []Family{FamilyHTTP}},
		{0x80190190, []Family{FamilyHTTP}},
		{0x80194000, []Family{FamilyBITS}},
		{0x8019000A, nil},
		{0x8024FFFE, []Family{FamilyWindowsUpdate}},
		{0x80D0FFFF, []Family{FamilyDeliveryOptimization}},
		{0xC1909999, []Family{FamilyMOSETUP}},
		{0xC142011C, []Family{FamilyWIM}},
		{0xC800FFFF, []Family{FamilyESE}},
		{0x8007FFFF, []Family{FamilyWin32}},
		{0xC0000005, []Family{FamilyNTSTATUS}},
		{0x8ABC1234, nil},
	} {
		var got []Family
		for _, m := range Lookup(tt.code) {
			if len(got) == 0 || got[len(got)-1] != m.Family {
				got = append(got, m.Family)
			}
			if m.Source == "" {
				t.Errorf("%s: %s has no source", tt.code.Hex(), m.Symbol)
			}
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.code.Hex(), diff)
		}
	}
}

func TestJSON(t *testing.T) {
	b, err := json.Marshal([]Code{FileNotFound, 0})
	if got, want := string(b), `["0x80070002","0x00000000"]`; err != nil || got != want {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
	var codes []Code
	if err := json.Unmarshal([]byte(`["0x80070002", "-2147024894", "0x0", "ERROR_FILE_NOT_FOUND"]`), &codes); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Code{FileNotFound, FileNotFound, 0, FileNotFound}, codes); diff != "" {
		t.Error(diff)
	}
	if err := json.Unmarshal([]byte(`["file"]`), &codes); err == nil {
		t.Error("a word was taken for a code")
	}
}

func TestExtend(t *testing.T) {
	for _, tt := range []struct {
		extend Extend
		want   string
	}{
		{0x20007, "0x20007 SP_EXECUTION_SAFE_OS, SP_EXECUTION_OP_INSTALL_DRIVERS"},
		{0x4000D, "0x4000D SP_EXECUTION_OOBE_BOOT, SP_EXECUTION_OP_MIGRATE_DATA"},
		{0x50020, "0x50020 SP_EXECUTION_UNINSTALL, SP_EXECUTION_OP_ADD_PROVISIONING_PACKAGE"},
		{0x20021, "0x20021"},
		{0x60000, "0x60000"},
	} {
		if got := tt.extend.String(); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
	if got, want := len(phases)*len(operations), 6*33; got != want {
		t.Errorf("got %d extend codes, want %d", got, want)
	}
}

func TestDissect(t *testing.T) {
	for _, tt := range []struct {
		code Code
		want Anatomy
	}{
		{0x80310000, Anatomy{Kind: "HRESULT", Severity: "error", Facility: "full volume encryption", FacilityNumber: 49}},
		{0xA0240001, Anatomy{Kind: "HRESULT", Severity: "error", Facility: "Windows Update", FacilityNumber: 36, Number: 1, Customer: true}},
		{0x00240001, Anatomy{Kind: "HRESULT", Severity: "success", Facility: "Windows Update", FacilityNumber: 36, Number: 1}},
		{0xFFFFFFFE, Anatomy{Kind: "number", Severity: "error", Number: -2}},
		{0xC0190003, Anatomy{Kind: "NTSTATUS", Severity: "error", Facility: "transaction", FacilityNumber: 0x19, Number: 3}},
		{0xD0000034, Anatomy{Kind: "NTSTATUS", Severity: "error", Facility: "kernel", Number: 0x34}},
	} {
		if diff := cmp.Diff(tt.want, Dissect(tt.code)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.code.Hex(), diff)
		}
	}
}
