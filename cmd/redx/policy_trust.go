package main

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"encoding/pem"
	"fmt"
	"strings"

	"github.com/redx-update/redx/internal/publish"
)

// systemStores is where Windows keeps the certificates of the whole computer, below HKEY_LOCAL_MACHINE.
const systemStores = `SOFTWARE\Microsoft\SystemCertificates`

// certificateBlob is a certificate as the registry holds it: properties, each with its number, a one, its length and its
// data. The hash is number 3, the certificate itself number 32 (CERT_SHA1_HASH_PROP_ID, CERT_CERT_PROP_ID).
func certificateBlob(der []byte) []byte {
	sum := sha1.Sum(der)
	var b []byte
	for _, p := range []struct {
		number uint32
		data   []byte
	}{{3, sum[:]}, {32, der}} {
		for _, n := range []uint32{p.number, 1, uint32(len(p.data))} {
			b = binary.LittleEndian.AppendUint32(b, n)
		}
		b = append(b, p.data...)
	}
	return b
}

// thumbprint is a certificate's name in the registry, and what Windows shows of it.
func thumbprint(t publish.Trusted) string { return fmt.Sprintf("%X", sha1.Sum(t.Certificate.Raw)) }

// regStores gives the certificates as keys of a .reg file.
func regStores(all []publish.Trusted) string {
	var b strings.Builder
	for _, t := range all {
		fmt.Fprintf(&b, "\r\n; %s\r\n[HKEY_LOCAL_MACHINE\\%s\\%s\\Certificates\\%s]\r\n", comment(t), systemStores, t.Store, thumbprint(t))
		b.WriteString(`"Blob"=hex:`)
		blob := certificateBlob(t.Certificate.Raw)
		for i, v := range blob {
			switch {
			case i > 0 && i%25 == 0:
				fmt.Fprintf(&b, ",\\\r\n  %02x", v)
			case i > 0:
				fmt.Fprintf(&b, ",%02x", v)
			default:
				fmt.Fprintf(&b, "%02x", v)
			}
		}
		b.WriteString("\r\n")
	}
	return b.String()
}

// comment says whose certificate it is, in one line whatever is in the name.
func comment(t publish.Trusted) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0x2028 || r == 0x2029 {
			return ' '
		}
		return r
	}, t.Certificate.Subject.String())
}

// powerShellStores gives the certificates as commands.
func powerShellStores(all []publish.Trusted) string {
	var b strings.Builder
	for _, t := range all {
		fmt.Fprintf(&b, "# %s\r\n$file = [IO.Path]::GetTempFileName()\r\n", comment(t))
		fmt.Fprintf(&b, "[IO.File]::WriteAllBytes($file, [Convert]::FromBase64String('%s'))\r\n", base64.StdEncoding.EncodeToString(t.Certificate.Raw))
		fmt.Fprintf(&b, "Import-Certificate -FilePath $file -CertStoreLocation 'Cert:\\LocalMachine\\%s' | Out-Null\r\nRemove-Item $file\r\n", t.Store)
	}
	return b.String()
}

// editorStores are the stores' names in the group policy editor.
var editorStores = map[string]string{publish.TrustedPublisher: "Trusted Publishers", publish.Root: "Trusted Root Certification Authorities"}

// policyStores says where to import the certificates, and gives them to be saved as files.
func policyStores(all []publish.Trusted) string {
	if len(all) == 0 {
		return ""
	}
	var b bytes.Buffer
	b.WriteString("\r\nComputer Configuration > Windows Settings > Security Settings > Public Key Policies: import\r\n")
	for _, t := range all {
		fmt.Fprintf(&b, "\r\n  into %s: %s, thumbprint %s\r\n", editorStores[t.Store], comment(t), thumbprint(t))
		text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: t.Certificate.Raw})
		b.Write(bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n")))
	}
	return b.String()
}
