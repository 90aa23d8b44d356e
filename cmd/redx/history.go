package main

import (
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/doctor/check"
	"github.com/redx-update/redx/internal/history"
	"github.com/redx-update/redx/internal/report"
)

type historyOptions struct {
	where
	failed bool
	update string
	since  string
	json   bool
	csv    bool
	html   string
}

func newHistoryCommand(std stdio) *cobra.Command {
	var o historyOptions
	cmd := &cobra.Command{
		Use:   "history [--image PATH | --logs PATH]",
		Short: "Show the update history, merged from every place where Windows keeps it",
		Long: `History merges the update history from the datastore, also those that an earlier repair has put aside, from
ReportingEvents.log, the event logs, the update orchestrator's store and the servicing packages, and from what redx
has kept of them before a repair: one entry an attempt, newest first. Failed attempts are marked X, with code and symbol.
On Windows it is that of this computer, unless one of the flags names something else.

EXIT STATUS
  0  shown, failed entries or not    1  failed    2  wrong usage
 10  no Windows there, or nothing recognised in the logs    130  cancelled`,
		Example: "  redx history --image /mnt/c --failed\n  redx history --logs ./logs --since 2024-01-01 --html history.html",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runHistory(cmd, std, &o) },
	}
	o.addFlags(cmd)
	f := cmd.Flags()
	f.BoolVar(&o.failed, "failed", false, "failed attempts only")
	f.StringVar(&o.update, "update", "", "only this update: a `KB` number, an id, or part of a title")
	f.StringVar(&o.since, "since", "", "only from this `DATE` on (2024-01-31, or RFC 3339)")
	f.BoolVar(&o.json, "json", false, "print JSON (docs/json.md)")
	f.BoolVar(&o.csv, "csv", false, "print CSV")
	f.StringVar(&o.html, "html", "", "write a page to `FILE`")
	cmd.MarkFlagsMutuallyExclusive("json", "csv", "html")
	return cmd
}

func runHistory(cmd *cobra.Command, std stdio, o *historyOptions) error {
	filter := history.Filter{Failed: o.failed, Update: o.update}
	var err error
	if filter.Since, err = parseDate(o.since); err != nil {
		return err
	}
	if err := o.outside(o.html); err != nil {
		return err
	}
	found, err := o.gather(cmd.Context(), std)
	if err != nil {
		return err
	}
	all := history.Merge(found.set)
	entries := filter.Apply(all)
	switch {
	case o.json:
		return report.WriteJSON(std.out, report.NewHistory(found.image, found.set, entries))
	case o.csv:
		return report.HistoryCSV(std.out, entries)
	case o.html != "":
		return writeHistoryPage(std, o.html, found, entries)
	default:
		return report.HistoryText(std.out, std.style, found.image, found.set, entries, len(all)-len(entries))
	}
}

// parseDate reads a day (its begin in UTC) or a moment.
func parseDate(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, usage("--since %q is not a date such as 2024-01-31", s)
}

func writeHistoryPage(std stdio, path string, found looked, entries []history.Entry) error {
	findings := doctor.Examine(found.set, check.All())
	return writePage(std, path, "", func(w io.Writer) error {
		return report.HistoryPage(w, found.image, found.set, entries, findings)
	})
}
