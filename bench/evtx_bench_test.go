package bench

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/redx-update/redx/internal/format/evtx"
	"github.com/redx-update/redx/internal/testdata"
)

// What bounds these rates, by the CPU profile of both on the real System log:
//
//   - All decoded: a third of the time goes into making programs of the templates (every chunk brings its own, about 20
//     of them for 130 records), a third into rendering XML, a third into System and the fields. Within all three it is
//     turning UTF-16 into UTF-8 and copying it: three bytes of XML come out for two of the log.
//   - Updates only: a third is templates, most of them parsed up to the provider only; the rest is the wanted records
//     (a fifth of this log), the chunks' checksums, and reading. A record of another provider costs a look at its header
//     and at the place of its template.
//
// evtxexport is a process of its own; its start takes milliseconds and does not matter for a file of this size.

// The least that is asked of redx, as a multiple of evtxexport's bytes per second.
const (
	wantAll     = 4
	wantUpdates = 10
)

var updateProviders = evtx.Filter{
	"Microsoft-Windows-WindowsUpdateClient": nil,
	"Microsoft-Windows-Servicing":           nil,
	"Microsoft-Windows-WUSA":                nil,
}

// BenchmarkEVTX compares decoding a whole log to XML, and finding the update events in it, with evtxexport -f xml.
func BenchmarkEVTX(b *testing.B) {
	path, size := bigLog(b)
	tool := testdata.Tool(b, "evtxexport")
	for _, c := range []struct {
		name string
		run  func(testing.TB, string) int
		want float64
	}{
		{"all to XML", renderAll, wantAll},
		{"updates only", updatesOnly, wantUpdates},
	} {
		b.Run(c.name, func(b *testing.B) {
			ours, theirs := time.Duration(1<<62), time.Duration(1<<62)
			records := 0
			for b.Loop() {
				start := time.Now()
				records = c.run(b, path)
				ours = min(ours, time.Since(start))
				start = time.Now()
				runEvtxexport(b, tool, path)
				theirs = min(theirs, time.Since(start))
			}
			mb := float64(size) / 1e6
			ratio := float64(theirs) / float64(ours)
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(ratio, "×evtxexport")
			b.ReportMetric(mb/ours.Seconds(), "MB/s")
			b.ReportMetric(mb/theirs.Seconds(), "MB/s-evtxexport")
			b.ReportMetric(float64(records), "records")
			if ratio < c.want {
				b.Errorf("%.1f times evtxexport's rate, want at least %.0f", ratio, c.want)
			}
		})
	}
}

func runEvtxexport(b testing.TB, tool, path string) {
	// Without Stdout its output goes to the null device, which costs it nothing.
	if err := exec.Command(tool, "-f", "xml", path).Run(); err != nil {
		b.Fatal(err)
	}
}

func openLog(b testing.TB, path string) (*evtx.File, func()) {
	f, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	st, err := f.Stat()
	if err != nil {
		b.Fatal(err)
	}
	log, err := evtx.Open(f, st.Size())
	if err != nil {
		b.Fatal(err)
	}
	return log, func() { _ = f.Close() }
}

func renderAll(b testing.TB, path string) (records int) {
	log, done := openLog(b, path)
	defer done()
	var xml []byte
	for r, err := range log.Records(nil) {
		if err == nil {
			xml, err = r.AppendXML(xml[:0])
		}
		if err != nil {
			b.Fatal(err)
		}
		records++
	}
	return records
}

func updatesOnly(b testing.TB, path string) (records int) {
	log, done := openLog(b, path)
	defer done()
	for _, err := range log.Records(updateProviders) {
		if err != nil {
			b.Fatal(err)
		}
		records++
	}
	return records
}

// bigLog writes the largest real log, its chunks over and over, with a header that fits.
func bigLog(b *testing.B) (path string, size int) {
	const head, chunk, copies = 4096, 65536, 16
	real := testdata.Open(b, "windows/evtx/Win10_omerbenamram_system.evtx.gz")
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
	path = filepath.Join(b.TempDir(), "big.evtx")
	if err := os.WriteFile(path, all, 0o600); err != nil {
		b.Fatal(err)
	}
	return path, len(all)
}
