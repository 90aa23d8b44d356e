package wuaclient

import (
	"slices"
	"strings"
	"testing"

	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/proof"
)

// TestBlameByFamily holds the table against the families and the names that package hresult knows.
func TestBlameByFamily(t *testing.T) {
	others := []hresult.Family{hresult.FamilyBITS, hresult.FamilyHTTP, hresult.FamilyDeliveryOptimization}
	theirs := []string{"WU_E_PT_", "WU_E_REDIRECTOR_", "WU_E_IDLESHUTDOWN_", "ERROR_WINHTTP_", "ERROR_INTERNET_", "WSA", "SEC_E_", "RPC_E_", "RPC_S_SERVER_"}
	ours := []string{"WU_E_DS_", "WU_E_MSI_", "WU_E_INVENTORY_", "WU_E_REPORTER_", "SPAPI_E_", "ERROR_SXS_", "CBS_E_"}
	seen := map[string]int{}
	check := func(c hresult.Code, why string, want proof.Verdict) {
		seen[why]++
		if got := verdictOf(c); got != want {
			t.Errorf("%s (%s): %s, want %s", c, why, got, want)
		}
	}
	for _, half := range []uint32{0x8001, 0x8007, 0x8009, 0x800F, 0x8019, 0x8020, 0x8024, 0x80D0} {
		for low := range uint32(0x10000) {
			c := hresult.Code(half<<16 | low)
			all := hresult.Lookup(c)
			if len(all) == 0 {
				continue
			}
			if slices.Contains(others, all[0].Family) {
				check(c, string(all[0].Family), proof.Unproven)
			}
			for _, p := range theirs {
				if strings.HasPrefix(all[0].Symbol, p) {
					check(c, p, proof.Unproven)
				}
			}
			for _, p := range ours {
				if strings.HasPrefix(all[0].Symbol, p) {
					check(c, p, proof.Failed)
				}
			}
		}
	}
	for _, why := range slices.Concat(theirs, ours) {
		if seen[why] == 0 {
			t.Errorf("no code is named %s...: the test holds nothing against it", why)
		}
	}
}

func TestBlame(t *testing.T) {
	for code, want := range map[hresult.Code]string{
		0x80070002: "", 0x80070003: "", 0x80070020: "", 0x800700C1: "", 0x8007000D: "", 0x80240022: "", 0x80240034: "", 0x80246002: "",
		0x80246007: "", 0x80246012: "", 0x80248007: "", 0x80242006: "", 0x800F081F: "", 0x80073712: "", 0xC80003FA: "", 0x800B0100: "",
		0x80072EE7: network, 0x80072EE2: network, 0x80072F8F: network, 0x8024402C: network, 0x80240438: network, 0x80190194: network,
		0x80D02002: network, 0x80200010: network, 0x8007274C: network, 0x800704CF: network, 0x80240024: network,
		0x80070005: rights, 0x8024002E: rights, 0x80240044: rights, 0x80240016: busy, 0x80070BC9: busy, 0x8024000B: stopped, 0x8024001E: stopped,
		0x80070422: services, 0x80040154: services, 0x80246008: services, 0x80070070: space, 0x8007000E: space,
	} {
		if got := blame(code); got != want {
			t.Errorf("%s: %q, want %q", code, got, want)
		}
	}
}

// TestBlamesAreInOrder holds that no range is written the wrong way round or within another: a code has one who accounts.
func TestBlamesAreInOrder(t *testing.T) {
	for i, a := range blames {
		for _, b := range blames[i+1:] {
			if a.last < a.first || a.first <= b.last && b.first <= a.last {
				t.Errorf("%s to %s, %s to %s", a.first, a.last, b.first, b.last)
			}
		}
	}
}
