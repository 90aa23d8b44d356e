package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/doctor/check"
	"github.com/redx-update/redx/internal/history"
	"github.com/redx-update/redx/internal/repair"
	"github.com/redx-update/redx/internal/repair/session"
	"github.com/redx-update/redx/internal/report"
)

const repairHelp = `Repair does the least that can help, rung by rung: one update's download folder, then the whole download folder, then
SoftwareDistribution as Microsoft's KB 910336 has it. Folders are renamed, never deleted, and redx repair undo gives
them their names back. What redx keeps itself, its journal and the saved history, stands in ProgramData\redx of that
Windows. Only a finding that is proven leads to a step; what redx leaves alone, and why, is said; other
fixes are printed with their risk.

It shows the plan, asks once, and does it; --dry-run only shows it. With --image folders are renamed and nothing else is
touched; that the update comes again, only that Windows can prove.

It does nothing while a restart is pending, on a hibernated disk (fast start-up hibernates), on a folder that was
redirected, or on what it cannot see. --kb910336 asks for the article's procedure whatever was found; it waives the
proof and no refusal.

EXIT STATUS
  0  done (offline: unproven), a plan, or nothing to repair       1  failed, or refused        2  wrong usage
  3  problems found, and nothing that redx would repair: see whose turn it is; or done, and not proven to have helped
  4  it could not be done, and all was taken back                 5  needs the rights of an administrator
 10  no Windows there, or nothing recognised in the logs         11  another redx is repairing this Windows
 12  busy: an update is being installed, or a restart is pending 130  cancelled
3010  a restart of Windows is needed, which finishes it (194 where exit codes end at 255)`

// repairOptions are the flags of repair and of what stands below it.
type repairOptions struct {
	where
	dryRun       bool
	article      bool
	irreversible bool
	json         bool
	yes          bool
	location     string
	install      bool
}

func newRepairCommand(std stdio) *cobra.Command {
	var o repairOptions
	cmd := &cobra.Command{
		Use:   "repair [--image PATH] [--dry-run]",
		Short: "Do the least repair that the findings prove, so that it can be undone",
		Long:  repairHelp,
		Example: "  redx repair --dry-run --image /mnt/c\n  redx repair --image /mnt/c\n  redx repair undo --image /mnt/c\n" +
			"  redx repair --dry-run --kb910336 --logs C:\\logs",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runRepair(cmd.Context(), std, &o) },
	}
	o.addFlags(cmd)
	f := cmd.Flags()
	f.BoolVar(&o.dryRun, "dry-run", false, "print the plan and change nothing")
	f.BoolVar(&o.article, "kb910336", false, "the procedure of KB 910336, whatever was found")
	f.BoolVar(&o.irreversible, "allow-irreversible", false, "also what cannot be undone, as the last thing (cancelling transfer jobs)")
	f.StringVar(&o.location, "location", "", "where to get the update again: `wu|mu|wsus`; what this computer uses by default")
	f.BoolVar(&o.install, "install", false, "install the update that came again, not only download it")
	f.BoolVar(&o.yes, "yes", false, "do not ask")
	f.BoolVar(&o.json, "json", false, "print JSON (docs/json.md)")
	cmd.AddCommand(newRepairStatusCommand(std), newRepairResumeCommand(std), newRepairUndoCommand(std), newRepairPurgeCommand(std))
	return cmd
}

func runRepair(ctx context.Context, std stdio, o *repairOptions) error {
	if err := o.usage(); err != nil {
		return err
	}
	t, err := o.target(std)
	if err != nil {
		return err
	}
	defer t.close()
	if err := o.mayAsk(std, "to look at what would be done: redx repair --dry-run"+o.flags()); !o.dryRun && err != nil {
		return err
	}
	if err := t.first(ctx, o.dryRun); err != nil {
		return t.problem(err)
	}
	p, err := o.plan(ctx, std, t)
	if err != nil {
		return err
	}
	exit := planExit(p.plan, p.findings)
	if o.dryRun || p.plan.Empty() || len(p.plan.Refusals) > 0 {
		return errors.Join(t.show(p), silent(exit))
	}
	if !o.json {
		if err := t.show(p); err != nil {
			return err
		}
	}
	if err := o.agreed(std, "Do this"); err != nil {
		return err
	}
	return t.repair(ctx, p)
}

// usage refuses what cannot be meant.
func (o *repairOptions) usage() error {
	switch o.location {
	case "", "wu", "mu", "wsus":
	default:
		return usage("--location is wu (Windows Update), mu (Microsoft Update) or wsus, not %q", o.location)
	}
	switch {
	case o.image+o.logs != "" && (o.install || o.location != ""):
		return &problem{
			exit: exitUsage, err: errors.New("--install and --location are for the Windows that is running"),
			hint: "a Windows that does not run gets its update when it is started",
		}
	case o.dryRun:
		return nil
	case o.logs != "":
		return &problem{
			exit: exitUsage, err: errors.New("logs cannot be repaired"), hint: "for the plan that they support: --dry-run --logs " + o.logs,
		}
	}
	return nil
}

// mayAsk wants somebody to ask, or that nobody has to be.
func (o *repairOptions) mayAsk(std stdio, look string) error {
	if o.yes || std.asks && !o.json {
		return nil
	}
	why := "standard input is no terminal, so redx cannot ask"
	if o.json {
		why = "with --json redx cannot ask"
	}
	return &problem{exit: exitUsage, err: errors.New(why), hint: "to go on without a question: --yes; " + look}
}

// planned is a plan and what it was made of.
type planned struct {
	found    looked
	findings []doctor.Finding
	options  repair.Options
	plan     *repair.Plan
}

func (o *repairOptions) plan(ctx context.Context, std stdio, t *target) (*planned, error) {
	img, err := o.open()
	if err != nil {
		return nil, err
	}
	defer img.Close()
	p := &planned{options: repair.Options{Article: o.article, AllowIrreversible: o.irreversible}}
	if p.found, err = gatherImage(ctx, std, img); err != nil {
		return nil, err
	}
	p.findings = doctor.Examine(p.found.set, check.All())
	scene := t.Scene(ctx, img, repair.Targets(p.findings, t.Root()))
	p.plan, err = repair.Make(p.findings, scene, p.options)
	return p, err
}

func (t *target) show(p *planned) error {
	if t.options.json {
		return report.WriteJSON(t.std.out, report.NewPlan(p.found.image, p.plan))
	}
	var kept []session.Kept
	if t.Session != nil {
		kept, _ = t.Kept() // what stands against reading the journals is said where they are needed
	}
	return report.PlanText(t.std.out, t.std.style, &report.Proposal{
		Result: report.NewResult(p.found.image, p.found.set, p.findings, history.Filter{}), Plan: p.plan,
		DryRun: t.options.dryRun, Kept: kept, Flags: t.options.flags(),
	})
}

func (p *planned) wish() session.Wish {
	return session.Wish{Findings: p.findings, Options: p.options, Shown: p.plan}
}

// planExit is the exit code for a plan.
func planExit(plan *repair.Plan, findings []doctor.Finding) int {
	switch {
	case len(plan.Refusals) > 0:
		return plan.Refusals[0].Reason.Exit()
	case plan.Empty() && (plan.Article || doctor.Worst(findings) == doctor.Error):
		return exitProblems
	default:
		return exitOK
	}
}

// flags names the installation as the user did, for the commands that are suggested.
func (w *where) flags() string {
	if w.image == "" {
		return ""
	}
	return fmt.Sprintf(" --image %s", quoted(w.image))
}
