package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/doctor/check"
	"github.com/redx-update/redx/internal/store"
)

func newServerHealingCommand(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use: "healing", Short: "What computers may mend by themselves",
		Long: `Healing keeps the agents of a fleet from mending what a finding is about, or lets them again. A finding that a share
of the fleet sends within a day is paused by the server itself (docs/server.md), until somebody resumes it: what all
computers have at once is hardly the fault of each.`,
		Example: "  redx server healing list --data /srv/redx\n  redx server healing pause payload-missing-download --data /srv/redx",
	}
	cmd.AddCommand(newHealingListCommand(std), newHealingPauseCommand(std), newHealingResumeCommand(std))
	return cmd
}

func newHealingListCommand(std stdio) *cobra.Command {
	var d dataFlags
	cmd := &cobra.Command{
		Use: "list --data FOLDER", Short: "List what computers are not to mend now", Args: cobra.NoArgs,
		Example: "  redx server healing list --data /srv/redx",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return d.with(cmd.Context(), false, func(opened *data) error {
				all, err := opened.HealingPauses(cmd.Context())
				if err != nil {
					return err
				}
				if all == nil {
					all = []store.HealingPause{}
				}
				return d.answer(std, all, func(w io.Writer) error { return pausesText(w, all) })
			})
		},
	}
	d.add(cmd)
	return cmd
}

func pausesText(w io.Writer, all []store.HealingPause) error {
	if len(all) == 0 {
		_, err := fmt.Fprintln(w, "nothing is paused")
		return err
	}
	for _, p := range all {
		if _, err := fmt.Fprintf(w, "%s  since %s  %s\n", p.What, p.Since.UTC().Format("2006-01-02 15:04Z"), p.Why); err != nil {
			return err
		}
	}
	return nil
}

func newHealingPauseCommand(std stdio) *cobra.Command {
	var d dataFlags
	var why string
	cmd := &cobra.Command{
		Use: "pause --data FOLDER CHECK", Short: "Keep computers from mending what a check, or one finding, is about",
		Args:    one("a CHECK, such as payload-missing-download, or the id of a finding"),
		Example: "  redx server healing pause payload-missing-download --why \"we look at the server first\" --data /srv/redx",
		RunE: func(cmd *cobra.Command, args []string) error {
			if !isCheck(args[0]) {
				return usage("%q is no check and no finding's id; docs/checks has them", args[0])
			}
			return d.with(cmd.Context(), false, func(opened *data) error { return pause(cmd.Context(), std, &d, opened, args[0], why) })
		},
	}
	d.add(cmd)
	cmd.Flags().StringVar(&why, "why", "an administrator has paused it", "the `REASON`, which computers are told")
	return cmd
}

func pause(ctx context.Context, std stdio, d *dataFlags, opened *data, what, why string) error {
	if err := opened.PauseHealing(ctx, store.HealingPause{What: what, Since: time.Now(), Why: why}); err != nil {
		return err
	}
	return d.answer(std, named{what}, func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "paused %s\n", what)
		return err
	})
}

// named is the JSON of what was paused or resumed.
type named struct {
	What string `json:"what"`
}

// isCheck knows a check by its id, and a finding by that of its check and a digest behind it.
func isCheck(what string) bool {
	return slices.ContainsFunc(check.All(), func(c doctor.Check) bool {
		digest, finding := strings.CutPrefix(what, c.ID+"-")
		return what == c.ID || finding && len(digest) == 12 && strings.Trim(digest, "0123456789abcdef") == ""
	})
}

func newHealingResumeCommand(std stdio) *cobra.Command {
	var d dataFlags
	cmd := &cobra.Command{
		Use: "resume --data FOLDER CHECK", Short: "Let computers mend it again", Args: one("what was paused"),
		Long:    "Resume lets computers mend by themselves what was paused. How many have sent a finding is counted anew from then on.",
		Example: "  redx server healing resume payload-missing-download --data /srv/redx",
		RunE: func(cmd *cobra.Command, args []string) error {
			return d.with(cmd.Context(), false, func(opened *data) error {
				if err := opened.ResumeHealing(cmd.Context(), args[0], time.Now()); err != nil {
					return err
				}
				return d.answer(std, named{args[0]}, func(w io.Writer) error {
					_, err := fmt.Fprintf(w, "resumed %s\n", args[0])
					return err
				})
			})
		},
	}
	d.add(cmd)
	return cmd
}
