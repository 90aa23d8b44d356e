package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/redx-update/redx/bench"
	"github.com/redx-update/redx/internal/gather"
	"github.com/redx-update/redx/internal/image/offline"
)

// compareServicing reads a CBS.log into events, and gathers it as redx diagnose does, beside a grep for failure codes.
func compareServicing(o options, dir string) ([]row, error) {
	path := filepath.Join(dir, "CBS.log")
	size, err := makeCBSLog(path, int64(o.mb)<<20)
	if err != nil {
		return nil, err
	}
	grep, err := tool("grep", size, countLines, "-c", "0x8007", path)
	if err != nil {
		return nil, err
	}
	grep.read = true
	t, err := alternate(o.pairs, self("redx cbs events", path, size), self("redx gather", dir, size), grep)
	if err != nil {
		return nil, err
	}
	what := fmt.Sprintf("CBS.log, %s", megabytes(size))
	events := speedRow(what+", read into events", within(3), t[0], t[2], "line ends, UTF-8, first words of every line; one processor")
	events.redx += fmt.Sprintf(", %d events, peak %s", t[0].Count, megabytes(t[0].Peak))
	events.peer = "grep -c 0x8007 " + t[2].rate()
	evidence := speedRow(what+", gathered into evidence", within(3), t[1], t[2], "the same, and counting the codes with a line of each")
	evidence.redx += fmt.Sprintf(", %d codes, peak %s", t[1].Count, megabytes(t[1].Peak))
	evidence.peer = events.peer
	return []row{events, evidence}, nil
}

// countLines reads what grep -c prints.
func countLines(out []byte) (f figures, err error) {
	f.Count, err = strconv.Atoi(string(bytes.TrimSpace(out)))
	return f, err
}

func servicingEvents(path string) (f figures, err error) {
	file, err := os.Open(path)
	if err != nil {
		return f, err
	}
	defer file.Close()
	f.Count, err = bench.ServicingEvents(file)
	return f, err
}

// gatherFolder gathers a folder of logs and counts the codes found there.
func gatherFolder(path string) (f figures, err error) {
	logs, err := offline.OpenLogs(path)
	if err != nil {
		return f, err
	}
	set, err := gather.Gather(context.Background(), logs, gather.Options{})
	if err != nil {
		return f, err
	}
	for _, c := range set.Codes() {
		f.Count += c.Count
	}
	return f, nil
}

func makeCBSLog(path string, size int64) (written int64, err error) {
	f, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	made := cbsLines{rnd: rand.New(rand.NewPCG(1, 2)), at: time.Date(2024, 3, 1, 8, 0, 0, 0, time.UTC)}
	for written < size && err == nil {
		var n int
		n, err = w.WriteString(made.next())
		written += int64(n)
	}
	if err != nil {
		return written, err
	}
	return written, w.Flush()
}

type cbsLines struct {
	rnd *rand.Rand
	at  time.Time
}

// next makes a line, in the mix of real logs: most name packages, one in 14 is CSI's, one in 20 a continuation, one in
// 8 has no component, one in 300 a failure code, one in 2000 a session.
func (c *cbsLines) next() string {
	if c.rnd.IntN(12) == 0 {
		c.at = c.at.Add(time.Second)
	}
	stamp := c.at.Format(time.DateTime)
	switch n := c.rnd.IntN(6000); {
	case n < 267:
		return " Expected: {l:32 ml:33 b:027fea2e090be00217335c51e41777ef7d6f105789ca49b375ae1083e48420ad}.\r\n"
	case n < 667:
		return fmt.Sprintf("%s, Info                  CSI    %08x [SR] Verifying 100 components\r\n", stamp, c.rnd.Uint32())
	case n < 1367:
		return fmt.Sprintf("%s, Info                         Feature: Rsat.Feature%03d.Tools~~~~0.0.1.0 found. Adding packages to it\r\n", stamp, n)
	default:
		return fmt.Sprintf("%s, Info                  CBS    %s\r\n", stamp, c.servicing(n))
	}
}

func (c *cbsLines) servicing(n int) string {
	name := fmt.Sprintf("Microsoft-Windows-Feature%03d-Package~31bf3856ad364e35~amd64~~10.0.19041.%d", c.rnd.IntN(999), c.rnd.IntN(5000))
	switch {
	case n < 1370:
		return fmt.Sprintf("Session: 31%06d_%d initialized by client WindowsUpdateAgent, external staging directory: (null), external registry directory: (null)", n, n)
	case n < 1390:
		return "InternalOpenPackage failed for " + name + " [HRESULT = 0x800f0805 - CBS_E_INVALID_PACKAGE]"
	case n < 1400:
		return "FOD: WUFodMetadataCache not available; falling back to InboxFodMetadataCache: hr = 0x80070002"
	case n < 3000:
		return "Appl: Evaluating package applicability for package " + name + ", applicable state: Installed"
	case n < 4500:
		return "Appl: detectParent: parent found: " + name + ", state: Staged"
	case n < 5400:
		return "Appl: detect Parent, Package: " + name + ", Parent: " + name + ", Disposition = Detect, VersionComp: EQ, BuildComp: EQ, RevisionComp: GE, Exist: present"
	default:
		return "Lock: New lock added: CCbsPublicSessionClassFactory, level: 30, total lock:4"
	}
}
