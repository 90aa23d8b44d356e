package hive_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redx-update/redx/internal/format/hive"
	"github.com/redx-update/redx/internal/format/hive/marvin"
	"github.com/redx-update/redx/internal/registry"
	"github.com/redx-update/redx/internal/testdata"
	writer "github.com/redx-update/redx/internal/write/hive"
)

// written gives small hives: two states and all kinds of lists.
func written(t testing.TB) [][]byte {
	t.Helper()
	var out [][]byte
	for _, opt := range []writer.Options{{}, {Minor: 3}, {List: "li"}} {
		root := &writer.Key{Name: "ROOT"}
		root.Sub(`a\b\c`).SZ("text", "hello").DWord("n", 7).MultiSZ("list", "a", "b")
		for range 2 {
			b, err := writer.Encode(root, opt)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, b)
			root.Sub(`a\Ключ`).SZ("", "default").Set("big", registry.Binary, bytes.Repeat([]byte{1, 2, 3}, 6000))
			for i := range 600 {
				root.Sub(`many\` + strings.Repeat("k", i%20+1) + string(rune('a'+i/20)))
			}
		}
	}
	return out
}

// fuzzWalk visits a bounded part of a hive, as nobody visits all of a hostile one.
func fuzzWalk(t *testing.T, k registry.Key, left *int, depth int) {
	if *left--; *left < 0 {
		return
	}
	if depth > 1100 {
		t.Fatal("a walk deeper than any hive")
	}
	k.LastWrite()
	for v := range k.Values() {
		if *left -= 1 + len(v.Data)>>10; *left < 0 {
			return
		}
		_ = v.String()
		v.Strings()
		v.Uint64()
	}
	for sub, err := range k.Subkeys() {
		if *left--; *left < 0 {
			return
		}
		if err == nil {
			fuzzWalk(t, sub, left, depth+1)
		}
	}
}

func fuzzHive(t *testing.T, h *hive.Hive) {
	left := 20000
	fuzzWalk(t, h.Root(), &left, 0)
	_, _ = h.Root().Open(`a\b\c`)
	if k, err := h.Root().Open(`Select`); err == nil {
		_, _ = k.Value("Current")
	}
	_ = h.Info().Note()
}

func FuzzOpen(f *testing.F) {
	for _, b := range written(f) {
		f.Add(b)
	}
	for _, b := range realHives(f) {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := hive.Open(bytes.NewReader(b), int64(len(b)))
		if err == nil {
			fuzzHive(t, h)
		}
	})
}

// FuzzLog recovers a hive from two logs. The logs' checksums and hashes are put right first, or nothing that was
// changed in them would ever be applied.
func FuzzLog(f *testing.F) {
	w := written(f)
	for i := 0; i < len(w); i += 2 {
		dirty := writer.MarkDirty(w[i])
		f.Add(dirty, writer.NewLog(2, w[i], w[i+1]), writer.NewLog(3, w[i+1], w[i]))
		f.Add(dirty, writer.OldLog(w[i], w[i+1]), []byte{})
	}
	for _, b := range realHives(f) {
		f.Add(b, writer.NewLog(2, b, b, w[1]), []byte{})
	}
	f.Fuzz(func(t *testing.T, b, one, two []byte) {
		one, two = mended(one), mended(two)
		h, err := hive.Open(bytes.NewReader(b), int64(len(b)), log(one), log(two))
		if err == nil {
			fuzzHive(t, h)
		}
	})
}

// mended gives a log with right checksums and hashes.
func mended(b []byte) []byte {
	if len(b) < 512 {
		return b
	}
	b = bytes.Clone(b)
	le := binary.LittleEndian
	var sum uint32
	for i := 0; i < 508; i += 4 {
		sum ^= le.Uint32(b[i:])
	}
	le.PutUint32(b[508:], sum)
	for off := 512; off+40 <= len(b); {
		size := int(le.Uint32(b[off+4:]))
		if size < 512 || size > len(b)-off {
			break
		}
		le.PutUint64(b[off+24:], marvin.Sum(b[off+40:off+size]))
		le.PutUint64(b[off+32:], marvin.Sum(b[off:off+32]))
		off += size
	}
	return b
}

// realHives gives the beginnings of the real hives: whole ones are too large to fuzz.
func realHives(f *testing.F) [][]byte {
	root := os.Getenv(testdata.Env)
	if root == "" {
		return nil
	}
	var out [][]byte
	for _, name := range []string{"SYSTEM_B.xz", "SYSTEM_WIN_10_1709.xz"} {
		b, err := exec.Command("xz", "-dc", filepath.Join(root, "windows/hives", name)).Output()
		if err != nil {
			f.Log(err)
			continue
		}
		out = append(out, b[:min(len(b), 32<<10)])
	}
	return out
}
