package collect

import (
	"testing"

	"github.com/redx-update/redx/internal/winsys"
)

func testMask() *mask {
	m := &mask{words: map[string]string{}, users: map[string]string{}, sids: map[string]string{}}
	m.add("server", "wsus.contoso.example")
	m.add("computer", "DESKTOP-7AB")
	m.add("domain", "contoso.example")
	m.add("domain", "CONTOSO")
	m.user("alice")
	m.user("Admin")
	m.user("Jürgen Müller")
	m.people(&winsys.Identity{LastUser: "alice", Owner: "Bob Builder"}, nil)
	m.compile()
	return m
}

func TestMask(t *testing.T) {
	tests := []struct{ in, want string }{
		{`C:\Users\alice\AppData\x.tmp`, `C:\Users\user1\AppData\x.tmp`},
		{`c:/users/ALICE/x`, `c:/users/user1/x`},
		{`logged on: Alice, malice, alice2 and al_alice`, `logged on: user1, malice, alice2 and al_alice`},
		{`on desktop-7ab (DESKTOP-7AB.contoso.example)`, `on computer1 (computer1.domain1)`},
		{`CONTOSO\alice and CONTOSO\carol`, `domain2\user1 and domain2\user4`},
		{`\\DESKTOP-7AB\share\x`, `\\computer1\share\x`},
		{`http://wsus.contoso.example:8530/Content/AA/x.cab`, `http://server1:8530/Content/AA/x.cab`},
		{`Jürgen Müller, JÜRGEN MÜLLER`, `user2, user2`},
		{`by Bob Builder`, `by user3`},
		{`S-1-5-21-1004336348-1177238915-682003330-1001 S-1-5-18`, `S-1-5-21-0-0-1-1001 S-1-5-18`},
		{`C:\Users\Public\x, C:\Users\Default\y`, `C:\Users\Public\x, C:\Users\Default\y`},
		// A name that is an ordinary word stays one, except where it is a name.
		{`the Admin service, C:\Users\Admin\x, CONTOSO\admin`, `the Admin service, C:\Users\person2\x, domain2\person2`},
		{`CBS    Failed to find file: amd64_x\DWrite.dll [HRESULT = 0x80070002]`, `CBS    Failed to find file: amd64_x\DWrite.dll [HRESULT = 0x80070002]`},
		{"", ""},
	}
	for _, tt := range tests {
		if got := testMask().text(tt.in); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.in, got, tt.want)
		}
	}
}

// A name gets the same word throughout, also one that only the logs know; and what was masked stays as it is.
func TestMaskConsistent(t *testing.T) {
	m := testMask()
	first := m.text(`C:\Users\dave\x and C:\Users\erin\y`)
	if again := m.text(`C:\Users\DAVE\x and C:\Users\erin\y`); again != first {
		t.Errorf("first %s, then %s", first, again)
	}
	if again := m.text(first); again != first {
		t.Errorf("masked %s, masked again %s", first, again)
	}
	if got := (&mask{users: map[string]string{}}).text("nothing is known here"); got != "nothing is known here" {
		t.Errorf("without names: got %s", got)
	}
}

// Where names begin alike, the longest that stands there is replaced, and none is left for the sake of a longer one.
func TestMaskNamesThatBeginAlike(t *testing.T) {
	m := &mask{words: map[string]string{"anna": "user1", "anna-lena": "user2"}, users: map[string]string{}, sids: map[string]string{}}
	m.compile()
	const text = "anna-lena2, anna-lena;anna annabel xanna-lena anna"
	if got := m.text(text); got != "user1-lena2, user2;user1 annabel xanna-lena user1" {
		t.Errorf("got %s", got)
	}
}

func FuzzMask(f *testing.F) {
	f.Add(`C:\Users\alice\x CONTOSO\admin S-1-5-21-1-2-3-4`)
	f.Add("\\Users\\\xff\\ CONTOSO\\")
	f.Fuzz(func(t *testing.T, s string) {
		got := testMask().text(s)
		if again := testMask().text(s); again != got {
			t.Errorf("%q gives %q and %q", s, got, again)
		}
	})
}
