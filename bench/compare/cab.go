package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	peer "github.com/secDre4mer/go-cab"

	"github.com/redx-update/redx/internal/format/cab"
	write "github.com/redx-update/redx/internal/write/cab"
)

// compareCabReal unpacks a small cabinet of Windows' own packer to files. go-cab is timed without writing them; it
// unpacks the folder again for every file.
func compareCabReal(o options, dir string) ([]row, error) {
	path, err := sample(dir, "windows/cab/lzx.cab")
	if err != nil {
		return nil, err
	}
	const what = "LZX, lzx.cab, unpacked to files"
	rows, size, err := compareCab(o, dir, what, path)
	if err != nil {
		return rows, err
	}
	t, err := alternate(o.pairs, self("redx cab", path, size), self("go-cab", path, size))
	if err != nil {
		return rows, err
	}
	return append(rows, speedRow(what, goal{}, t[0], t[1], "").counted(t[0], t[1], "files")), nil
}

func compareCabMade(o options, dir string) ([]row, error) {
	path := filepath.Join(dir, "made.cab")
	if err := makeCab(path, 1000); err != nil {
		return nil, err
	}
	rows, _, err := compareCab(o, dir, "LZX, made, unpacked to files", path)
	return rows, err
}

func compareCab(o options, dir, what, path string) ([]row, int64, error) {
	size, err := unpackedSize(path)
	if err != nil {
		return nil, 0, err
	}
	theirs, err := tool("cabextract", size, nil, "-q", "-d", filepath.Join(dir, "theirs"), path)
	if err != nil {
		return nil, size, err
	}
	t, err := alternate(o.pairs, self("redx cab", path, size), theirs)
	if err != nil {
		return nil, size, err
	}
	if t[1].Count, err = countFiles(filepath.Join(dir, "theirs")); err != nil {
		return nil, size, err
	}
	r := speedRow(fmt.Sprintf("%s, %s", what, megabytes(size)), within(3), t[0], t[1], "Huffman codes one by one, copying matches, writing files")
	return []row{r.counted(t[0], t[1], "files")}, size, nil
}

func countFiles(dir string) (n int, err error) {
	err = filepath.WalkDir(dir, func(_ string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			n++
		}
		return err
	})
	return n, err
}

func unpackedSize(path string) (sum int64, err error) {
	f, size, err := open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	c, err := cab.Open(f, size)
	if err != nil {
		return 0, err
	}
	for _, file := range c.Files() {
		sum += file.Size
	}
	return sum, nil
}

// unpackCab writes the files into a temporary folder, never beside the cabinet, which may be a shared sample.
func unpackCab(path string) (f figures, err error) {
	file, size, err := open(path)
	if err != nil {
		return f, err
	}
	defer file.Close()
	c, err := cab.Open(file, size)
	if err != nil {
		return f, err
	}
	dir, err := os.MkdirTemp("", "redx-bench-cab-")
	if err != nil {
		return f, err
	}
	defer os.RemoveAll(dir)
	err = c.Each(func(file cab.File, r io.Reader) error {
		f.Count++
		out, err := os.Create(filepath.Join(dir, filepath.Base(file.Name)))
		if err != nil {
			return err
		}
		_, err = io.Copy(out, r)
		if closeErr := out.Close(); err == nil {
			err = closeErr
		}
		return err
	})
	return f, err
}

func goCab(path string) (f figures, err error) {
	file, size, err := open(path)
	if err != nil {
		return f, err
	}
	defer file.Close()
	c, err := peer.Open(file, size)
	if err != nil {
		return f, err
	}
	for _, file := range c.Files {
		r, err := file.Open()
		if err != nil {
			return f, err
		}
		if _, err := io.Copy(io.Discard, r); err != nil {
			return f, err
		}
		f.Count++
	}
	return f, nil
}

// makeCab packs logs and binary tables of 64 KB each in one folder, with a window of 2 MB.
func makeCab(path string, n int) error {
	rnd := rand.New(rand.NewPCG(3, 4))
	files := make([]write.File, 0, n)
	for i := range n {
		var text []byte
		for len(text) < 64<<10 {
			if i%2 == 0 {
				text = fmt.Appendf(text, "2026-03-%02d 08:%02d:%02d, Info  CBS  Package_%d_for_KB%d~31bf3856ad364e35~amd64~~1.%d\r\n",
					rnd.IntN(28)+1, rnd.IntN(60), rnd.IntN(60), rnd.IntN(500), 5000000+rnd.IntN(9000), rnd.IntN(100))
			} else {
				text = append(text, byte(rnd.IntN(256)), byte(rnd.IntN(4)), 0, 0, 0x48, 0x8b, byte(rnd.IntN(16)), 0xe8)
			}
		}
		files = append(files, write.Bytes(fmt.Sprintf("file%04d.bin", i), time.Time{}, text))
	}
	data, err := write.Encode(files, write.Options{Method: write.LZX, Window: 21})
	if err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o600)
}
