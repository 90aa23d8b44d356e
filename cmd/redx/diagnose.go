package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/doctor/check"
	"github.com/redx-update/redx/internal/history"
	"github.com/redx-update/redx/internal/report"
)

type diagnoseOptions struct {
	where
	update string
	since  string
	json   bool
	html   string
}

func newDiagnoseCommand(std stdio) *cobra.Command {
	var o diagnoseOptions
	cmd := &cobra.Command{
		Use:   "diagnose [--image PATH | --logs PATH]",
		Short: "Find why updates failed on this installation",
		Long: `Diagnose reads the logs, event logs, traces, databases and registry of a Windows installation and says what is
wrong: the cause, the update, the file, and the lines that prove it. It never writes there.

On Windows it looks at this computer, unless one of the flags names something else. Best start it in an elevated
Command Prompt: without an administrator's rights some files cannot be read, and the answer names them.

EXIT STATUS
  0  nothing wrong found; also when the evidence is incomplete (see what was not read), and when updates fail for
     a reason that redx did not find: --json has "unexplained" and "upgrades" then
  1  failed    2  wrong usage    3  problems found
 10  no Windows there, or nothing recognised in the logs    130  cancelled`,
		Example: "  redx diagnose\n  redx diagnose --image /mnt/c --update KB5034122\n" +
			"  redx diagnose --logs ./logs.zip --html report.html",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runDiagnose(cmd, std, &o) },
	}
	o.addFlags(cmd)
	f := cmd.Flags()
	f.StringVar(&o.update, "update", "", "only what is about this update: a `KB` number, an id, or part of a title")
	f.StringVar(&o.since, "since", "", "only what was seen from this `DATE` on (2024-01-31, or RFC 3339)")
	f.BoolVar(&o.json, "json", false, "print JSON (docs/json.md)")
	f.StringVar(&o.html, "html", "", "write a page to `FILE`")
	cmd.MarkFlagsMutuallyExclusive("json", "html")
	return cmd
}

func runDiagnose(cmd *cobra.Command, std stdio, o *diagnoseOptions) error {
	by := history.Filter{Update: o.update}
	var err error
	if by.Since, err = parseDate(o.since); err != nil {
		return err
	}
	if err := o.outside(o.html); err != nil {
		return err
	}
	found, err := o.gather(cmd.Context(), std)
	if err != nil {
		return err
	}
	exam := doctor.NewExam(found.set)
	findings := exam.Run(check.All())
	o.aim(findings)
	result := report.ResultOf(found.image, exam, findings, by)
	result.Target, result.Upgrades = o.target(), check.FailedUpgrades(found.set, findings)
	switch {
	case o.json:
		err = report.WriteJSON(std.out, report.NewDiagnosis(result))
	case o.html != "":
		err = writePage(std, o.html, verdict(result), func(w io.Writer) error { return report.DiagnosisPage(w, result, version(), time.Now()) })
	default:
		err = report.Text(std.out, std.style, result)
	}
	if err == nil && doctor.Worst(result.Findings) == doctor.Error {
		return silent(exitProblems)
	}
	return err
}

// verdict says in a few words what a page says.
func verdict(r *report.Result) string {
	n := 0
	for _, f := range r.Findings {
		if f.Severity == doctor.Error {
			n++
		}
	}
	switch {
	case n == 1:
		return "1 problem"
	case n > 1:
		return strconv.Itoa(n) + " problems"
	case len(r.Findings) > 0:
		return "nothing that keeps updates away, but something to read"
	}
	text, _ := r.Nothing()
	text, _, _ = strings.Cut(text, ":")
	return strings.ToLower(text[:min(len(text), 1)]) + text[min(len(text), 1):]
}

// aim makes the command that repairs one for the installation that was looked at. Transfer jobs can only be cancelled
// where that Windows runs.
func (w *where) aim(findings []doctor.Finding) {
	for i := range findings {
		for k, command := range findings[i].Next {
			if command == "redx repair" || command == "redx repair undo" {
				findings[i].Next[k] += w.flags()
			}
		}
	}
}

// target is how a command names what was looked at.
func (w *where) target() string {
	if w.logs != "" {
		return "--logs " + quoted(w.logs)
	}
	return strings.TrimPrefix(w.flags(), " ")
}

// outside refuses to write a file into the image that is looked at, or over what is read.
func (w *where) outside(file string) error {
	place := w.image + w.logs
	if file == "" || place == "" {
		return nil
	}
	inside, same := lies(file, place)
	if same || inside && w.image != "" {
		return usage("%s lies in %s, where redx writes nothing; name a place outside", file, place)
	}
	return nil
}

// lies reports whether a file that may not be there yet lies below a place, and whether it is that place.
func lies(file, place string) (inside, same bool) {
	base, err := os.Stat(place)
	if err != nil {
		return false, false
	}
	if info, err := os.Stat(file); err == nil && os.SameFile(info, base) {
		return true, true
	}
	dir, err := filepath.Abs(filepath.Dir(file))
	if err != nil {
		return false, false
	}
	if resolved, err := filepath.EvalSymlinks(dir); err == nil {
		dir = resolved
	}
	for {
		if info, err := os.Stat(dir); err == nil && os.SameFile(info, base) {
			return true, false
		}
		up := filepath.Dir(dir)
		if up == dir {
			return false, false
		}
		dir = up
	}
}

// writePage writes a file and says so, and what stands in it.
func writePage(std stdio, path, says string, write func(io.Writer) error) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return notWritten(path, err)
	}
	defer func() {
		if cerr := f.Close(); err == nil {
			err = cerr
		}
	}()
	if err := write(f); err != nil {
		return err
	}
	if says != "" {
		says = ": " + says
	}
	_, err = fmt.Fprintf(std.err, "redx: wrote %s%s\n", path, says)
	return err
}
