package xpress

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// The examples of MS-XCA 3.1: what is compressed there must come out of this encoder too, byte for byte.
var specification = []struct{ name, plain, packed string }{
	{"alphabet", "abcdefghijklmnopqrstuvwxyz", "3f000000" + hex.EncodeToString([]byte("abcdefghijklmnopqrstuvwxyz"))},
	{"hundred times abc", strings.Repeat("abc", 100), "ffffff1f61626317000fff2601"},
}

func TestSpecification(t *testing.T) {
	var c Compressor
	for _, tt := range specification {
		t.Run(tt.name, func(t *testing.T) {
			if got := hex.EncodeToString(c.Compress(nil, []byte(tt.plain))); got != tt.packed {
				t.Errorf("Compress = %s, want %s", got, tt.packed)
			}
			packed, err := hex.DecodeString(tt.packed)
			if err != nil {
				t.Fatal(err)
			}
			got, err := Decompress(nil, packed, len(tt.plain))
			if err != nil || string(got) != tt.plain {
				t.Errorf("Decompress = %q, %v", got, err)
			}
		})
	}
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := sample(rapid.Uint64().Draw(t, "seed"), rapid.IntRange(0, 3*BlockSize).Draw(t, "size"), rapid.IntRange(1, 256).Draw(t, "letters"))
		checkRoundTrip(t, in)
	})
}

// TestLengths crosses every border of the forms in which a length is written, with the shared half bytes odd and even.
func TestLengths(t *testing.T) {
	for _, n := range []int{3, 8, 9, 10, 11, 23, 24, 25, 26, 278, 279, 280, 281, 282, 5000, BlockSize - 2, MaxBlock - 1} {
		one := append([]byte("x"), bytes.Repeat([]byte("y"), n)...)
		var c Compressor
		got, err := Decompress(nil, c.Compress(nil, one), len(one))
		if err != nil || !bytes.Equal(got, one) {
			t.Errorf("length %d: %v", n, err)
		}
		checkRoundTrip(t, append(one, one...))
	}
}

func TestIncompressibleIsStored(t *testing.T) {
	in := sample(1, BlockSize+10, 256)
	var c Compressor
	out := c.Encode(nil, in)
	if len(out) != len(in)+2*headerSize {
		t.Errorf("%d bytes became %d, want two headers more", len(in), len(out))
	}
	if !bytes.Equal(out[headerSize:headerSize+BlockSize], in[:BlockSize]) {
		t.Error("the first block is not stored")
	}
	checkRoundTrip(t, in)
}

func TestDecodeRefuses(t *testing.T) {
	tests := []struct {
		name   string
		in     string
		limit  int
		offset int // of the FormatError; -1: ErrTooLarge
	}{
		{"half a header", "05000000", 100, 0},
		{"a block above 65535", "0000010001000000" + "00", 1 << 20, 0},
		{"a negative size", "05000000ffffffff", 100, 0},
		{"a cut block", "0500000005000000" + "6162", 100, 0},
		{"more than the limit", "0500000005000000" + "6162636465", 4, -1},
		{"a block that is shorter than it says", "0500000006000000" + "ffffff3f" + "6162", 100, 14},
		{"a block that is longer than it says", "0200000007000000" + "ffffff1f" + "616263", 100, -1},
		{"a match before the start", "0300000006000000" + "ffffffff" + "0000", 100, 14},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in, err := hex.DecodeString(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			_, err = Decode(in, tt.limit)
			if tt.offset < 0 {
				if !errors.Is(err, ErrTooLarge) {
					t.Errorf("error %v, want ErrTooLarge", err)
				}
				return
			}
			var f *FormatError
			if !errors.As(err, &f) || f.Offset != tt.offset {
				t.Errorf("error %v, want one at offset %d", err, tt.offset)
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	var c Compressor
	for _, tt := range specification {
		f.Add(c.Encode(nil, []byte(tt.plain)))
	}
	f.Add(c.Encode(nil, sample(3, 2*BlockSize, 3)))
	f.Fuzz(func(t *testing.T, in []byte) {
		const limit = 1 << 20
		out, err := Decode(in, limit)
		if len(out) > limit {
			t.Fatalf("%d bytes", len(out))
		}
		if err == nil {
			checkRoundTrip(t, out)
		}
	})
}

func FuzzRoundTrip(f *testing.F) {
	f.Add([]byte(strings.Repeat("<int>1234</int>", 40)))
	f.Add(sample(4, 3000, 2))
	f.Fuzz(func(t *testing.T, in []byte) { checkRoundTrip(t, in) })
}

func BenchmarkEncode(b *testing.B) {
	in := []byte(strings.Repeat(`<UpdateInfo><ID>10</ID><IsLeaf>false</IsLeaf><Xml>&lt;UpdateIdentity</Xml></UpdateInfo>`, 2000))
	for i := range in {
		if in[i] == '1' {
			in[i] = byte('0' + i%7)
		}
	}
	var c Compressor
	var out []byte
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		out = c.Encode(out[:0], in)
	}
}

type fataler interface {
	Fatalf(format string, args ...any)
}

func checkRoundTrip(t fataler, in []byte) {
	var c Compressor
	packed := c.Encode(nil, in)
	if blocks := (len(in) + BlockSize - 1) / BlockSize; len(packed) > len(in)+blocks*headerSize {
		t.Fatalf("%d bytes grew to %d", len(in), len(packed))
	}
	got, err := Decode(packed, len(in))
	if err != nil || !bytes.Equal(got, in) {
		t.Fatalf("%d bytes did not come back: %v", len(in), err)
	}
}

// sample makes bytes out of few letters, so that they repeat.
func sample(seed uint64, size, letters int) []byte {
	r := rand.New(rand.NewPCG(seed, 7))
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(r.IntN(letters))
	}
	return b
}
