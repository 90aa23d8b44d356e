package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/redx-update/redx/internal/catalog"
	"github.com/redx-update/redx/internal/deploy"
	"github.com/redx-update/redx/internal/maintenance"
)

func newApprovalCommand(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use: "approval", Short: "Which groups get which updates", Long: "Approval lists and sets what groups get.",
		Example: "  redx approval set KB5034441 --group Test --data /srv/redx\n  redx approval list --data /srv/redx",
	}
	cmd.AddCommand(newApprovalListCommand(std), newApprovalSetCommand(std))
	return cmd
}

// approved is an approval with its names.
type approved struct {
	deploy.Approval
	Title     string `json:"title"`
	GroupName string `json:"group_name"`
}

func newApprovalListCommand(std stdio) *cobra.Command {
	var d dataFlags
	cmd := &cobra.Command{
		Use: "list --data FOLDER", Short: "List the approvals", Args: cobra.NoArgs,
		Example: "  redx approval list --data /srv/redx",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return d.with(cmd.Context(), false, func(opened *data) error {
				list, err := approvals(cmd.Context(), opened)
				if err != nil {
					return err
				}
				return d.answer(std, list, func(w io.Writer) error { return printApprovals(w, list) })
			})
		},
	}
	d.add(cmd)
	return cmd
}

func approvals(ctx context.Context, opened *data) ([]approved, error) {
	all, err := opened.Approvals(ctx)
	if err != nil {
		return nil, err
	}
	names, err := groupNames(ctx, opened)
	if err != nil {
		return nil, err
	}
	titles, err := updateTitles(ctx, opened)
	if err != nil {
		return nil, err
	}
	list := []approved{}
	for _, a := range all {
		list = append(list, approved{a, titles[a.Update], names[a.Group]})
	}
	return list, nil
}

func printApprovals(w io.Writer, list []approved) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, a := range list {
		by, in := until(a.Approval)
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", a.Update, a.GroupName, a.Choice, cmp.Or(by, "-"), cmp.Or(in, "-"), a.Title) //nolint:errcheck // Flush gives the error
	}
	return t.Flush()
}

// until gives the deadline and the windows of an approval in words; "": none.
func until(a deploy.Approval) (by, in string) {
	if a.Deadline != nil {
		by = "by " + when(*a.Deadline)
	}
	if len(a.Window) > 0 {
		in = "in " + a.Window.String()
	}
	return by, in
}

type approvalOptions struct {
	dataFlags
	group    string
	choice   string
	deadline string
	window   string
}

func newApprovalSetCommand(std stdio) *cobra.Command {
	var o approvalOptions
	cmd := &cobra.Command{
		Use: "set --data FOLDER UPDATE", Short: "Approve an update for a group, or take that back",
		Long: `Set decides what a group gets of an update, whichever its newest revision is. What is decided for a group counts for
the groups below it that have no approval of their own.

  install       is installed without asking
  optional      is offered and not installed by itself
  uninstall     is removed where it is installed
  detect-only   computers report whether they need it, no more
  not-approved  nothing; also ends what the group has from the one above

With --window, redx's own agents install or remove it unattended only in those times of the week, by the computer's own
clock, and only where their settings' windows are open too; a deadline that has come ends the waiting. Several windows are
divided by ";". Windows' own agent is not told, and goes by its own policy. Each time sets everything anew: a deadline or
window that is not given is none.

EXIT STATUS
  0  set    1  failed, or there is no such update or group    2  wrong usage`,
		Example: "  redx approval set KB5034441 --group Test --choice install --deadline 2026-01-31T18:00:00Z --data /srv/redx\n" +
			"  redx approval set KB5034441 --group Test --window \"Sat,Sun 01:00-05:00\" --data /srv/redx",
		Args: one("one UPDATE: an id, a KB number or part of a title"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.with(cmd.Context(), false, func(opened *data) error { return runApprove(cmd.Context(), std, &o, opened, args[0]) })
		},
	}
	o.add(cmd)
	f := cmd.Flags()
	f.StringVar(&o.group, "group", "All Computers", "for which `GROUP`")
	f.StringVar(&o.choice, "choice", string(deploy.Install), "`WHAT`: install, optional, uninstall, detect-only, not-approved")
	f.StringVar(&o.deadline, "deadline", "", "until `WHEN` it must be done: a day, or a moment such as 2026-01-31T18:00:00Z")
	f.StringVar(&o.window, "window", "", "the `TIMES` of the week in which redx's agents do it, such as \"Sat,Sun 01:00-05:00\"")
	return cmd
}

// deadline reads a moment, or a day, which begins in UTC as it does in the console.
func deadline(text string) (time.Time, error) {
	for _, form := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(form, text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, usage("deadline %q is not of the form 2026-01-31T18:00:00Z or 2026-01-31", text)
}

func runApprove(ctx context.Context, std stdio, o *approvalOptions, opened *data, word string) error {
	a := deploy.Approval{Choice: deploy.Choice(o.choice)}
	if !a.Choice.Valid() {
		return usage("no such choice: %q", o.choice)
	}
	if o.deadline != "" {
		t, err := deadline(o.deadline)
		if err != nil {
			return err
		}
		a.Deadline = &t
	}
	var err error
	if a.Window, err = maintenance.Parse(o.window); err != nil {
		return usage("window: %v", err)
	}
	u, err := oneUpdate(ctx, opened, word)
	if err != nil {
		return err
	}
	if u.Type == catalog.Category || u.Type == catalog.Detectoid {
		return &problem{exit: exitFailed, err: fmt.Errorf("%s is a %s: there for other updates only", u.Title, u.Type)}
	}
	g, err := findGroup(ctx, opened, o.group)
	if err != nil {
		return err
	}
	a.Update, a.Group = u.Update, g.ID
	there, err := opened.Approvals(ctx)
	if err != nil {
		return err
	}
	if err := deploy.CheckWindows(there, a); err != nil {
		return &problem{exit: exitFailed, err: err, hint: "let groups share windows of the same hours: redx approval list shows all"}
	}
	if a, err = opened.Approve(ctx, a); err != nil {
		return err
	}
	if u.ScanOnly && (a.Choice == deploy.Install || a.Choice == deploy.Optional) {
		fmt.Fprintln(std.err, "redx: it came from a catalogue for scans, without its files: computers do not get it until redx server import has taken in the update itself")
	}
	return o.answer(std, approved{a, u.Title, g.Name}, func(w io.Writer) error {
		text := fmt.Sprintf("%s for %s: %s\n", u.Title, g.Name, a.Choice)
		by, in := until(a)
		for _, more := range []string{by, in} {
			if more != "" {
				text += "  " + more + "\n"
			}
		}
		_, err := io.WriteString(w, text)
		return err
	})
}
