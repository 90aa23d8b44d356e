package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

type options struct {
	pairs int
	only  string
	mb    int // of the largest inputs
}

// row is one line of the table.
type row struct {
	speed float64 // redx's speed as a multiple of its peer's; 0 where ratio is given
	cpu   float64 // the same in processor time, which other work on the machine disturbs less
	ratio string  // what is compared when it is not speed
	goal  goal
	what  string
	redx  string
	peer  string
	limit string
}

// goal is the least speed, as a multiple of the peer's.
type goal struct {
	least float64 // 0 for no goal
	text  string
	met   bool // for rows that do not compare speed
}

func faster(n float64) goal { return goal{least: n, text: fmt.Sprintf("%gx faster", n)} }

func within(n float64) goal { return goal{least: 1 / n, text: fmt.Sprintf("%gx slower", n)} }

func notSlower() goal { return goal{least: 1, text: "no slower"} }

func (r *row) cells() string {
	ratio, cpu, met := r.ratio, "-", "-"
	if ratio == "" {
		ratio, cpu = multiple(r.speed), multiple(r.cpu)
	}
	goal := r.goal.text
	switch {
	case goal == "":
		goal = "-"
	case r.goal.met || r.goal.least > 0 && r.speed >= r.goal.least:
		met = "yes"
	default:
		met = "no"
	}
	return strings.Join([]string{ratio, cpu, goal, met, r.what, r.redx, r.peer, r.limit}, "\t")
}

func multiple(speed float64) string {
	if speed >= 1 {
		return fmt.Sprintf("%.1fx faster", speed)
	}
	return fmt.Sprintf("%.2fx slower", 1/speed)
}

// comparison makes rows that share an input, in a folder of their own that is removed afterwards.
type comparison struct {
	name string
	rows func(o options, dir string) ([]row, error)
}

func comparisons() []comparison {
	return []comparison{
		{"event log", compareEVTX},
		{"ESE, real", compareESEReal},
		{"ESE, made", compareESEMade},
		{"history of a large datastore", compareHistory},
		{"CBS.log", compareServicing},
		{"whole image", compareImage},
		{"LZX cabinet, real", compareCabReal},
		{"LZX cabinet, made", compareCabMade},
		{"hive", compareHive},
		{"memory of text logs", compareText},
		{"rename phase of a repair", compareRename},
		{"repair memory", compareRepair},
	}
}

// table runs all comparisons and prints their rows as one table. What is going on is said on standard error.
func table(out io.Writer, o options) error {
	var err error
	if o.mb, err = largeMB(); err != nil {
		return err
	}
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	fmt.Fprintf(w, "%s, %s/%s, %d processors, medians of %d pairs\n\n",
		time.Now().UTC().Format(time.DateOnly), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), o.pairs)
	fmt.Fprintln(w, "REDX IS\tBY CPU TIME\tGOAL\tMET\tWHAT\tREDX\tPEER\tREDX IS BOUND BY")
	var notes []string
	for _, c := range comparisons() {
		if !strings.Contains(strings.ToLower(c.name), strings.ToLower(o.only)) {
			continue
		}
		fmt.Fprintln(os.Stderr, "comparing:", c.name)
		rows, err := inFolder(o, c)
		for _, r := range rows {
			fmt.Fprintln(w, r.cells())
		}
		switch {
		case errors.Is(err, errSkip):
			notes = append(notes, "skipped: "+c.name+": "+skipped(err))
		case err != nil:
			notes = append(notes, "failed: "+c.name+": "+err.Error())
		}
	}
	for _, n := range notes {
		fmt.Fprintln(w, n)
	}
	return w.Flush()
}

func inFolder(o options, c comparison) ([]row, error) {
	dir, err := os.MkdirTemp("", "redx-compare-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	return c.rows(o, dir)
}

// largeMB is the size of the largest inputs in MiB, 1024 unless REDX_BENCH_MB says otherwise.
func largeMB() (int, error) {
	s := os.Getenv("REDX_BENCH_MB")
	if s == "" {
		return 1024, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 16 {
		return 0, fmt.Errorf("REDX_BENCH_MB is %q, want a number of MiB, 16 or more", s)
	}
	return n, nil
}

// speedRow compares two that read the same.
func speedRow(what string, g goal, ours, theirs *times, limit string) row {
	return row{
		speed: median(theirs.wall).Seconds() / median(ours.wall).Seconds(),
		cpu:   median(theirs.cpu).Seconds() / median(ours.cpu).Seconds(), goal: g, what: what,
		redx: ours.rate(), peer: theirs.name + " " + theirs.rate(), limit: limit,
	}
}

// counted adds what both counted to a row.
func (r row) counted(ours, theirs *times, noun string) row {
	r.redx += fmt.Sprintf(", %d %s", ours.Count, noun)
	if theirs.Count > 0 {
		r.peer += fmt.Sprintf(", %d", theirs.Count)
	}
	return r
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }
