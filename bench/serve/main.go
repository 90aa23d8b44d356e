// Command serve prints one table: how fast the update server answers Windows' agents, over loopback, with a catalogue and
// computers of the size of a large company. It is no test: a goal that is missed stands in the table.
//
// It fills a store, builds redx, starts "redx server run" on it as an administrator would, and sends what agents send. All of
// it is bounded, and removed afterwards. The load generator is this process, on the same machine, and takes its part of the
// processors.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"
)

type options struct {
	revisions int
	computers int
	storm     int
	mb        int           // of the file that is downloaded
	take      time.Duration // how long each rate is measured
	only      string
}

func main() {
	var o options
	flag.IntVar(&o.revisions, "revisions", 50_000, "revisions in the catalogue")
	flag.IntVar(&o.computers, "computers", 10_000, "registered computers")
	flag.IntVar(&o.storm, "storm", 1_000, "computers that synchronise for the first time at once")
	flag.IntVar(&o.mb, "mb", 256, "MiB of the file that is downloaded")
	flag.DurationVar(&o.take, "take", 10*time.Second, "how long each rate is measured")
	flag.StringVar(&o.only, "only", "", "print just the rows whose name contains this")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "serve:", err)
		os.Exit(1) //nolint:gocritic // nothing is lost
	}
}

// row is one line of the table.
type row struct {
	what, figure, goal, met, beside string
}

// measure makes rows with the server.
type measure struct {
	name string
	do   func(ctx context.Context, w *world) ([]row, error)
}

func measures() []measure {
	return []measure{
		{"steady SyncUpdates", steadySync},
		{"small requests", smallRequests},
		{"first synchronisation", firstSync},
		{"storm of first synchronisations", storm},
		{"memory", memory},
		{"content", contentRows},
	}
}

func run(ctx context.Context, o options) error {
	dir, err := os.MkdirTemp("", "redx-bench-serve-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	w, err := newWorld(ctx, o, dir)
	if err != nil {
		return err
	}
	defer w.server.stop()
	out := tabwriter.NewWriter(os.Stdout, 0, 8, 2, ' ', 0)
	fmt.Fprintf(out, "%s, %s/%s, %d processors, %d revisions, %d computers\n\n", time.Now().UTC().Format(time.DateOnly),
		runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), o.revisions, o.computers)
	fmt.Fprintln(out, "WHAT\tFIGURE\tGOAL\tMET\tBESIDE")
	for _, m := range measures() {
		if !strings.Contains(m.name, o.only) {
			continue
		}
		fmt.Fprintln(os.Stderr, "measuring:", m.name)
		rows, err := m.do(ctx, w)
		if err != nil {
			fmt.Fprintf(out, "no rows: %s: %v\n", m.name, err)
		}
		for _, r := range rows {
			fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\n", r.what, r.figure, r.goal, r.met, r.beside)
		}
	}
	return out.Flush()
}

func yes(met bool) string {
	if met {
		return "yes"
	}
	return "no"
}
