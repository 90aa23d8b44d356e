package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/redx-update/redx/internal/repair/session"
	"github.com/redx-update/redx/internal/repair/site"
	"github.com/redx-update/redx/internal/report"
)

const verbsExit = `
EXIT STATUS
  0  done, or there was nothing to do       1  failed, or refused     2  wrong usage
  4  it could not be done, and all is as it was before        5  needs the rights of an administrator
 10  no Windows there                      11  another redx is repairing this Windows
 12  busy: a restart is pending           130  cancelled
3010  a restart of Windows is needed, which finishes it`

// addVerbFlags adds what all verbs below repair take. Logs are none of it: nothing was ever repaired there.
func (o *repairOptions) addVerbFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.image, "image", "", "a mounted Windows disk or a copied tree `PATH`")
	f.BoolVar(&o.json, "json", false, "print JSON (docs/json.md)")
}

// verb opens what a verb is about.
func (o *repairOptions) verb(std stdio) (*target, error) {
	t, err := o.target(std)
	if err != nil {
		return nil, err
	}
	if t.Session == nil {
		t.close()
		return nil, &problem{exit: exitFailed, err: errors.New("nothing can be repaired there: " + site.Unwritable(o.image))}
	}
	return t, nil
}

func newRepairStatusCommand(std stdio) *cobra.Command {
	var o repairOptions
	cmd := &cobra.Command{
		Use:   "status [--image PATH]",
		Short: "Show how repairs stand, whether that can be seen, and what is kept",
		Long: "Status shows each step of each repair, and looks whether what its journal says is what is there: step 5 of KB 910336\n" +
			"(\"make sure that you did it\") as code. It changes nothing.\n" + verbsExit,
		Example: "  redx repair status\n  redx repair status --image /mnt/c --json",
		Args:    cobra.NoArgs,
		RunE:    func(*cobra.Command, []string) error { return runRepairStatus(std, &o) },
	}
	o.addVerbFlags(cmd)
	return cmd
}

func runRepairStatus(std stdio, o *repairOptions) error {
	t, err := o.verb(std)
	if err != nil {
		return err
	}
	defer t.close()
	st, err := t.Status()
	if errors.Is(err, session.ErrMachine) {
		return t.problem(err)
	}
	out := report.NewStatus(t.image, st, err)
	if o.json {
		err = errors.Join(report.WriteJSON(std.out, out), err)
	} else {
		err = errors.Join(report.StatusText(std.out, std.style, out, o.flags()), err)
	}
	if err != nil {
		return t.problem(err)
	}
	return nil
}

func newRepairResumeCommand(std stdio) *cobra.Command {
	var o repairOptions
	cmd := &cobra.Command{
		Use:     "resume [--image PATH]",
		Short:   "Go on with a repair that was never ended",
		Long:    "Resume goes on with a repair that died in the middle, or takes it back when it cannot be done any more.\n" + verbsExit,
		Example: "  redx repair resume\n  redx repair resume --image /mnt/c",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runRepairResume(cmd.Context(), std, &o) },
	}
	o.addVerbFlags(cmd)
	cmd.Flags().BoolVar(&o.yes, "yes", false, "taken for the sake of scripts: it asks nothing, since the repair was agreed to")
	return cmd
}

func runRepairResume(ctx context.Context, std stdio, o *repairOptions) error {
	t, err := o.verb(std)
	if err != nil {
		return err
	}
	defer t.close()
	res := session.Result{State: session.Undone}
	names, err := t.Journals.Names()
	if err == nil && len(names) > 0 {
		if err = t.Hold(); err == nil {
			res.Recovered, err = t.Resume(ctx)
		}
	}
	if err != nil && len(res.Recovered) == 0 {
		return t.problem(err)
	}
	res.State = resumed(res.Recovered, res.State)
	return t.ended("resume", res, err)
}

// resumed is the state that resuming ends in: that of what was resumed last.
func resumed(all []session.Recovered, none session.State) session.State {
	if len(all) == 0 {
		return none
	}
	return session.StateOf(all[len(all)-1].Outcome)
}

func newRepairUndoCommand(std stdio) *cobra.Command {
	var o repairOptions
	cmd := &cobra.Command{
		Use:   "undo [--image PATH]",
		Short: "Take back the latest repair that is not undone yet",
		Long: "Undo gives the folders of the latest repair their names back, all its steps. What Windows has made anew meanwhile is\n" +
			"kept under a name of its own (SDTemp.undone).\n" + verbsExit,
		Example: "  redx repair undo\n  redx repair undo --image /mnt/c",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runRepairUndo(cmd.Context(), std, &o) },
	}
	o.addVerbFlags(cmd)
	cmd.Flags().BoolVar(&o.yes, "yes", false, "do not ask")
	return cmd
}

func runRepairUndo(ctx context.Context, std stdio, o *repairOptions) error {
	t, err := o.verb(std)
	if err != nil {
		return err
	}
	defer t.close()
	if err := o.mayAsk(std, "to look at what there is: redx repair status"+o.flags()); err != nil {
		return err
	}
	names, err := t.Journals.Names()
	if err != nil || len(names) == 0 {
		return errors.Join(err, t.nothing("undo", "nothing"))
	}
	if err := o.agreed(std, "Take back the latest repair"); err != nil {
		return err
	}
	if err := t.Hold(); err != nil {
		return t.problem(err)
	}
	res, err := t.Undo(ctx)
	if errors.Is(err, session.ErrNothing) {
		t.recovered(res.Recovered)
		return t.nothing("undo", t.purgedBefore())
	}
	return t.ended("undo", res, err)
}

// nothing says that there is nothing to do, which is no failure.
func (t *target) nothing(verb string, state session.State) error {
	out := report.NewOutcome(t.image, verb, t.Root(), session.Result{State: state}, nil, t.options.flags(), nil)
	if t.options.json {
		return report.WriteJSON(t.std.out, out)
	}
	return report.OutcomeText(t.std.out, t.std.style, out)
}

// purgedBefore tells nothing to take back from what cannot be taken back any more.
func (t *target) purgedBefore() session.State {
	st, err := t.Status()
	if err == nil && len(st.Steps) > 0 && st.Steps[len(st.Steps)-1].State == "purged" {
		return "purged"
	}
	return "nothing"
}

func newRepairPurgeCommand(std stdio) *cobra.Command {
	var o repairOptions
	var unproven bool
	cmd := &cobra.Command{
		Use:   "purge [--image PATH] [--unproven]",
		Short: "Delete the folders that repairs have kept",
		Long: "Purge deletes what repairs have kept, to free the space: of repairs that are proven to have helped, with --unproven of\n" +
			"all. What is deleted cannot be undone any more.\n" + verbsExit,
		Example: "  redx repair purge\n  redx repair purge --unproven --image /mnt/c",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runRepairPurge(cmd.Context(), std, &o, unproven) },
	}
	o.addVerbFlags(cmd)
	cmd.Flags().BoolVar(&o.yes, "yes", false, "do not ask")
	cmd.Flags().BoolVar(&unproven, "unproven", false, "also of repairs that nobody has seen to have helped")
	return cmd
}

func runRepairPurge(ctx context.Context, std stdio, o *repairOptions, unproven bool) error {
	t, err := o.verb(std)
	if err != nil {
		return err
	}
	defer t.close()
	if err := o.mayAsk(std, "to look at what there is: redx repair status"+o.flags()); err != nil {
		return err
	}
	kept, err := t.Kept()
	if err != nil {
		return t.problem(err)
	}
	if len(kept) == 0 {
		return t.nothing("purge", "nothing")
	}
	if !unproven && !anyProven(kept) {
		return &problem{
			exit: exitFailed, err: fmt.Errorf("of %s that %s kept, no repair is proven to have helped", folders(len(kept)), are(len(kept))),
			hint: "to delete them all the same: --unproven; they could not be brought back then",
		}
	}
	if err := o.agreed(std, fmt.Sprintf("Delete what is kept, up to %s", folders(len(kept)))); err != nil {
		return err
	}
	if err := t.Hold(); err != nil {
		return t.problem(err)
	}
	gone, err := t.Purge(ctx, unproven)
	return t.purged(gone, err)
}

func folders(n int) string {
	if n == 1 {
		return "1 folder"
	}
	return fmt.Sprintf("%d folders", n)
}

func are(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

func anyProven(kept []session.Kept) bool {
	for _, k := range kept {
		if k.Proven {
			return true
		}
	}
	return false
}

func (t *target) purged(gone []session.Kept, err error) error {
	left, lerr := t.Kept()
	if err = errors.Join(err, lerr); err == nil && len(left) == 0 {
		err = t.Forget()
	}
	out := report.NewPurged(t.image, gone, left)
	if t.options.json {
		err = errors.Join(report.WriteJSON(t.std.out, out), err)
	} else {
		err = errors.Join(report.PurgedText(t.std.out, t.std.style, out), err)
	}
	if err != nil {
		return t.problem(err)
	}
	return nil
}
