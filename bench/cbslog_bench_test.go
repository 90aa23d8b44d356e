package bench

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redx-update/redx/internal/format/cbslog"
)

// BenchmarkCBSLog reads a CBS.log into events and compares the time with "grep -c 0x8007" on the same warm file, in
// turns, in one run. REDX_BENCH_MB is the file's size in MiB, 256 by default. The goal is a ratio of 3 at most.
func BenchmarkCBSLog(b *testing.B) {
	path, size := cbsFile(b)
	warm(b, path)
	var ours, theirs time.Duration
	lines, events := 0, 0
	b.SetBytes(size)
	for b.Loop() {
		start := time.Now()
		grepCount(b, path)
		theirs += time.Since(start)
		start = time.Now()
		lines, events = readEvents(b, path)
		ours += time.Since(start)
	}
	n := time.Duration(b.N)
	b.ReportMetric(float64(ours)/float64(theirs), "x_grep")
	b.ReportMetric((ours / n).Seconds(), "redx_s")
	b.ReportMetric((theirs / n).Seconds(), "grep_s")
	b.ReportMetric(float64(lines), "lines")
	b.ReportMetric(float64(events), "events")
}

// BenchmarkCBSLogScan is the scanner alone, without events.
func BenchmarkCBSLogScan(b *testing.B) {
	path, size := cbsFile(b)
	warm(b, path)
	b.SetBytes(size)
	for b.Loop() {
		f, err := os.Open(path)
		if err != nil {
			b.Fatal(err)
		}
		s := cbslog.NewScanner(f)
		for s.Scan() {
		}
		f.Close()
	}
}

func grepCount(b *testing.B, path string) {
	cmd := exec.Command("grep", "-c", "0x8007", path)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	if out, err := cmd.Output(); err != nil || strings.TrimSpace(string(out)) == "0" {
		b.Fatalf("grep: %q, %v", out, err)
	}
}

func readEvents(b *testing.B, path string) (lines, events int) {
	f, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	count := func(*cbslog.Entry) bool { lines++; return false }
	for _, err := range cbslog.Events(f, count) {
		if err != nil {
			b.Fatal(err)
		}
		events++
	}
	return lines + events, events
}

func warm(b *testing.B, path string) {
	if _, err := os.ReadFile(path); err != nil {
		b.Fatal(err)
	}
}

func cbsFile(b *testing.B) (path string, size int64) {
	mb := 256
	if s := os.Getenv("REDX_BENCH_MB"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			b.Fatalf("REDX_BENCH_MB is %q, want a number of MiB", s)
		}
		mb = n
	}
	path = filepath.Join(b.TempDir(), "CBS.log")
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	w.WriteString("\ufeff")
	rnd := rand.New(rand.NewPCG(1, 2))
	at := time.Date(2024, 3, 1, 8, 0, 0, 0, time.UTC)
	for written := 3; written < mb<<20; {
		line := cbsLine(rnd, &at)
		written += len(line)
		w.WriteString(line)
	}
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
	info, err := f.Stat()
	if err != nil {
		b.Fatal(err)
	}
	return path, info.Size()
}

// cbsLine makes the next line, in the mix of real logs: most name packages, one in 14 is CSI's, one in 20 a
// continuation, one in 8 has no component, one in 300 a failure code, one in 2000 a session.
func cbsLine(rnd *rand.Rand, at *time.Time) string {
	if rnd.IntN(12) == 0 {
		*at = at.Add(time.Second)
	}
	stamp := at.Format(time.DateTime)
	pkg := fmt.Sprintf("Microsoft-Windows-Feature%03d-Package~31bf3856ad364e35~amd64~~10.0.19041.%d", rnd.IntN(999), rnd.IntN(5000))
	text := ""
	switch n := rnd.IntN(6000); {
	case n < 3:
		text = fmt.Sprintf("Session: 31%06d_%d initialized by client WindowsUpdateAgent, external staging directory: (null), external registry directory: (null)", n, n)
	case n < 23:
		text = "InternalOpenPackage failed for " + pkg + " [HRESULT = 0x800f0805 - CBS_E_INVALID_PACKAGE]"
	case n < 33:
		text = "FOD: WUFodMetadataCache not available; falling back to InboxFodMetadataCache: hr = 0x80070002"
	case n < 300:
		return " Expected: {l:32 ml:33 b:027fea2e090be00217335c51e41777ef7d6f105789ca49b375ae1083e48420ad}.\r\n"
	case n < 700:
		return fmt.Sprintf("%s, Info                  CSI    %08x [SR] Verifying 100 components\r\n", stamp, rnd.Uint32())
	case n < 1400:
		return fmt.Sprintf("%s, Info                         Feature: Rsat.Feature%03d.Tools~~~~0.0.1.0 found. Adding packages to it\r\n", stamp, n)
	case n < 3000:
		text = "Appl: Evaluating package applicability for package " + pkg + ", applicable state: Installed"
	case n < 4500:
		text = "Appl: detectParent: parent found: " + pkg + ", state: Staged"
	case n < 5400:
		text = "Appl: detect Parent, Package: " + pkg + ", Parent: " + pkg + ", Disposition = Detect, VersionComp: EQ, BuildComp: EQ, RevisionComp: GE, Exist: present"
	default:
		text = "Lock: New lock added: CCbsPublicSessionClassFactory, level: 30, total lock:4"
	}
	return fmt.Sprintf("%s, Info                  CBS    %s\r\n", stamp, text)
}
