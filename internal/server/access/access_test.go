package access_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redx-update/redx/internal/server/access"
	"github.com/redx-update/redx/internal/store"
	"github.com/redx-update/redx/internal/store/sqlite"
)

const good = "correct horse battery"

// door is an Access over a real store, with a clock that tests move.
type door struct {
	*access.Access
	store *sqlite.Store
	at    time.Time
}

func newDoor(t *testing.T) *door {
	t.Helper()
	s, err := sqlite.Open(context.Background(), filepath.Join(t.TempDir(), "s.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	d := &door{store: s, at: time.Now()}
	d.Access = access.New(s, func() time.Time { return d.at })
	return d
}

func (d *door) open(t *testing.T, secret string) bool {
	t.Helper()
	_, ok, err := d.Session(t.Context(), secret)
	if err != nil {
		t.Fatal(err)
	}
	return ok
}

func wantErr(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("error is %v, want %v", err, want)
	}
}

func TestLogin(t *testing.T) {
	d := newDoor(t)
	if err := d.AddUser(t.Context(), "Bea", good); err != nil {
		t.Fatal(err)
	}
	for _, wrong := range [][2]string{{"bea", good + "!"}, {"al", good}, {"bea", ""}, {"", ""}, {"bea", strings.Repeat("x", 5000)}, {strings.Repeat("x", 5000), good}} {
		secret, err := d.Login(t.Context(), "192.0.2.1", wrong[0], wrong[1])
		wantErr(t, err, access.ErrWrong)
		if d.open(t, secret) {
			t.Errorf("%.20s got a session", wrong[0])
		}
	}
	secret, err := d.Login(t.Context(), "192.0.2.1", "BEA", good)
	if err != nil || !d.open(t, secret) {
		t.Fatalf("the right password: %v", err)
	}
	s, _, err := d.Session(t.Context(), secret)
	if err != nil || s.Account != "Bea" {
		t.Errorf("the session is of %q, %v", s.Account, err)
	}
	if d.open(t, secret+"x") || d.open(t, "") || d.open(t, string(s.Digest[:])) {
		t.Error("something else opens the session")
	}
	if err := d.Logout(t.Context(), secret); err != nil || d.open(t, secret) {
		t.Errorf("open after the logout, %v", err)
	}
}

func TestPasswordsAreKeptAsDigests(t *testing.T) {
	d := newDoor(t)
	for _, name := range []string{"a", "b"} {
		if err := d.AddUser(t.Context(), name, good); err != nil {
			t.Fatal(err)
		}
	}
	all, err := d.store.Accounts(t.Context())
	if err != nil || len(all) != 2 || all[0].Password == all[1].Password {
		t.Fatalf("two digests of one password: %+v, %v", all, err)
	}
	if !strings.HasPrefix(all[0].Password, "$argon2id$v=19$m=65536,t=3,p=4$") || strings.Contains(all[0].Password, good) {
		t.Errorf("kept as %s", all[0].Password)
	}
	// What is in no known form is an error, not a wrong password, and lets nobody in.
	for _, kept := range []string{"", good, "$argon2id$v=19$m=8,t=1,p=1$" + strings.Join(strings.Split(all[0].Password, "$")[4:], "$"), "$$$$$"} {
		if err := d.store.SetPassword(t.Context(), "a", kept); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Login(t.Context(), "192.0.2.1", "a", good); err == nil || errors.Is(err, access.ErrWrong) {
			t.Errorf("kept as %q: %v", kept, err)
		}
	}
}

func TestSessionsEnd(t *testing.T) {
	d := newDoor(t)
	begin := func() string {
		link, err := d.NewLink(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		secret, err := d.Link(t.Context(), "192.0.2.1", link)
		if err != nil {
			t.Fatal(err)
		}
		return secret
	}
	secret := begin()
	d.at = d.at.Add(access.Idle + time.Second)
	if d.open(t, secret) {
		t.Error("open after nobody used it")
	}
	d.at = d.at.Add(-access.Idle)
	if d.open(t, secret) {
		t.Error("an ended session came back")
	}
	secret = begin()
	for used := time.Duration(0); used < access.Longest; used += access.Idle / 2 {
		if !d.open(t, secret) {
			t.Fatalf("ended after %v of use", used)
		}
		d.at = d.at.Add(access.Idle / 2)
	}
	d.at = d.at.Add(time.Second)
	if d.open(t, secret) {
		t.Error("open after the longest time")
	}
}

func TestNewPasswordEndsSessions(t *testing.T) {
	d := newDoor(t)
	if err := d.AddUser(t.Context(), "bea", good); err != nil {
		t.Fatal(err)
	}
	secret, err := d.Login(t.Context(), "192.0.2.1", "bea", good)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.SetPassword(t.Context(), "bea", good+" staple"); err != nil || d.open(t, secret) {
		t.Errorf("open after a new password, %v", err)
	}
	_, err = d.Login(t.Context(), "192.0.2.1", "bea", good)
	wantErr(t, err, access.ErrWrong)
	wantErr(t, d.SetPassword(t.Context(), "al", good), store.ErrNotFound)
}

func TestLinksAreGoodOnce(t *testing.T) {
	d := newDoor(t)
	link, err := d.NewLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.Link(t.Context(), "192.0.2.1", link+"x")
	wantErr(t, err, access.ErrToken)
	_, err = d.SetUp(t.Context(), "192.0.2.1", link, "bea", good)
	wantErr(t, err, access.ErrToken)
	if _, err := d.Link(t.Context(), "192.0.2.1", link); err != nil {
		t.Fatal(err)
	}
	_, err = d.Link(t.Context(), "192.0.2.1", link)
	wantErr(t, err, access.ErrToken)
	if link, err = d.NewLink(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.at = d.at.Add(access.LinkTime + time.Second)
	_, err = d.Link(t.Context(), "192.0.2.1", link)
	wantErr(t, err, access.ErrToken)
}

func TestSetUp(t *testing.T) {
	d := newDoor(t)
	old, err := d.NewSetup(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	token, err := d.NewSetup(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.SetUp(t.Context(), "192.0.2.1", old, "bea", good)
	wantErr(t, err, access.ErrToken)
	for name, password := range map[string]string{"": good, "with blank": good, "bea": "short", strings.Repeat("n", 65): good, "al": strings.Repeat("x", 257)} {
		if _, err := d.SetUp(t.Context(), "192.0.2.1", token, name, password); err == nil {
			t.Errorf("made %.20q with %.20q", name, password)
		}
	}
	secret, err := d.SetUp(t.Context(), "192.0.2.1", token, "bea", good)
	if err != nil || !d.open(t, secret) {
		t.Fatalf("set up: %v", err)
	}
	if token, err = d.NewSetup(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err = d.SetUp(t.Context(), "192.0.2.1", token, "second", good)
	wantErr(t, err, access.ErrIsOpen)
}

// TestTries: failed logins are counted by user and by address, and those of others are not hindered.
func TestTries(t *testing.T) {
	d := newDoor(t)
	for _, name := range []string{"bea", "al"} {
		if err := d.AddUser(t.Context(), name, good); err != nil {
			t.Fatal(err)
		}
	}
	login := func(address, name, password string) error {
		_, err := d.Login(t.Context(), address, name, password)
		return err
	}
	tooLong := strings.Repeat("x", 300) // wrong, and not worth the work
	for i := range 10 {
		wantErr(t, login(fmt.Sprintf("2001:db8::%x", i), "bea", tooLong), access.ErrWrong)
	}
	var tries *access.TriesError
	if err := login("192.0.2.9", "BEA", good); !errors.As(err, &tries) || tries.Wait <= 0 || tries.Wait > time.Minute {
		t.Errorf("the eleventh try for a user: %v", err)
	}
	if err := login("2001:db8::ffff:1", "al", good); !errors.As(err, &tries) {
		t.Errorf("the eleventh try from a network: %v", err)
	}
	if err := login("192.0.2.1", "al", good); err != nil {
		t.Errorf("another user from another address: %v", err)
	}
	d.at = d.at.Add(time.Minute)
	if err := login("192.0.2.9", "bea", good); err != nil {
		t.Errorf("after a minute: %v", err)
	}
	for range 12 {
		link, err := d.NewLink(t.Context())
		if err == nil {
			_, err = d.Link(t.Context(), "192.0.2.1", link)
		}
		if err != nil {
			t.Fatalf("logins that do not fail are counted: %v", err)
		}
	}
	if _, err := d.Link(t.Context(), "2001:db8::1", "guess"); err == nil {
		t.Error("a guessed link")
	}
}
