// Package bench holds redx's readers against other programs and libraries that read the same files: its tests compare
// what they read and hold the bound on memory, the program in compare prints how fast they are. It is a module of its
// own, so that what it compares with never becomes a dependency of redx.
package bench

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strconv"

	"github.com/redx-update/redx/internal/format/cbslog"
	"github.com/redx-update/redx/internal/format/checksur"
	"github.com/redx-update/redx/internal/format/dismlog"
	"github.com/redx-update/redx/internal/format/pfro"
	"github.com/redx-update/redx/internal/format/poqexec"
	"github.com/redx-update/redx/internal/format/reporting"
	"github.com/redx-update/redx/internal/format/setupapi"
	"github.com/redx-update/redx/internal/format/setuplog"
	"github.com/redx-update/redx/internal/format/wulog"
)

// TextReaders gives the readers of text logs by the names of their packages. Each reads to the end and counts what it
// was given: lines, rows, events or records.
func TextReaders() map[string]func(io.Reader) (int, error) {
	return map[string]func(io.Reader) (int, error){
		"cbslog":    ServicingEvents,
		"checksur":  checkSUR,
		"dismlog":   func(r io.Reader) (int, error) { return scan(dismlog.NewScanner(r)) },
		"pfro":      func(r io.Reader) (int, error) { return scan(pfro.NewScanner(r)) },
		"poqexec":   func(r io.Reader) (int, error) { return scan(poqexec.NewScanner(r)) },
		"reporting": func(r io.Reader) (int, error) { return scan(reporting.NewScanner(r)) },
		"setupapi":  func(r io.Reader) (int, error) { return scan(setupapi.NewScanner(r)) },
		"setuplog":  func(r io.Reader) (int, error) { return scan(setuplog.NewScanner(r)) },
		"wulog":     func(r io.Reader) (int, error) { return scan(wulog.NewScanner(r)) },
	}
}

func scan(s interface {
	Scan() bool
	Err() error
},
) (n int, err error) {
	for s.Scan() {
		n++
	}
	return n, s.Err()
}

// ServicingEvents counts the events of a CBS.log.
func ServicingEvents(r io.Reader) (n int, err error) {
	for _, e := range cbslog.Events(r, nil) {
		n, err = n+1, errors.Join(err, e)
	}
	return n, err
}

func checkSUR(r io.Reader) (n int, err error) {
	for _, e := range checksur.Records(r) {
		n, err = n+1, errors.Join(err, e)
	}
	return n, err
}

// PeakMemory is the most memory in bytes that this process has had in use at a time (VmHWM); 0 where the system does
// not tell.
func PeakMemory() int64 {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, _ := bytes.Cut(b, []byte("VmHWM:"))
	rest, _, _ = bytes.Cut(rest, []byte("kB"))
	kb, err := strconv.ParseInt(string(bytes.TrimSpace(rest)), 10, 64)
	if err != nil {
		return 0
	}
	return kb << 10
}
