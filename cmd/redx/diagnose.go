package main

import (
	"github.com/spf13/cobra"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/doctor/check"
	"github.com/redx-update/redx/internal/report"
)

func newDiagnoseCommand(std stdio) *cobra.Command {
	var at where
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "diagnose [--image PATH | --logs PATH]",
		Short: "Find why updates failed on this installation",
		Long: `Diagnose reads the logs, event logs, traces, databases and registry of a Windows installation and says what is
wrong: the cause, the update, the file, and the lines that prove it. It never writes there.

On Windows it looks at this computer, unless one of the flags names something else. Best start it in an elevated
Command Prompt: without an administrator's rights some files cannot be read, and the answer names them.

EXIT STATUS
  0  nothing wrong found (also when the evidence is incomplete: see what was not read)
  1  failed    2  wrong usage    3  problems found
 10  no Windows there, or nothing recognised in the logs    130  cancelled`,
		Example: "  redx diagnose\n  redx diagnose --image /mnt/c\n  redx diagnose --logs ./logs.zip --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			found, err := at.gather(cmd.Context(), std)
			if err != nil {
				return err
			}
			return showDiagnosis(std, found, asJSON)
		},
	}
	at.addFlags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON (docs/json.md)")
	return cmd
}

func showDiagnosis(std stdio, found looked, asJSON bool) error {
	findings := doctor.Examine(found.set, check.All())
	var err error
	if asJSON {
		err = report.WriteJSON(std.out, report.NewDiagnosis(found.image, found.set, findings))
	} else {
		err = report.Text(std.out, std.style, found.image, found.set, findings)
	}
	if err == nil && doctor.Worst(findings) == doctor.Error {
		return silent(exitProblems)
	}
	return err
}
