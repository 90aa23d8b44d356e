package cab

import (
	"bytes"
	"encoding/binary"
	"testing"
)

// rawBlock is an uncompressed block as the first of a stream: no x86 code, its kind, its length, three distances.
func rawBlock(content []byte) []byte {
	n := uint32(len(content))
	word := 3<<28 | n<<4 // 1 bit, 3 bits, 24 bits, and 4 of filling
	b := binary.LittleEndian.AppendUint16(nil, uint16(word>>16))
	b = binary.LittleEndian.AppendUint16(b, uint16(word))
	b = append(b, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0)
	return append(b, content...)
}

// TestLZXRawOverFrames reads an uncompressed block of odd length that spans two frames.
func TestLZXRawOverFrames(t *testing.T) {
	content := bytes.Repeat([]byte("0123456"), 5000)[:frameSize+7]
	d, err := newLZX(15)
	if err != nil {
		t.Fatal(err)
	}
	packed := append(rawBlock(content), 0)
	cut := len(packed) - 8
	first, err := d.decode(packed[:cut], frameSize)
	if err != nil || !bytes.Equal(first, content[:frameSize]) {
		t.Fatalf("first frame: %v", err)
	}
	second, err := d.decode(packed[cut:], 7)
	if err != nil || !bytes.Equal(second, content[frameSize:]) {
		t.Fatalf("second frame: %q %v", second, err)
	}
	if _, err := d.decode(packed, 7); err == nil {
		t.Error("a frame behind the last one: no error")
	}
}

func TestUndoCalls(t *testing.T) {
	call := func(target int32) []byte {
		b := make([]byte, 30)
		b[4] = 0xe8
		binary.LittleEndian.PutUint32(b[5:], uint32(target))
		return b
	}
	for _, tt := range []struct{ stored, want int32 }{
		{500, 500 - 104},   // an absolute target
		{0, -104},          // that of the file's first byte
		{-104, -104 + 900}, // a negative one, as far as it was made absolute
		{-105, -105},       // neither
		{900, 900},         // behind the end of the file
	} {
		b := call(tt.stored)
		undoCalls(b, 100, 900)
		if got := int32(binary.LittleEndian.Uint32(b[5:])); got != tt.want {
			t.Errorf("%d became %d, want %d", tt.stored, got, tt.want)
		}
	}
	late := make([]byte, 30)
	late[20] = 0xe8
	want := bytes.Clone(late)
	if undoCalls(late, 100, 900); !bytes.Equal(late, want) {
		t.Error("a call in the last 10 bytes was changed")
	}
}

func TestHuffmanRefuses(t *testing.T) {
	h := newHuffman(4)
	copy(h.lens, []uint8{1, 1, 1, 0})
	if h.build() == nil {
		t.Error("a code that uses a pattern twice: no error")
	}
	copy(h.lens, []uint8{2, 0, 0, 0})
	if err := h.build(); err != nil {
		t.Errorf("a code with unused patterns: %v", err)
	}
	var in bits
	in.reset([]byte{0xff, 0xff})
	in.fill()
	if _, err := h.next(&in); err == nil {
		t.Error("an unused pattern: no error")
	}
}
