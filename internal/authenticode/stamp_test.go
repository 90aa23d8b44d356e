package authenticode_test

import (
	"bytes"
	"crypto/x509"
	"encoding/binary"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redx-update/redx/internal/authenticode"
	"github.com/redx-update/redx/internal/labca"
	"github.com/redx-update/redx/internal/testdata"
)

// TestTimestamp has another program sign with a certificate that is valid for a day, and stamp the time.
func TestTimestamp(t *testing.T) {
	tool := testdata.Tool(t, "osslsigncode")
	ca := must[*labca.CA](t)(authority())
	dir := t.TempDir()
	short := must[*authenticode.Identity](t)(ca.Issue("short", now, now.AddDate(0, 0, 1), x509.ExtKeyUsageCodeSigning))
	clock := must[*authenticode.Identity](t)(ca.Issue("clock", now, now.AddDate(1, 0, 0), x509.ExtKeyUsageTimeStamping))
	key := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: must[[]byte](t)(x509.MarshalPKCS8PrivateKey(clock.Key))})
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: clock.Chain[0].Raw})
	out := filepath.Join(dir, "signed.cab")
	said, err := run(t, tool, "sign", "-pkcs12", write(t, dir, "id.pfx", must[[]byte](t)(short.PFX("secret"))), "-pass", "secret",
		"-TSA-certs", write(t, dir, "clock.pem", certificate), "-TSA-key", write(t, dir, "clock.key", key),
		"-in", write(t, dir, "a.cab", unsigned(t)), "-out", out)
	if err != nil {
		t.Fatal(err, said)
	}
	b := must[[]byte](t)(os.ReadFile(out))
	later := now.AddDate(2, 0, 0)
	who, err := verify(b, authenticode.Trust{Roots: ca.Pool(), Now: later})
	if err != nil || who.Stamped.Before(now.Add(-time.Minute)) || who.Stamped.After(time.Now().Add(time.Minute)) {
		t.Errorf("stamped %v, %v", who.Stamped, err)
	}
	other := must[*labca.CA](t)(labca.New("other", labca.ECDSA, now))
	_, err = verify(b, authenticode.Trust{Roots: ca.Pool(), Timestamps: other.Pool(), Now: later})
	if err == nil || !strings.Contains(err.Error(), "expired") || !strings.Contains(err.Error(), "its timestamp does not hold") {
		t.Error(err)
	}
	if _, err := verify(b, authenticode.Trust{Roots: ca.Pool(), Timestamps: other.Pool(), Now: now}); err != nil {
		t.Error("a timestamp that does not hold does no harm while the certificate is valid:", err)
	}
}

// TestCounterSignature adds the older kind of timestamp to a signature of a certificate that is valid for a day.
func TestCounterSignature(t *testing.T) {
	ca := must[*labca.CA](t)(authority())
	short := must[*authenticode.Identity](t)(ca.Issue("short", now, now.AddDate(0, 0, 1), x509.ExtKeyUsageCodeSigning))
	clock := must[*authenticode.Identity](t)(ca.Issue("clock", now, now.AddDate(1, 0, 0), x509.ExtKeyUsageTimeStamping))
	plain := sign(t, short, unsigned(t))
	end := binary.LittleEndian.Uint32(plain[8:])
	der := plain[end:]
	der = der[:4+int(binary.BigEndian.Uint16(der[2:]))] // without what fills it up
	trust := authenticode.Trust{Roots: ca.Pool(), Now: now.AddDate(2, 0, 0)}
	for _, tt := range []struct {
		name string
		who  *authenticode.Identity
		at   time.Time
		want string
	}{
		{"in time", clock, now.Add(time.Hour), ""},
		{"too late", clock, now.AddDate(0, 0, 2), "expired"},
		{"by someone who stamps nothing", short, now.Add(time.Hour), "its timestamp does not hold"},
	} {
		stamped := must[[]byte](t)(authenticode.CounterSign(der, tt.who, tt.at))
		stamped = append(stamped, make([]byte, -len(stamped)&7)...)
		b := append(bytes.Clone(plain[:end]), stamped...)
		binary.LittleEndian.PutUint32(b[48:], uint32(len(stamped)))
		who, err := verify(b, trust)
		switch {
		case tt.want == "" && (err != nil || !who.Stamped.Equal(tt.at)):
			t.Errorf("%s: %v, %v", tt.name, who.Stamped, err)
		case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}
