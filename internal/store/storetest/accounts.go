package storetest

import (
	"crypto/sha256"
	"testing"
	"time"

	"github.com/redx-update/redx/internal/store"
)

func accounts(t *testing.T, open Opener) {
	s := open(t)
	ctx := t.Context()
	check(t, s.AddAccount(ctx, store.Account{Name: "Bea", Password: "digest", Created: at(1)}))
	check(t, s.AddAccount(ctx, store.Account{Name: "al", Password: "x", Created: at(2)}))
	wantErr(t, s.AddAccount(ctx, store.Account{Name: "BEA"}), store.ErrExists)
	s = reopened(t, s, open)
	same(t, store.Account{Name: "Bea", Password: "digest", Created: at(1)}, must[store.Account](t)(s.Account(ctx, "bea")))
	if all := must[[]store.Account](t)(s.Accounts(ctx)); len(all) != 2 || all[0].Name != "al" {
		t.Errorf("accounts: %+v", all)
	}
	_, err := s.Account(ctx, "nobody")
	wantErr(t, err, store.ErrNotFound)
	wantErr(t, s.SetPassword(ctx, "nobody", ""), store.ErrNotFound)
	wantErr(t, s.RemoveAccount(ctx, "nobody"), store.ErrNotFound)
	check(t, s.RemoveAccount(ctx, "AL"))
	if n := len(must[[]store.Account](t)(s.Accounts(ctx))); n != 1 {
		t.Errorf("%d accounts after one was removed", n)
	}
}

func sessions(t *testing.T, open Opener) {
	s := open(t)
	ctx := t.Context()
	digest := func(n int) [32]byte { return sha256.Sum256([]byte{byte(n)}) }
	begin := func(n int, account string, minute int) {
		check(t, s.AddSession(ctx, store.Session{Digest: digest(n), Account: account, Began: at(minute), Used: at(minute)}, at(5)))
	}
	there := func(n int) bool {
		_, err := s.Session(ctx, digest(n))
		return err == nil
	}
	check(t, s.AddAccount(ctx, store.Account{Name: "bea"}))
	check(t, s.AddAccount(ctx, store.Account{Name: "al"}))
	begin(1, "", 3)
	begin(2, "bea", 10)
	if there(1) {
		t.Error("an old session was not forgotten")
	}
	begin(3, "al", 10)
	begin(4, "", 10)
	check(t, s.TouchSession(ctx, digest(4), at(20)))
	s = reopened(t, s, open)
	same(t, store.Session{Digest: digest(4), Began: at(10), Used: at(20)}, must[store.Session](t)(s.Session(ctx, digest(4))))
	same(t, "bea", must[store.Session](t)(s.Session(ctx, digest(2))).Account)
	check(t, s.SetPassword(ctx, "BEA", "new"))
	check(t, s.RemoveAccount(ctx, "al"))
	if there(2) || there(3) || !there(4) {
		t.Errorf("sessions after a new password and a removed account: %v, %v, %v", there(2), there(3), there(4))
	}
	check(t, s.EndSession(ctx, digest(4)))
	check(t, s.EndSession(ctx, digest(4)))
	if there(4) {
		t.Error("a session was not ended")
	}
	wantErr(t, s.TouchSession(ctx, digest(4), at(1)), store.ErrNotFound)
}

func tokens(t *testing.T, open Opener) {
	s := open(t)
	ctx := t.Context()
	now := time.Now()
	a, b, late := [32]byte{1}, [32]byte{2}, [32]byte{3}
	add := func(digest [32]byte, expires time.Time, only bool) {
		check(t, s.AddToken(ctx, store.Token{Digest: digest, Purpose: "setup", Expires: expires}, only))
	}
	add(a, now.Add(time.Hour), false)
	add(late, now.Add(time.Minute), false)
	s = reopened(t, s, open)
	wantErr(t, s.TakeToken(ctx, late, "setup", now.Add(2*time.Minute)), store.ErrNotFound)
	wantErr(t, s.TakeToken(ctx, a, "login", now), store.ErrNotFound)
	check(t, s.TakeToken(ctx, a, "setup", now))
	wantErr(t, s.TakeToken(ctx, a, "setup", now), store.ErrNotFound)
	add(a, now.Add(time.Hour), false)
	add(b, now.Add(time.Hour), true)
	wantErr(t, s.TakeToken(ctx, a, "setup", now), store.ErrNotFound)
	check(t, s.TakeToken(ctx, b, "setup", now))
}
