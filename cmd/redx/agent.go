package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/redx-update/redx/internal/agent"
	"github.com/redx-update/redx/internal/agent/control"
	"github.com/redx-update/redx/internal/report"
	"github.com/redx-update/redx/internal/term"
	"github.com/redx-update/redx/internal/update"
)

func newAgentCommand(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "agent",
		Short: "Automatic Updates: visit an update location, download, install, mend",
		Long: `Agent is Automatic Updates: it visits an update location (a redx server, or any that speaks the protocols of Windows
Server Update Services), downloads what this computer needs, installs it, and reports. An update that fails since files
are missing is diagnosed, mended with the least repair that the policy allows, and tried once more.

With --image it works on a mounted disk or a lab's image; on an image that is not the lab's it installs nothing, and
prints the command that does.`,
		Example: "  redx agent scan\n  redx agent install --server http://updates.example:8530 --trust publisher.pem",
	}
	for _, v := range agentVerbs {
		cmd.AddCommand(newAgentVerbCommand(std, v))
	}
	cmd.AddCommand(newAgentRunCommand(std), newAgentStatusCommand(std), newAgentPauseCommand(std), newAgentResumeCommand(std))
	cmd.AddCommand(newAgentInstallCommand(std), newAgentUninstallCommand(std))
	return cmd
}

// agentVerb is a command that has an agent do something now.
type agentVerb struct {
	verb        agent.Verb
	short, long string
}

var agentVerbs = []agentVerb{
	{agent.ScanNow, "Look what this computer needs", "Scan visits the update location and lists what this computer needs. It downloads nothing."},
	{agent.DownloadNow, "Download what this computer needs", "Download gets all files of what this computer needs, verifies and extracts them. It installs nothing."},
	{
		agent.InstallNow, "Download and install what this computer needs",
		"Install-updates downloads what is not there yet, and installs. What fails is diagnosed, mended as far as the policy\n" +
			"allows (the least rung), and tried once more.",
	},
}

const agentExit = `

It asks the agent that runs here, and does it by itself when none does.

EXIT STATUS
  0  done, or nothing to do     1  failed               2  wrong usage
  3  an update failed           5  needs the rights of an administrator
 10  no Windows there          11  another redx repairs this Windows    130  cancelled
3010  a restart of Windows is needed (194 where exit codes end at 255)`

// standsExit is for the commands that only ask, or tell, an agent how it stands.
const standsExit = `

EXIT STATUS
  0  done    1  failed    2  wrong usage    5  needs the rights of an administrator    10  no Windows there`

// lockedExit goes behind it for those that write something down.
const lockedExit = `
 11  another agent works there, or another redx repairs this Windows`

func newAgentVerbCommand(std stdio, v agentVerb) *cobra.Command {
	var o agentOptions
	cmd := &cobra.Command{
		Use:     string(v.verb),
		Short:   v.short,
		Long:    v.long + agentExit,
		Example: "  redx agent " + string(v.verb) + "\n  redx agent " + string(v.verb) + " --image /mnt/c --server http://updates.example:8530",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			t, err := o.ask(cmd.Context(), std, v.verb)
			if err != nil {
				return err
			}
			return o.show(std, t)
		},
	}
	o.addFlags(cmd)
	return cmd
}

// ask has the running agent do something, or does it.
func (o *agentOptions) ask(ctx context.Context, std stdio, v agent.Verb) (agent.Turn, error) {
	c, err := o.dial(ctx)
	if err == nil {
		t, err := c.Ask(ctx, v)
		return t, agentProblem(errors.Join(err, c.Close()))
	}
	if !errors.Is(err, control.ErrNotRunning) {
		return agent.Turn{}, err
	}
	a, err := o.openAgent(ctx, std)
	if err != nil {
		return agent.Turn{}, err
	}
	t, err := a.Once(ctx, v)
	return t, errors.Join(err, a.close())
}

// show prints what came of a visit.
func (o *agentOptions) show(std stdio, t agent.Turn) error {
	var err error
	if o.json {
		err = report.WriteJSON(std.out, t)
	} else {
		err = turnText(std.out, std.style, &t)
	}
	if err != nil {
		return err
	}
	if t.Err != nil {
		return &problem{exit: exitFailed, err: t.Err, hint: locationHint(t.Err)}
	}
	return silent(turnExit(&t))
}

func locationHint(err error) string {
	switch {
	case errors.Is(err, agent.ErrUnreachable):
		return "look whether the server runs and can be reached from here; nothing of this computer is at fault"
	case errors.Is(err, agent.ErrRefused):
		return "look whether the address is that of an update server, and what stands in its log; the agent asks again at its next usual visit"
	}
	return ""
}

// turnExit is the exit code for what came of a visit.
func turnExit(t *agent.Turn) int {
	restart := false
	for i := range t.Attempts {
		if !t.Attempts[i].Worked() {
			return exitProblems
		}
		restart = restart || t.Attempts[i].Restart
	}
	if restart {
		return exitRestart
	}
	return exitOK
}

func newAgentStatusCommand(std stdio) *cobra.Command {
	var o agentOptions
	cmd := &cobra.Command{
		Use:     "status",
		Short:   "Show how the agent stands",
		Long:    "Status shows what the agent does, when it visits next, and how its latest attempts ended. It changes nothing." + standsExit,
		Example: "  redx agent status\n  redx agent status --image /mnt/c --json",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runAgentStatus(cmd.Context(), std, &o) },
	}
	o.addPlace(cmd)
	return cmd
}

// agentStatusJSON is `redx agent status --json`.
type agentStatusJSON struct {
	Running bool `json:"running"`
	agent.Status
}

func runAgentStatus(ctx context.Context, std stdio, o *agentOptions) error {
	var out agentStatusJSON
	c, err := o.dial(ctx)
	switch {
	case err == nil:
		out.Running = true
		out.Status, err = c.Status(ctx)
		err = errors.Join(err, c.Close())
	case errors.Is(err, control.ErrNotRunning):
		out.State, err = o.remembered()
	}
	if err != nil {
		return agentProblem(err)
	}
	if o.json {
		return report.WriteJSON(std.out, out)
	}
	return statusText(std.out, std.style, &out, time.Now())
}

func statusText(w io.Writer, style term.Style, s *agentStatusJSON, now time.Time) error {
	p := &lines{w: w}
	switch {
	case !s.Running:
		p.print("The agent does not run.\n")
	case s.Doing != "":
		p.print("The agent runs: %s %s\n", s.Doing, s.Title)
	default:
		p.print("The agent runs, and waits.\n")
	}
	switch {
	case s.Paused && !s.PausedUntil.IsZero():
		p.print("It is paused until %s: it does only what it is asked for.\n", moment(s.PausedUntil))
	case s.Paused:
		p.print("It is paused: it does only what it is asked for.\n")
	}
	p.print("  last visit  %s\n  next visit  %s\n", moment(s.LastVisit), moment(s.NextVisit))
	if s.Trouble != "" {
		p.print("  failed      %d visits in a row, the latest: %s\n", s.Misses, s.Trouble)
	}
	if s.NextWindow.After(now) {
		p.print("  next window %s\n", moment(s.NextWindow))
	}
	if !s.Deadline.IsZero() {
		p.print("  deadline    %s  %s: from then on it is installed outside of windows too\n", moment(s.Deadline), s.DeadlineOf)
	}
	for i := range s.Attempts {
		attemptText(p, style, &s.Attempts[i])
	}
	return p.err
}

func moment(t time.Time) string {
	if t.IsZero() {
		return "none"
	}
	return t.Local().Format("2006-01-02 15:04:05")
}

// turnText tells a person what came of a visit.
func turnText(w io.Writer, style term.Style, t *agent.Turn) error {
	p := &lines{w: w}
	if t.Scan != nil {
		p.print("%s: %d needed, %d installed, %d not for this computer\n", t.Scan.Location, len(t.Scan.Updates), t.Scan.Installed, t.Scan.NotApplicable)
		for _, u := range t.Scan.Updates {
			p.print("  needs  %s%s\n", u.Title, ready(u.Ready))
			termsText(p, &u)
		}
		for _, u := range t.Scan.Undecided {
			p.print("  ?      %s: the rule %s could not be evaluated: %s\n", u.Title, u.Rule, u.Why)
		}
	}
	for i := range t.Attempts {
		attemptText(p, style, &t.Attempts[i])
	}
	return p.err
}

// termsText tells when an update is installed unattended, where its approval says so.
func termsText(p *lines, u *agent.Update) {
	if len(u.Window) > 0 {
		p.print("         window    %s\n", u.Window.String())
	}
	if !u.Deadline.IsZero() {
		p.print("         deadline  %s, whatever the windows\n", moment(u.Deadline))
	}
}

func ready(is bool) string {
	if is {
		return " (downloaded)"
	}
	return ""
}

// attemptText tells of one attempt: a red X, what stands behind it, and what was done about it.
func attemptText(p *lines, style term.Style, at *agent.Attempt) {
	what := at.Title
	if what == "" {
		what = "the visit of the update location"
	}
	if at.Result == update.Succeeded {
		p.paint(style, term.Green, "√ "+moment(at.Time)+"  "+what+" is installed")
		return
	}
	p.paint(style, term.Red, "X "+moment(at.Time)+"  "+what+": "+at.Code.String())
	p.print("    %s\n", at.Why)
	if at.Path != "" {
		p.print("    %s\n", at.Path)
	}
	if h := at.Healing; h != nil {
		p.print("    cause  %s\n", h.Cause)
		for _, f := range h.Files {
			p.print("           %s\n", f)
		}
		p.print("    %s %v: %s\n", h.Healed, h.Rungs, h.Why)
	}
}

// lines prints what may be hostile, and keeps the first error.
type lines struct {
	w   io.Writer
	err error
}

func (l *lines) print(format string, args ...any) {
	for i, a := range args {
		if text, ok := a.(string); ok {
			args[i] = term.Printable(text)
		}
	}
	if l.err == nil {
		_, l.err = fmt.Fprintf(l.w, format, args...)
	}
}

// paint prints a line in a colour.
func (l *lines) paint(style term.Style, colour term.Attr, text string) {
	if l.err == nil {
		_, l.err = fmt.Fprintln(l.w, style.Paint(colour, term.Printable(text)))
	}
}

func newAgentRunCommand(std stdio) *cobra.Command {
	var o agentOptions
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Run the agent until it is interrupted",
		Long: `Run is the agent in the foreground. As a service of this computer it is installed by redx agent install. It ends, when it is
interrupted, at the next point from which it can go on later. Elsewhere than on Windows it reads its settings anew at SIGHUP.

EXIT STATUS
  0  stopped                 1  failed    2  wrong usage    5  needs the rights of an administrator
 10  no Windows there       11  another agent works there, or another redx repairs this Windows`,
		Example: "  redx agent run --image /mnt/c --server http://updates.example:8530 --trust publisher.pem",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runAgent(cmd.Context(), std, &o) },
	}
	o.addFlags(cmd)
	cmd.Flags().StringVar(&o.config, "config", "", "settings `FILE` (docs/agent.md) in place of those in the agent's folder")
	return cmd
}

// runAgent runs until the context ends, which is no failure.
func runAgent(ctx context.Context, std stdio, o *agentOptions) error {
	ctx, stop := interrupted(ctx)
	defer stop()
	s := newAgentService(*o)
	defer onReload(s.reload)()
	return s.run(ctx, std)
}
