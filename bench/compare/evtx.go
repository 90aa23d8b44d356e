package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"os"
	"path/filepath"

	peer "www.velocidex.com/golang/evtx"

	"github.com/redx-update/redx/internal/format/evtx"
)

const evtxBound = "templates of every chunk, UTF-16 to UTF-8"

// compareEVTX has every record decoded to XML, and then the update providers' alone.
func compareEVTX(o options, dir string) ([]row, error) {
	path, size, err := longEventLog(dir)
	if err != nil {
		return nil, err
	}
	ours := self("redx evtx all", path, size)
	updates := self("redx evtx updates", path, size)
	const what = "EVTX, 17.5 MB System log"
	var rows []row
	export, missing := tool("evtxexport", size, countEvents, "-f", "xml", path)
	if missing == nil {
		t, err := alternate(o.pairs, ours, updates, export)
		if err != nil {
			return nil, err
		}
		rows = append(rows,
			speedRow(what+", all to XML", faster(4), t[0], t[2], evtxBound).counted(t[0], t[2], "records"),
			speedRow(what+", update providers only", faster(10), t[1], t[2], "the chunks' checksums, templates up to the provider").
				counted(t[1], t[2], "records"))
	}
	t, err := alternate(o.pairs, ours, self("velocidex evtx", path, size))
	if err != nil {
		return rows, err
	}
	rows = append(rows, speedRow(what+", all to XML", goal{}, t[0], t[1], evtxBound).counted(t[0], t[1], "records"))
	return rows, missing
}

func countEvents(out []byte) (figures, error) {
	return figures{Count: bytes.Count(out, []byte("<Event "))}, nil
}

// longEventLog writes the largest real log, its chunks over and over, with a header that fits.
func longEventLog(dir string) (path string, size int64, err error) {
	const head, chunk, copies = 4096, 65536, 16
	path, err = sample(dir, "windows/evtx/Win10_omerbenamram_system.evtx.gz")
	if err != nil {
		return "", 0, err
	}
	real, err := os.ReadFile(path)
	if err != nil {
		return "", 0, err
	}
	end := head
	for end+chunk <= len(real) && real[end] != 0 {
		end += chunk
	}
	header := bytes.Clone(real[:head])
	n := (end - head) / chunk * copies
	binary.LittleEndian.PutUint64(header[16:], uint64(n-1))
	binary.LittleEndian.PutUint16(header[42:], uint16(n))
	binary.LittleEndian.PutUint32(header[120:], 0)
	binary.LittleEndian.PutUint32(header[124:], crc32.ChecksumIEEE(header[:120]))
	all := append(header, bytes.Repeat(real[head:end], copies)...)
	path = filepath.Join(dir, "long.evtx")
	return path, int64(len(all)), os.WriteFile(path, all, 0o600)
}

func openEVTX(path string) (*evtx.File, func() error, error) {
	f, size, err := open(path)
	if err != nil {
		return nil, nil, err
	}
	log, err := evtx.Open(f, size)
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return log, f.Close, nil
}

// open opens a file whose size is asked for as well.
func open(path string) (*os.File, int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return f, info.Size(), nil
}

func evtxAll(path string) (f figures, err error) {
	log, done, err := openEVTX(path)
	if err != nil {
		return f, err
	}
	defer done()
	var xml []byte
	for r, err := range log.Records(nil) {
		if err == nil {
			xml, err = r.AppendXML(xml[:0])
		}
		if err != nil {
			return f, err
		}
		f.Count++
	}
	return f, nil
}

func evtxUpdates(path string) (f figures, err error) {
	log, done, err := openEVTX(path)
	if err != nil {
		return f, err
	}
	defer done()
	providers := evtx.Filter{
		"Microsoft-Windows-WindowsUpdateClient": nil,
		"Microsoft-Windows-Servicing":           nil,
		"Microsoft-Windows-WUSA":                nil,
	}
	for _, err := range log.Records(providers) {
		if err != nil {
			return f, err
		}
		f.Count++
	}
	return f, nil
}

func velocidexEVTX(path string) (f figures, err error) {
	file, err := os.Open(path)
	if err != nil {
		return f, err
	}
	defer file.Close()
	chunks, err := peer.GetChunks(file)
	if err != nil {
		return f, err
	}
	for _, c := range chunks {
		records, err := c.Parse(0)
		if err != nil {
			return f, err
		}
		f.Count += len(records)
	}
	return f, nil
}
