package xpress

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestTshark holds the encoder against a decoder that others wrote: Wireshark unpacks plain LZ77 within SMB2's compression
// transform (MS-SMB2 2.2.42), so each sample goes into such a message in a capture of its own.
func TestTshark(t *testing.T) {
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		t.Skip("install tshark to hold the encoder against Wireshark's decoder")
	}
	samples := map[string][]byte{
		"alphabet":  []byte(specification[0].plain),
		"abc":       []byte(specification[1].plain),
		"ids":       []byte(strings.Repeat("<int>1234</int><int>99</int>", 500)),
		"one byte":  bytes.Repeat([]byte{'z'}, BlockSize),
		"letters":   sample(5, 9000, 3),
		"noise":     sample(6, 400, 256),
		"flags end": sample(7, 64, 256),
	}
	for name, plain := range samples {
		t.Run(name, func(t *testing.T) {
			var c Compressor
			got := unpackWith(t, tshark, c.Compress(nil, plain), len(plain))
			if !bytes.Equal(got, plain) {
				t.Errorf("tshark unpacks %d bytes, want these %d", len(got), len(plain))
			}
		})
	}
}

func unpackWith(t *testing.T, tshark string, packed []byte, size int) []byte {
	t.Helper()
	file := filepath.Join(t.TempDir(), "smb2.pcap")
	if err := os.WriteFile(file, capture(packed, size), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(tshark, "-r", file, "-x", "-o", "smb2.verify_signatures:FALSE").Output()
	if err != nil {
		t.Fatalf("tshark: %v", err)
	}
	_, dump, found := strings.Cut(string(out), "Decomp. SMB3 (")
	if !found {
		t.Fatalf("tshark unpacked nothing:\n%s", out)
	}
	return undump(t, dump)
}

var dumpLine = regexp.MustCompile(`(?m)^([0-9a-f]{4})  ((?:[0-9a-f]{2} ){0,15}[0-9a-f]{2})`)

// undump reads the hex lines up to the next data source.
func undump(t *testing.T, dump string) []byte {
	t.Helper()
	var b []byte
	for _, m := range dumpLine.FindAllStringSubmatch(dump, -1) {
		at, err := strconv.ParseUint(m[1], 16, 16)
		if err != nil || int(at) != len(b) {
			break
		}
		line, err := hex.DecodeString(strings.ReplaceAll(m[2], " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		b = append(b, line...)
	}
	return b
}

// capture is a pcap file of one IPv4 packet to port 445. Its checksums are left at zero, which Wireshark takes as it is.
func capture(packed []byte, size int) []byte {
	msg := []byte("\xfcSMB")
	msg = binary.LittleEndian.AppendUint32(msg, uint32(size))
	msg = append(msg, 2, 0, 0, 0, 0, 0, 0, 0) // LZ77, no chain, nothing before it that is not compressed
	msg = append(msg, packed...)

	tcp := []byte{0xc0, 0, 445 >> 8, 445 & 255, 0, 0, 0, 1, 0, 0, 0, 1, 5 << 4, 0x18, 0xff, 0xff, 0, 0, 0, 0}
	tcp = append(tcp, 0, byte(len(msg)>>16), byte(len(msg)>>8), byte(len(msg)))
	tcp = append(tcp, msg...)

	ip := []byte{0x45, 0, byte((20 + len(tcp)) >> 8), byte(20 + len(tcp)), 0, 1, 0, 0, 64, 6, 0, 0, 127, 0, 0, 1, 127, 0, 0, 2}
	ip = append(ip, tcp...)

	var f []byte
	for _, v := range []uint32{0xa1b2c3d4, 4<<16 | 2, 0, 0, 1 << 17, 101, 0, 0, uint32(len(ip)), uint32(len(ip))} {
		f = binary.LittleEndian.AppendUint32(f, v)
	}
	return append(f, ip...)
}
