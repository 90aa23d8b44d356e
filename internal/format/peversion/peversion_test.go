package peversion_test

import (
	"bytes"
	"debug/pe"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/redx-update/redx/internal/format"
	"github.com/redx-update/redx/internal/format/peversion"
)

// program makes a program of one section, which holds the resources at its begin.
func program(t testing.TB, resources []byte) []byte {
	t.Helper()
	const at, rva = 0x200, 0x1000
	var b bytes.Buffer
	put := func(parts ...any) {
		for _, p := range parts {
			if err := binary.Write(&b, binary.LittleEndian, p); err != nil {
				t.Fatal(err)
			}
		}
	}
	dos := make([]byte, 64)
	copy(dos, "MZ")
	dos[0x3c] = 64
	opt := pe.OptionalHeader64{Magic: 0x20b, NumberOfRvaAndSizes: 16}
	opt.DataDirectory[2] = pe.DataDirectory{VirtualAddress: rva, Size: uint32(len(resources))}
	section := pe.SectionHeader32{
		VirtualSize: uint32(len(resources)), VirtualAddress: rva, SizeOfRawData: uint32(len(resources)), PointerToRawData: at,
	}
	copy(section.Name[:], ".rsrc")
	head := pe.FileHeader{Machine: pe.IMAGE_FILE_MACHINE_AMD64, NumberOfSections: 1, SizeOfOptionalHeader: uint16(binary.Size(opt))}
	put(dos, []byte("PE\x00\x00"), head, opt, section)
	b.Write(make([]byte, at-b.Len()))
	b.Write(resources)
	return b.Bytes()
}

// folder is a resource folder of one entry.
func folder(id, to uint32) []byte {
	b := make([]byte, 24)
	b[14] = 1
	binary.LittleEndian.PutUint32(b[16:], id)
	binary.LittleEndian.PutUint32(b[20:], to)
	return b
}

// version is a version resource in its three folders.
func version(kind uint32, high, low uint32) []byte {
	const sub = 1 << 31
	b := append(folder(kind, 24|sub), folder(1, 48|sub)...)
	b = append(b, folder(1033, 72)...)
	data := make([]byte, 16)
	binary.LittleEndian.PutUint32(data, 0x1000+88)
	binary.LittleEndian.PutUint32(data[4:], 92)
	info := make([]byte, 92)
	binary.LittleEndian.PutUint32(info[40:], 0xFEEF04BD)
	binary.LittleEndian.PutUint32(info[48:], high)
	binary.LittleEndian.PutUint32(info[52:], low)
	return append(append(b, data...), info...)
}

func TestRead(t *testing.T) {
	got, err := peversion.Read(bytes.NewReader(program(t, version(16, 10<<16, 19041<<16|3636))))
	if want := (peversion.Version{10, 0, 19041, 3636}); err != nil || got != want {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}

func TestReadRefuses(t *testing.T) {
	whole := program(t, version(16, 1, 1))
	loop := version(16, 1, 1)
	binary.LittleEndian.PutUint32(loop[68:], 0|1<<31) // the language leads back to the top
	for name, test := range map[string]struct {
		file []byte
		want error
	}{
		"no program":          {[]byte("MZ and nothing else"), format.ErrNotThis},
		"no version":          {program(t, version(3, 1, 1)), fs.ErrNotExist},
		"folders in a circle": {program(t, loop), nil},
		"cut off":             {whole[:len(whole)-80], nil},
	} {
		_, err := peversion.Read(bytes.NewReader(test.file))
		if err == nil || test.want != nil && !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want an error, %v", name, err, test.want)
		}
	}
}

// TestReadForeign reads what a foreign compiler of resources has made.
func TestReadForeign(t *testing.T) {
	windres, err1 := exec.LookPath("x86_64-w64-mingw32-windres")
	gcc, err2 := exec.LookPath("x86_64-w64-mingw32-gcc")
	if err := errors.Join(err1, err2); err != nil {
		t.Skipf("for a library that a foreign compiler makes: apt-get install gcc-mingw-w64-x86-64 (%v)", err)
	}
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	const rc = "1 VERSIONINFO\nFILEVERSION 6,3,9600,17415\nPRODUCTVERSION 1,2,3,4\nBEGIN\nEND\n2 RCDATA\nBEGIN\n\"other\"\nEND\n"
	if err := os.WriteFile(file("v.rc"), []byte(rc), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{windres, file("v.rc"), file("v.o")}, {gcc, "-shared", "-nostdlib", "-o", file("v.dll"), file("v.o")},
	} {
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
	f, err := os.Open(file("v.dll"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	got, err := peversion.Read(f)
	if want := (peversion.Version{6, 3, 9600, 17415}); err != nil || got != want {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(program(f, version(16, 1, 2)))
	f.Add(program(f, version(3, 1, 2)))
	f.Fuzz(func(_ *testing.T, file []byte) {
		_, _ = peversion.Read(bytes.NewReader(file)) // must not panic, loop or fill memory
	})
}

// TestReadRelocations has sections that all have the same relocations, more of them than the file has bytes.
func TestReadRelocations(t *testing.T) {
	const sections, relocations = 200, 65535
	one := program(t, version(16, 1, 2))
	head := 64 + 24 + binary.Size(pe.OptionalHeader64{})
	b := append(bytes.Clone(one[:head]), make([]byte, sections*40+relocations*10)...)
	binary.LittleEndian.PutUint16(b[64+6:], sections)
	for i := range sections {
		s := b[head+40*i:]
		binary.LittleEndian.PutUint32(s[24:], uint32(head+sections*40))
		binary.LittleEndian.PutUint16(s[32:], relocations)
	}
	copy(b[head:], one[head:head+24]) // the first has the resources, further behind
	binary.LittleEndian.PutUint32(b[head+20:], uint32(len(b)))
	b = append(b, one[0x200:]...)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	got, err := peversion.Read(bytes.NewReader(b))
	runtime.ReadMemStats(&after)
	if want := (peversion.Version{0, 1, 0, 2}); err != nil || got != want {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	if took := after.TotalAlloc - before.TotalAlloc; took > 8<<20 {
		t.Errorf("%d MB were allocated for a file of %d KB", took>>20, len(b)>>10)
	}
}
