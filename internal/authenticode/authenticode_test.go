package authenticode_test

import (
	"bytes"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/authenticode"
	"github.com/redx-update/redx/internal/format"
	readcab "github.com/redx-update/redx/internal/format/cab"
	"github.com/redx-update/redx/internal/labca"
	"github.com/redx-update/redx/internal/write/cab"
	"github.com/redx-update/redx/internal/write/ole"
)

// now is when the tests run, to the second, as certificates have it.
var now = time.Now().Truncate(time.Second)

// authority is made once, since RSA keys take their time.
var authority = sync.OnceValues(func() (*labca.CA, error) { return labca.New("redx test CA", labca.RSA, now) })

var publisher = sync.OnceValues(func() (*authenticode.Identity, error) {
	ca, err := authority()
	if err != nil {
		return nil, err
	}
	return ca.Publisher("redx test publisher", now)
})

func must[T any](t testing.TB) func(T, error) T {
	t.Helper()
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// unsigned is a cabinet of two folders.
func unsigned(t testing.TB) []byte {
	t.Helper()
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	return must[[]byte](t)(cab.Encode([]cab.File{
		cab.Bytes("update.mum", at, []byte(strings.Repeat("manifest ", 10000))), cab.Bytes(`a\b.dll`, at, []byte("library")),
	}, cab.Options{Method: cab.LZX, Folder: 1, SetID: 7}))
}

func sign(t testing.TB, id *authenticode.Identity, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := authenticode.SignCabinet(&out, bytes.NewReader(b), int64(len(b)), id); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func verify(b []byte, trust authenticode.Trust) (authenticode.Signer, error) {
	return authenticode.Verify(bytes.NewReader(b), int64(len(b)), trust)
}

func TestSignCabinet(t *testing.T) {
	for _, kind := range []labca.Kind{labca.RSA, labca.ECDSA} {
		ca := must[*labca.CA](t)(labca.New("CA", kind, now))
		id := must[*authenticode.Identity](t)(ca.Publisher("Müller & Co", now))
		got := sign(t, id, unsigned(t))
		if !bytes.Equal(got, sign(t, id, unsigned(t))) {
			t.Error("another signature the second time")
		}
		who, err := verify(got, authenticode.Trust{Roots: ca.Pool(), Now: now})
		if err != nil || who.Certificate().Subject.CommonName != "Müller & Co" || len(who.Chain) != 2 || !who.Stamped.IsZero() {
			t.Errorf("signer %v, %v", who, err)
		}
		c := must[*readcab.Cabinet](t)(readcab.Open(bytes.NewReader(got), int64(len(got))))
		var names []string
		for _, f := range c.Files() {
			names = append(names, f.Name)
		}
		if diff := cmp.Diff([]string{"update.mum", `a\b.dll`}, names); diff != "" {
			t.Error(diff)
		}
	}
}

// Microsoft signs the cabinets of its updates under another name than everybody else. The name of another kind of file is
// still refused.
func TestCabinetOfMicrosoft(t *testing.T) {
	ca, id := must[*labca.CA](t)(authority()), must[*authenticode.Identity](t)(publisher())
	b := unsigned(t)
	for _, program := range []bool{false, true} {
		var out bytes.Buffer
		if err := authenticode.SignCabinetAs(&out, bytes.NewReader(b), int64(len(b)), id, program); err != nil {
			t.Fatal(err)
		}
		who, err := verify(out.Bytes(), authenticode.Trust{Roots: ca.Pool(), Now: now})
		if (err != nil) != program || err == nil && !same(who, id) {
			t.Errorf("as a program: %v: signer %v, %v", program, who, err)
		}
	}
}

// TestEveryByte changes each byte of a signed cabinet in turn: none may be free.
func TestEveryByte(t *testing.T) {
	ca, id := must[*labca.CA](t)(authority()), must[*authenticode.Identity](t)(publisher())
	b := sign(t, id, unsigned(t))
	trust := authenticode.Trust{Roots: ca.Pool(), Now: now}
	for i := range b {
		b[i] ^= 0x20
		if who, err := verify(b, trust); err == nil && !same(who, id) {
			t.Errorf("byte %d changed, and signed by %v", i, who)
		} else if err == nil && i < int(binary.LittleEndian.Uint32(b[8:])) {
			t.Errorf("byte %d of the cabinet changed, and nobody minds", i)
		}
		b[i] ^= 0x20
	}
	for _, more := range [][]byte{{0}, make([]byte, 8), []byte("payload!")} {
		if _, err := verify(append(bytes.Clone(b), more...), trust); err == nil {
			t.Errorf("%d bytes behind the signature, and nobody minds", len(more))
		}
	}
	for n := range b {
		if _, err := verify(b[:n], trust); err == nil {
			t.Errorf("cut off at %d, and nobody minds", n)
		}
	}
}

// same compares what of a certificate is signed: crypto/x509 bears with bytes behind it.
func same(who authenticode.Signer, id *authenticode.Identity) bool {
	return bytes.Equal(who.Certificate().RawTBSCertificate, id.Chain[0].RawTBSCertificate)
}

func TestTrust(t *testing.T) {
	ca, id := must[*labca.CA](t)(authority()), must[*authenticode.Identity](t)(publisher())
	other := must[*labca.CA](t)(labca.New("other", labca.ECDSA, now))
	web := must[*authenticode.Identity](t)(ca.Issue("web", now, now.AddDate(1, 0, 0), x509.ExtKeyUsageServerAuth))
	all := must[*authenticode.Identity](t)(ca.Issue("all", now, now.AddDate(1, 0, 0)))
	b := unsigned(t)
	tests := []struct {
		name  string
		file  []byte
		trust authenticode.Trust
		want  string
	}{
		{"unsigned", b, authenticode.Trust{Roots: ca.Pool(), Now: now}, "not signed"},
		{"unknown root", sign(t, id, b), authenticode.Trust{Roots: other.Pool(), Now: now}, "unknown authority"},
		{"no roots", sign(t, id, b), authenticode.Trust{Now: now}, "no certificate is trusted"},
		{"expired", sign(t, id, b), authenticode.Trust{Roots: ca.Pool(), Now: now.AddDate(4, 0, 0)}, "expired"},
		{"not yet", sign(t, id, b), authenticode.Trust{Roots: ca.Pool(), Now: now.AddDate(-1, 0, 0)}, "not yet valid"},
		{"of a web server", sign(t, web, b), authenticode.Trust{Roots: ca.Pool(), Now: now}, "not for this use (code signing)"},
		{"of no use", sign(t, all, b), authenticode.Trust{Roots: ca.Pool(), Now: now}, "not for this use (code signing)"},
		{"a text", []byte("MSI, one would think"), authenticode.Trust{}, "no cabinet"},
	}
	for _, tt := range tests {
		if _, err := verify(tt.file, tt.trust); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	if _, err := verify(b, authenticode.Trust{}); !errors.Is(err, authenticode.ErrUnsigned) {
		t.Error(err)
	}
	if _, err := verify([]byte("text"), authenticode.Trust{}); !errors.Is(err, format.ErrNotThis) {
		t.Error(err)
	}
	// The publisher's own certificate may be the root.
	own := x509.NewCertPool()
	own.AddCert(id.Chain[0])
	if _, err := verify(sign(t, id, b), authenticode.Trust{Roots: own, Now: now}); err != nil {
		t.Error(err)
	}
}

func TestSignRefuses(t *testing.T) {
	id := must[*authenticode.Identity](t)(publisher())
	b := unsigned(t)
	signed := sign(t, id, b)
	set := bytes.Clone(b)
	set[30] = 1
	for name, file := range map[string][]byte{
		"signed already": signed, "something behind": append(bytes.Clone(b), 0), "cut off": b[:len(b)-1], "of a set": set, "tiny": b[:20],
	} {
		if err := authenticode.SignCabinet(&bytes.Buffer{}, bytes.NewReader(file), int64(len(file)), id); err == nil {
			t.Errorf("%s: signed", name)
		}
	}
	other := must[*authenticode.Identity](t)(must[*labca.CA](t)(authority()).Publisher("other", now))
	mixed := &authenticode.Identity{Key: other.Key, Chain: id.Chain}
	if err := authenticode.SignCabinet(&bytes.Buffer{}, bytes.NewReader(b), int64(len(b)), mixed); err == nil {
		t.Error("signed with a key that is not the certificate's")
	}
}

func TestPFX(t *testing.T) {
	for _, kind := range []labca.Kind{labca.RSA, labca.ECDSA} {
		ca := must[*labca.CA](t)(labca.New("CA", kind, now))
		id := must[*authenticode.Identity](t)(ca.Publisher("P", now))
		pfx := must[[]byte](t)(id.PFX("pässword"))
		got := must[*authenticode.Identity](t)(authenticode.ReadPFX(pfx, "pässword"))
		if len(got.Chain) != 2 || !got.Chain[0].Equal(id.Chain[0]) || !got.Chain[1].Equal(ca.Certificate) {
			t.Errorf("chain %v", got.Chain)
		}
		if _, err := authenticode.ReadPFX(pfx, "other"); err == nil {
			t.Error("read with a wrong password")
		}
		if _, err := authenticode.ReadPFX(pfx[:len(pfx)/2], "pässword"); err == nil {
			t.Error("read half of it")
		}
	}
}

// program is the least that is a PE file: headers, no sections, and some bytes.
func program(magic uint16, size int) []byte {
	b := make([]byte, size)
	le := binary.LittleEndian
	copy(b, "MZ")
	le.PutUint32(b[60:], 64)
	copy(b[64:], "PE\x00\x00")
	optional := 64 + 24
	directories := map[uint16]int{0x10b: 96, 0x20b: 112}[magic]
	le.PutUint16(b[64+20:], uint16(directories+16*8))
	le.PutUint16(b[optional:], magic)
	le.PutUint32(b[optional+directories-4:], 16)
	for i := optional + directories + 16*8; i < size; i++ {
		b[i] = byte(i)
	}
	return b
}

func TestProgramRefused(t *testing.T) {
	good := program(0x20b, 1024)
	change := func(at int, v byte) []byte {
		b := bytes.Clone(good)
		b[at] = v
		return b
	}
	for name, tt := range map[string]struct {
		file []byte
		want string
	}{
		"unsigned":       {good, "not signed"},
		"cut off":        {good[:100], "EOF"},
		"far header":     {change(63, 0x7f), "PE header at"},
		"no PE":          {change(64, 'N'), "no PE signature"},
		"other magic":    {change(64+24, 0x0c), "unknown kind"},
		"no directories": {change(64+24+108, 2), "no place for a signature"},
		"nowhere":        {change(64+24+112+4*8, 200), "not signed"},
		"far signature":  {append(change(64+24+112+4*8+4, 200)[:64+24+112+4*8], append([]byte{0, 4, 0, 0, 200}, good[64+24+112+4*8+5:]...)...), "and the file has 1024 bytes"},
	} {
		if _, err := verify(tt.file, authenticode.Trust{}); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzVerify(f *testing.F) {
	ca, id := must[*labca.CA](f)(authority()), must[*authenticode.Identity](f)(publisher())
	b := sign(f, id, unsigned(f))
	f.Add(b)
	f.Add(program(0x20b, 512))
	end := binary.LittleEndian.Uint32(b[8:])
	p := program(0x10b, 512)
	binary.LittleEndian.PutUint32(p[64+24+96+32:], 512)
	binary.LittleEndian.PutUint32(p[64+24+96+36:], uint32(len(b))-end+8)
	p = append(binary.LittleEndian.AppendUint32(p, uint32(len(b))-end+8), 0, 2, 2, 0)
	f.Add(append(p, b[end:]...))
	f.Add(must[[]byte](f)(ole.Encode([16]byte{1}, []ole.Entry{{Name: "\x05DigitalSignature", Content: b[end:]}, {Name: "\x05MsiDigitalSignatureEx", Content: make([]byte, 32)}})))
	trust := authenticode.Trust{Roots: ca.Pool(), Now: now}
	f.Fuzz(func(t *testing.T, file []byte) {
		who, err := verify(file, trust)
		if err == nil && !same(who, id) {
			t.Error("signed by someone else: " + fmt.Sprint(who))
		}
	})
}
