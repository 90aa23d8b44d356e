package win

import (
	"errors"
	"strings"
	"testing"
)

const installer = "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464"

const ours = "O:BAG:BAD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)"

func TestJudgeTrusts(t *testing.T) {
	if got := protected(); got != ours {
		t.Errorf("got %s, want %s", got, ours)
	}
	for _, tt := range []struct{ name, sddl string }{
		{"as made", ours},
		{"as read back", "O:BAD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)"},
		{"of the system", "O:SYG:SYD:AI(A;OICIID;0x1f01ff;;;S-1-5-18)"},
		{"of the administrators, as a SID", "O:S-1-5-32-544D:P(A;;GA;;;S-1-5-32-544)"},
		{"of TrustedInstaller", "O:" + installer + "G:" + installer + "D:PAI(A;CIIO;GA;;;" + installer + ")"},
		{"nobody may do anything", "O:SYD:P"},
		{"users may read", "O:BAD:P(A;OICI;FRFX;;;BU)(A;OICIIO;GRGX;;;WD)(A;;0x1200a9;;;AU)"},
		{"reading by the names of a directory's rights", "O:BAD:(A;;CCSWWPLORC;;;BU)"},
		{"a denial to anybody", "O:BAD:P(D;;FA;;;WD)(A;;FA;;;SY)"},
		{"with a label behind it", "O:BAD:P(A;;FA;;;SY)S:AI(ML;;NW;;;HI)(AU;SAFA;FA;;;WD)"},
	} {
		if err := judge(tt.sddl); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func TestJudgeDistrusts(t *testing.T) {
	for _, tt := range []struct{ name, sddl, why string }{
		{"of a user", "O:S-1-5-21-1-2-3-1001D:P(A;;FA;;;SY)", "belongs to S-1-5-21-1-2-3-1001"},
		{"of the users", "O:BUD:P(A;;FA;;;SY)", "belongs to BU"},
		{"of nearly TrustedInstaller", "O:" + installer + "0D:P", "belongs to"},
		{"of the administrators of a domain", "O:DAD:P(A;;FA;;;SY)", "belongs to DA"},
		{"of nobody", "D:P(A;;FA;;;SY)", "belongs to"},
		{"empty", "", "no access list"},
		{"without an access list", "O:BAG:BA", "no access list"},
		{"with one that is none", "O:BAD:NO_ACCESS_CONTROL", "says NO_ACCESS_CONTROL"},
		{"with one that is none, protected", "O:BAD:PNO_ACCESS_CONTROL", "says NO_ACCESS_CONTROL"},
		{"as below ProgramData", "O:SYD:AI(A;OICIID;FA;;;SY)(A;OICIID;FA;;;BA)(A;OICIIOID;GA;;;CO)(A;OICIID;0x1200a9;;;BU)", "CO may change"},
		{"users may add", "O:SYD:AI(A;OICIID;FA;;;SY)(A;CIID;DCLCRPCR;;;BU)", "BU may change"},
		{"everybody may do everything", "O:SYD:(A;;FA;;;WD)", "WD may change"},
		{"a user may do everything", "O:SYD:(A;;FA;;;S-1-5-21-1-2-3-1001)", "S-1-5-21-1-2-3-1001 may change"},
		{"only below", "O:SYD:(A;OIIO;FW;;;WD)", "WD may change"},
		{"its owner has rights", "O:SYD:(A;;WD;;;OW)", "OW may change"},
		{"a right to write", "O:SYD:(A;;0x2;;;WD)", "may change"},
		{"a right to add folders", "O:SYD:(A;;0x4;;;WD)", "may change"},
		{"a right to delete below", "O:SYD:(A;;DT;;;WD)", "may change"},
		{"a right to delete", "O:SYD:(A;;SD;;;WD)", "may change"},
		{"a right to its list", "O:SYD:(A;;WD;;;BU)", "may change"},
		{"a right to own it", "O:SYD:(A;;WO;;;BU)", "may change"},
		{"whatever it can get", "O:SYD:(A;;0x02000000;;;BU)", "may change"},
		{"a number of another base", "O:SYD:(A;;02;;;BU)", "may change"},
		{"a generic right to write", "O:SYD:(A;;GRGW;;;BU)", "may change"},
		{"behind a denial of the same", "O:SYD:(D;;FW;;;BU)(A;;FW;;;BU)", "may change"},
		{"behind many good ones", "O:SYD:" + strings.Repeat("(A;;FA;;;SY)", 1000) + "(A;;FW;;;BU)", "may change"},
		{"unknown rights", "O:SYD:(A;;ZZ;;;WD)", "not known"},
		{"half a right", "O:SYD:(A;;FRF;;;WD)", "not known"},
		{"no number", "O:SYD:(A;;0xzz;;;WD)", "no number"},
		{"too large a number", "O:SYD:(A;;0x1ffffffff;;;WD)", "no number"},
		{"a condition", `O:SYD:(XA;;FA;;;WD;(@User.Project Any_of {"a)"}))`, "kind that is not known"},
		{"an object", "O:SYD:(OA;;FA;bf967aba-0de6-11d0-a285-00aa003049e2;;WD)", "kind that is not known"},
		{"an object in a plain one", "O:SYD:(A;;FR;bf967aba-0de6-11d0-a285-00aa003049e2;;WD)", "kind that is not known"},
		{"too few fields", "O:SYD:(A;;FA;;SY)", "kind that is not known"},
		{"unclosed", "O:SYD:(A;;FA;;;SY", "not to be read"},
		{"between entries", "O:SYD:(A;;FA;;;SY)x(A;;FA;;;SY)", "not to be read"},
		{"two owners", "O:SYO:SYD:P", "not to be read"},
		{"two lists", "O:SYD:PD:(A;;FA;;;WD)", "not to be read"},
		{"an entry in the owner's group", "O:SYG:(A;;FA;;;WD)SYD:P", "wrong place"},
		{"another part", "O:SYX:yD:P", "not to be read"},
		{"no SDDL", "SYSTEM", "not to be read"},
	} {
		if err := judge(tt.sddl); !errors.Is(err, ErrUnprotected) || !strings.Contains(err.Error(), tt.why) {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.why)
		}
	}
}

// FuzzJudge wants that nothing is trusted that says somewhere that everybody may do everything.
func FuzzJudge(f *testing.F) {
	for _, s := range []string{protected(), "O:SYD:PAI(D;;FA;;;WD)S:(ML;;NW;;;HI)", "O:BAG:BAD:(A;;FR;;;BU)", "", "D:", "O:SY", ":"} {
		f.Add(s, 3)
	}
	f.Fuzz(func(t *testing.T, s string, at int) {
		if err := judge(s); err != nil {
			return
		}
		if at >= 0 && at <= len(s) && judge(s[:at]+"(A;;FA;;;WD)"+s[at:]) == nil && !strings.Contains(s[:at], "S:") {
			t.Errorf("trusts %q with everybody put in at %d", s, at)
		}
	})
}
