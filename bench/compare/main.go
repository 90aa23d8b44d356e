// Command compare prints one table: how fast redx's readers are beside other programs and libraries that read the same
// files, the ratio first. It is no test: a goal that is missed stands in the table, and the exit code stays 0.
//
// Every figure is that of a whole process, redx's too: compare starts itself again with "-run READER FILE". The two of
// a pair take turns, and medians are compared. What is missing, a tool or the samples in REDX_TESTDATA, is said.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/redx-update/redx/bench"
)

func main() {
	run := flag.Bool("run", false, "run the reader READER on FILE once, and print what it gave as JSON")
	pairs := flag.Int("pairs", 3, "how often the two of a pair take turns")
	only := flag.String("only", "", "print just the rows whose name contains this")
	flag.Parse()
	var err error
	if *run {
		err = child(flag.Arg(0), flag.Arg(1))
	} else {
		err = table(os.Stdout, options{pairs: max(1, *pairs), only: *only})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(1)
	}
}

// figures is what one run gave.
type figures struct {
	Count int   // records, rows, events, files or keys
	Read  int64 // bytes asked of the file, where that is counted
	Peak  int64 // most memory in bytes; 0 when not known
}

func child(reader, path string) error {
	read, ok := readers()[reader]
	if !ok {
		return fmt.Errorf("no reader %q", reader)
	}
	f, err := read(path)
	if err != nil {
		return fmt.Errorf("%s %s: %w", reader, path, err)
	}
	if f.Peak == 0 {
		f.Peak = bench.PeakMemory()
	}
	return json.NewEncoder(os.Stdout).Encode(f)
}

// readers are what a child can run, redx's and its peers'.
func readers() map[string]func(path string) (figures, error) {
	all := map[string]func(string) (figures, error){
		"redx evtx all":      evtxAll,
		"redx evtx updates":  evtxUpdates,
		"velocidex evtx":     velocidexEVTX,
		"redx ese":           fromFile(eseRows),
		"redx ese in memory": inMemory(eseRows),
		"go-ese":             fromFile(goESERows),
		"go-ese in memory":   inMemory(goESERows),
		"redx history":       history,
		"go-ese history":     goESEHistory,
		"redx cbs events":    servicingEvents,
		"redx gather":        gatherFolder,
		"redx cab":           unpackCab,
		"redx diagnose":      diagnoseImage,
		"redx collect":       collectImage,
		"go-cab":             goCab,
		"redx hive":          hiveValues,
		"redx rename":        renameDownload,
		"redx repair":        repairImage,
		"cp":                 copyDownload,
		"regparser":          regparserValues,
	}
	for name, read := range bench.TextReaders() {
		all["redx text "+name] = func(mb string) (figures, error) { return longText(read, name, mb) }
	}
	return all
}

// errSkip is a row that cannot be had here; its text says what to install or set.
var errSkip = errors.New("skipped")

func skip(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{errSkip}, args...)...)
}

func skipped(err error) string { return strings.TrimPrefix(err.Error(), errSkip.Error()+": ") }
