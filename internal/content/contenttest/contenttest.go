// Package contenttest is the conformance suite of content stores.
package contenttest

import (
	"bytes"
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"sync"
	"testing"

	"github.com/redx-update/redx/internal/content"
)

// Want describes bytes.
func Want(name string, b []byte) content.Want {
	return content.Want{SHA1: sha1.Sum(b), SHA256: sha256.Sum256(b), Size: int64(len(b)), Name: name}
}

// Run runs the suite on empty stores.
func Run(t *testing.T, fresh func(t *testing.T) content.Store) {
	for name, test := range map[string]func(*testing.T, content.Store){
		"put and open": putAndOpen, "refuses what is not wanted": refuses, "replaces": replaces, "missing": missing,
		"broken off": brokenOff, "at once": atOnce,
	} {
		t.Run(name, func(t *testing.T) { test(t, fresh(t)) })
	}
}

func read(t *testing.T, s content.Store, w content.Want) []byte {
	t.Helper()
	o, err := s.Open(w)
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	b, err := io.ReadAll(o.Reader())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func put(t *testing.T, s content.Store, w content.Want, b []byte) {
	t.Helper()
	if err := s.Put(t.Context(), w, bytes.NewReader(b)); err != nil {
		t.Fatal(err)
	}
}

func putAndOpen(t *testing.T, s content.Store) {
	for _, b := range [][]byte{nil, []byte("payload"), bytes.Repeat([]byte("x"), 1<<20)} {
		w := Want("a.cab", b)
		put(t, s, w, b)
		if !bytes.Equal(read(t, s, w), b) {
			t.Errorf("%d bytes came back different", len(b))
		}
	}
	w := Want("a.cab", []byte("payload"))
	o, err := s.Open(w)
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	if o.Stamp() == "" || o.Modified().IsZero() {
		t.Errorf("stamp %q, modified %v", o.Stamp(), o.Modified())
	}
}

func refuses(t *testing.T, s content.Store) {
	good := []byte("payload")
	for name, change := range map[string]func(*content.Want){
		"longer": func(w *content.Want) { w.Size-- }, "shorter": func(w *content.Want) { w.Size++ },
		"other SHA-1": func(w *content.Want) { w.SHA1[0]++ }, "other SHA-256": func(w *content.Want) { w.SHA256[0]++ },
	} {
		w := Want("a.cab", good)
		change(&w)
		var damage *content.Damage
		if err := s.Put(t.Context(), w, bytes.NewReader(good)); !errors.As(err, &damage) {
			t.Errorf("%s: error is %v", name, err)
		}
		if _, err := s.Open(w); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: is there all the same: %v", name, err)
		}
	}
	w := Want("a.cab", good)
	w.SHA256 = [32]byte{}
	put(t, s, w, good)
}

func replaces(t *testing.T, s content.Store) {
	b := []byte("payload")
	w := Want("a.cab", b)
	put(t, s, w, b)
	o, err := s.Open(w)
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	put(t, s, w, b)
	if got, err := io.ReadAll(o.Reader()); err != nil || !bytes.Equal(got, b) {
		t.Errorf("who was reading got %q, %v", got, err)
	}
}

func missing(t *testing.T, s content.Store) {
	if _, err := s.Open(Want("a.cab", []byte("nobody put this"))); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error is %v", err)
	}
}

func brokenOff(t *testing.T, s content.Store) {
	b := []byte("payload")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Put(ctx, Want("a.cab", b), bytes.NewReader(b)); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
	missing(t, s)
}

func atOnce(t *testing.T, s content.Store) {
	b := bytes.Repeat([]byte("payload"), 100000)
	w := Want("a.cab", b)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { put(t, s, w, b) })
	}
	wg.Wait()
	if !bytes.Equal(read(t, s, w), b) {
		t.Error("came back different")
	}
}
