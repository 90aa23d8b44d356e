package main

import (
	"os"
	"path/filepath"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/redx-update/redx/internal/labca"
	"github.com/redx-update/redx/internal/write/cab"
)

// certify makes an authority (ca.pem) and a publisher by it (publisher.pfx, password.txt) for a script.
func certify(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: certify NAME")
	}
	now := time.Now()
	ca, err := labca.New(args[0]+" CA", labca.ECDSA, now)
	ts.Check(err)
	id, err := ca.Publisher(args[0], now)
	ts.Check(err)
	pfx, err := id.PFX("open sesame")
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs("ca.pem"), ca.PEM(), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs("publisher.pfx"), pfx, 0o600))
	ts.Check(os.WriteFile(ts.MkAbs("password.txt"), []byte("open sesame\r\n"), 0o600))
}

// cabinet packs files: cabinet OUT FILE...
func cabinet(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: cabinet OUT FILE...")
	}
	var files []cab.File
	for _, name := range args[1:] {
		b, err := os.ReadFile(ts.MkAbs(name))
		ts.Check(err)
		files = append(files, cab.Bytes(filepath.Base(name), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), b))
	}
	b, err := cab.Encode(files, cab.Options{Method: cab.MSZIP})
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b, 0o600))
}

// program writes the least that is a program of Windows: program OUT.
func program(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: program OUT")
	}
	const optional = 64 + 24
	b := make([]byte, 512)
	copy(b, "MZ")
	b[60] = 64
	copy(b[64:], "PE\x00\x00")
	b[64+20] = 240 // size of the optional header
	b[optional], b[optional+1] = 0x0b, 2
	b[optional+108] = 16 // directories
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b, 0o600))
}
