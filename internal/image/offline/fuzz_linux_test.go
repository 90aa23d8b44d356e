package offline

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/redx-update/redx/internal/image"
	"github.com/redx-update/redx/internal/image/imagetest"
	"github.com/redx-update/redx/internal/testdata"
)

// smallVolume makes a volume of 2 MB with what NTFS has of structures: a folder with index blocks, a file in many
// runs, one with an attribute list, a compressed one where ntfs-3g can mount here.
func smallVolume(f *testing.F) []byte {
	f.Helper()
	path, dir := filepath.Join(f.TempDir(), "v.img"), f.TempDir()
	if err := os.WriteFile(path, make([]byte, 2<<20), 0o644); err != nil {
		f.Fatal(err)
	}
	run := func(name string, args ...string) error {
		out, err := exec.Command(testdata.Tool(f, name), args...).CombinedOutput()
		if err != nil {
			return fmt.Errorf("%s: %w: %s", name, err, out)
		}
		return nil
	}
	if err := run("mkntfs", "-F", "-Q", "-q", "-s", "512", "-c", "512", "-p", "0", "-H", "16", "-S", "63", path); err != nil {
		f.Fatal(err)
	}
	if err := run("ntfs-3g", path, dir); err != nil {
		f.Skipf("mounting a volume with ntfs-3g is not possible here: %v", err)
	}
	files := map[string]string{`Windows\System32\config\SYSTEM`: "regf", `Windows\Logs\CBS\CBS.log`: strings.Repeat("line\n", 2000)}
	for i := range 60 {
		files[fmt.Sprintf(`Windows\many\a rather long name of a file %d`, i)] = "x"
	}
	imagetest.WriteTree(f, dir, files)
	scatter(f, filepath.Join(dir, "Windows"))
	if err := run("fusermount", "-u", dir); err != nil {
		f.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	return b
}

// scatter writes two files in turn, so that each takes many runs, more than one record has room for: ntfs-3g finds
// the room for each write when it is made.
func scatter(t testing.TB, dir string) {
	t.Helper()
	var files [2]*os.File
	for i := range files {
		f, err := os.Create(filepath.Join(dir, fmt.Sprintf("scattered%d.log", i)))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		files[i] = f
	}
	for i := range 600 {
		if _, err := files[i%2].Write(bytes.Repeat([]byte{byte(i)}, 1024)); err != nil {
			t.Fatal(err)
		}
	}
}

// patched applies patches of 5 bytes to a volume: which of its sectors that hold something, where in it, a value.
func patched(volume []byte, sectors []int, patches []byte) []byte {
	out := bytes.Clone(volume)
	for ; len(patches) >= 5; patches = patches[5:] {
		sector := sectors[int(binary.LittleEndian.Uint16(patches))%len(sectors)]
		out[sector*512+int(binary.LittleEndian.Uint16(patches[2:]))%512] = patches[4]
	}
	return out
}

func usedSectors(volume []byte) (used []int) {
	zero := make([]byte, 512)
	for i := range len(volume) / 512 {
		if !bytes.Equal(volume[i*512:(i+1)*512], zero) {
			used = append(used, i)
		}
	}
	return used
}

// FuzzNTFS damages a volume in a few places, and lists and reads all of it.
func FuzzNTFS(f *testing.F) {
	volume := smallVolume(f)
	sectors := usedSectors(volume)
	if count, size := walkVolume(volume); count != 60+10 || size != 60+4+10_000+600*1024 {
		f.Fatalf("the whole volume: %d files, %d bytes", count, size)
	}
	f.Add([]byte{})
	f.Add([]byte{0, 0, 13, 0, 255, 40, 0, 64, 0, 255})
	for i := range 200 { // each of the first records of the master file table, damaged in several places
		f.Add([]byte{byte(i), 0, byte(i * 7), 0, 255, byte(i), 0, 34, 0, 63, byte(i), 0, byte(i * 3), 1, byte(i)})
	}
	f.Fuzz(func(t *testing.T, patches []byte) {
		start := time.Now()
		walkVolume(patched(volume, sectors, patches))
		if d := time.Since(start); d > 20*time.Second {
			t.Errorf("took %v", d)
		}
		var m runtime.MemStats
		if runtime.ReadMemStats(&m); m.HeapSys > 512<<20 {
			t.Errorf("the heap grew to %d MB", m.HeapSys>>20)
		}
	})
}

// walkVolume gives how many files it met and how many bytes it read of them.
func walkVolume(volume []byte) (count int, size int64) {
	v, err := openNTFS(bytes.NewReader(volume), io.NopCloser(nil))
	if err != nil {
		return 0, 0
	}
	for e, err := range image.Walk(v, "") {
		if count++; count > 300 {
			return count, size
		}
		if err != nil || e.Dir {
			continue
		}
		if file, err := v.Open(e.Path); err == nil {
			n, _ := io.CopyN(io.Discard, file, 1<<20) // damage is expected
			size += n
		}
	}
	return count, size
}
