package main

import (
	"errors"
	"os"

	"github.com/spf13/cobra"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/doctor/check"
	"github.com/redx-update/redx/internal/image"
	"github.com/redx-update/redx/internal/repair"
	"github.com/redx-update/redx/internal/repair/look"
	"github.com/redx-update/redx/internal/report"
)

const repairHelp = `Repair plans the least repair that can help, rung by rung: one update's download folder, then the whole download
folder, then SoftwareDistribution as Microsoft's KB 910336 has it. Folders are renamed, never deleted. Only a finding
that is proven leads to a step; what redx leaves alone, and why, is said; other fixes are printed with their risk.

This version plans and does not act: --dry-run is needed.

It plans nothing while a restart is pending, on a hibernated disk (fast start-up hibernates), on a folder that was
redirected, or on what it cannot see. --kb910336 asks for the article's procedure whatever was found; it waives the
proof and no refusal.

EXIT STATUS
  0  a plan, or nothing to repair    1  failed, or refused        2  wrong usage
  3  problems found, and nothing that redx would repair: see whose turn it is
 10  no Windows there, or nothing recognised in the logs
 12  busy: a restart is pending      130  cancelled`

type repairOptions struct {
	where
	dryRun  bool
	article bool
	json    bool
}

func newRepairCommand(std stdio) *cobra.Command {
	var o repairOptions
	cmd := &cobra.Command{
		Use:     "repair --dry-run (--image PATH | --logs PATH)",
		Short:   "Plan the least repair that the findings prove",
		Long:    repairHelp,
		Example: "  redx repair --dry-run --image /mnt/c\n  redx repair --dry-run --kb910336 --image /mnt/c --json",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runRepair(cmd, std, &o) },
	}
	o.addFlags(cmd)
	f := cmd.Flags()
	f.BoolVar(&o.dryRun, "dry-run", false, "print the plan and change nothing")
	f.BoolVar(&o.article, "kb910336", false, "plan the procedure of KB 910336, whatever was found")
	f.BoolVar(&o.json, "json", false, "print JSON (docs/json.md)")
	return cmd
}

func runRepair(cmd *cobra.Command, std stdio, o *repairOptions) error {
	if o.logs != "" && !o.dryRun {
		return &problem{
			exit: exitUsage, err: errors.New("logs cannot be repaired"), hint: "for the plan that they support: --dry-run --logs " + o.logs,
		}
	}
	if !o.dryRun && o.image != "" {
		return &problem{
			exit: exitFailed, err: errors.New("repairing is not in this version"), hint: "for the plan: redx repair --dry-run",
		}
	}
	img, err := o.open()
	if err != nil {
		return err
	}
	defer img.Close()
	found, err := gatherImage(cmd.Context(), std, img)
	if err != nil {
		return err
	}
	findings := doctor.Examine(found.set, check.All())
	plan, err := planRepair(img, findings, o)
	if err != nil {
		return err
	}
	return showPlan(std, found, findings, plan, o)
}

func planRepair(img image.Image, findings []doctor.Finding, o *repairOptions) (*repair.Plan, error) {
	scene := look.Image(img, repair.Targets(findings, look.Root(img)))
	if info, err := os.Stat(o.image); o.image != "" && (err != nil || !info.IsDir()) {
		scene.ReadOnly = "an image file is only read; mount it to repair what is in it"
	}
	return repair.Make(findings, scene, repair.Options{Article: o.article})
}

func showPlan(std stdio, found looked, findings []doctor.Finding, plan *repair.Plan, o *repairOptions) error {
	var err error
	if o.json {
		err = report.WriteJSON(std.out, report.NewPlan(found.image, plan))
	} else {
		err = report.PlanText(std.out, std.style, found.image, plan, findings)
	}
	if err != nil {
		return err
	}
	return silent(planExit(plan, findings))
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
