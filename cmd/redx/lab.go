package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/redx-update/redx/internal/doctor/check"
	"github.com/redx-update/redx/internal/history"
	"github.com/redx-update/redx/internal/image"
	"github.com/redx-update/redx/internal/lab"
	"github.com/redx-update/redx/internal/lab/story"
	"github.com/redx-update/redx/internal/report"
)

type labOptions struct {
	scenario  string
	fast      bool
	json      bool
	list      bool
	computers int
}

func newLabCommand(std stdio) *cobra.Command {
	o := labOptions{scenario: storyScenario}
	cmd := &cobra.Command{
		Use:   "lab",
		Short: "See the whole story on one machine",
		Long: `Lab tells the whole story on this machine, with real processes, protocols, files and databases, all in a temporary
folder: an update server, and computers that visit it, download and install. One loses a file of the update between
extraction and installation, one a folder, one has its datastore damaged, and for one the server loses the file: red
X, diagnosis with the file's name, repair, second visit, green. Then it prints a link to the server's console that logs in
once, and stays up until Ctrl-C, which removes the folder; with --fast it ends and leaves the folder to you. What did not
end as it should is kept too.

With --scenario NAME it builds one broken Windows image from a readable scenario instead, diagnoses it, prints the
report, and says where the image lies and how to look further.

EXIT STATUS
  0  every computer ended as it should; with --scenario: the report is what the scenario expects
  1  not so, or it could not be told    2  wrong usage    130  cancelled`,
		Example: "  redx lab\n  redx lab --fast\n  redx lab --list\n  redx lab --scenario component-payload-missing --json",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runLab(cmd, std, &o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.scenario, "scenario", o.scenario, "which scenario, by `NAME`: story, or one of a broken image")
	f.BoolVar(&o.fast, "fast", false, "end when the story is told")
	f.IntVar(&o.computers, "computers", len(story.Names()), "how many computers there are in the story, `N`")
	f.BoolVar(&o.json, "json", false, "print JSON (docs/json.md)")
	f.BoolVar(&o.list, "list", false, "name the scenarios")
	cmd.AddCommand(newLabImageCommand(std))
	return cmd
}

func newLabImageCommand(std stdio) *cobra.Command {
	return &cobra.Command{
		Use:   "image SCENARIO DIR",
		Short: "Build a scenario's image in DIR and stop",
		Long: `Image builds the image of a scenario in DIR, which must be empty or not exist, and marks it as the lab's with
DIR/` + lab.MarkerName + `. The marker counts only for --image, never on the running system.

EXIT STATUS
  0  built    1  failed    2  wrong usage, or no such scenario`,
		Example: "  redx lab image payload-missing-download /tmp/pc && redx diagnose --image /tmp/pc",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usage("lab image wants SCENARIO and DIR; redx lab --list names the scenarios")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			s, err := lab.Load(args[0])
			if err != nil {
				return &problem{exit: exitUsage, err: err}
			}
			if err := lab.Build(s, args[1]); err != nil {
				return err
			}
			_, err = fmt.Fprintf(std.err, "redx: built %s in %s\n", s.Name, args[1])
			return err
		},
	}
}

func runLab(cmd *cobra.Command, std stdio, o *labOptions) error {
	if o.list {
		return listScenarios(std, o.json)
	}
	if o.scenario == storyScenario {
		return runStory(cmd.Context(), std, o)
	}
	s, err := lab.Load(o.scenario)
	if err != nil {
		return &problem{exit: exitUsage, err: err}
	}
	if cmd.Flags().Changed("computers") {
		return usage("--computers is for the story; scenario %s is the disk of one computer", s.Name)
	}
	dir, err := os.MkdirTemp("", "redx-lab-")
	if err != nil {
		return err
	}
	dir = filepath.Join(dir, "C")
	story := narrator{std: std, fast: o.fast || !std.style.Progress, silent: o.json}
	story.part("%s", strings.TrimSpace(s.Title+"\n\n"+s.Story))
	if err := lab.Build(s, dir); err != nil {
		return err
	}
	story.part("The image of that computer's disk lies in %s. This is what redx says of it:", dir)
	outcome, err := lab.Run(cmd.Context(), s, dir)
	if err != nil {
		return err
	}
	if err := showOutcome(std, o, s, dir, outcome); err != nil {
		return err
	}
	shown := dir
	if strings.Contains(dir, " ") { // as users of Windows are often called
		shown = `"` + dir + `"`
	}
	story.part("Look further:\n  redx diagnose --image %[1]s --json\n  redx history --image %[1]s\n  redx lab --list\nThe image is yours; delete it when you are done.", shown)
	if len(outcome.Wrong) > 0 {
		return fmt.Errorf("the report is not what scenario %s expects: %w", s.Name, joinLines(outcome.Wrong))
	}
	return nil
}

func joinLines(lines []string) error {
	errs := make([]error, len(lines))
	for i, l := range lines {
		errs[i] = errors.New(l)
	}
	return errors.Join(errs...)
}

func showOutcome(std stdio, o *labOptions, s *lab.Scenario, dir string, outcome *lab.Outcome) error {
	img := imageOf(image.Offline, dir, outcome.Evidence)
	place := where{image: dir}
	place.aim(outcome.Findings)
	result := report.NewResult(img, outcome.Evidence, outcome.Findings, history.Filter{})
	result.Target, result.Upgrades = place.target(), check.FailedUpgrades(outcome.Evidence, outcome.Findings)
	if o.json {
		return report.WriteJSON(std.out, labJSON{
			Scenario: s.Name, Title: s.Title, Expected: len(outcome.Wrong) == 0, Wrong: outcome.Wrong,
			Diagnosis: report.NewDiagnosis(result),
		})
	}
	return report.Text(std.out, std.style, result)
}

// labJSON is `redx lab --json`.
type labJSON struct {
	Scenario  string           `json:"scenario"`
	Title     string           `json:"title"`
	Expected  bool             `json:"expected"`
	Wrong     []string         `json:"wrong,omitempty"`
	Diagnosis report.Diagnosis `json:"diagnosis"`
}

// scenarioJSON is one entry of `redx lab --list --json`.
type scenarioJSON struct {
	Name  string `json:"name"`
	Title string `json:"title"`
}

func listScenarios(std stdio, asJSON bool) error {
	list := []scenarioJSON{{storyScenario, storyTitle}}
	for _, name := range lab.Names() {
		s, err := lab.Load(name)
		if err != nil {
			return err
		}
		list = append(list, scenarioJSON{s.Name, s.Title})
	}
	if asJSON {
		return report.WriteJSON(std.out, list)
	}
	for _, s := range list {
		if _, err := fmt.Fprintf(std.out, "%-34s %s\n", s.Name, s.Title); err != nil {
			return err
		}
	}
	return nil
}

// narrator tells the story on stderr, part by part, with a breath between the parts on a terminal.
type narrator struct {
	std          stdio
	fast, silent bool
	begun        bool
}

func (n *narrator) part(format string, args ...any) {
	if n.silent {
		return
	}
	if n.begun && !n.fast {
		time.Sleep(1200 * time.Millisecond)
	}
	n.begun = true
	fmt.Fprintf(n.std.err, format+"\n\n", args...)
}
