package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/redx-update/redx/internal/agent"
	"github.com/redx-update/redx/internal/agent/setup"
	"github.com/redx-update/redx/internal/win"
)

// agentInstallOptions are the flags of agent install.
type agentInstallOptions struct {
	server, trust, engine, config string
	image, unitDir                string // of an installation that a service of Linux looks after
	location                      string
	dryRun, yes                   bool
}

func newAgentInstallCommand(std stdio) *cobra.Command {
	var o agentInstallOptions
	cmd := &cobra.Command{
		Use:   "install --server URL",
		Short: "Install the agent as a service of this computer",
		Long: `Install puts the agent onto this computer: its settings and a copy of redx go into ProgramData\redx\agent, which only
administrators can look into, and the service redx-agent runs it, also when Windows starts, and again when it fails. The
settings are those of --config (docs/agent.md) and of the flags.

Policies are not touched, with one exception: --engine wua --set-location URL has Windows' own agent use that server. What
was there before is written down first, and redx agent uninstall gives it back.

Where there is no Windows it writes a unit for systemd, which looks after the installation of --image.

EXIT STATUS
  0  installed, or with --dry-run shown    1  failed    2  wrong usage
  5  needs the rights of an administrator  130  cancelled`,
		Example: "  redx agent install --server http://updates.example:8530 --trust publisher.pem\n" +
			"  redx agent install --engine wua --set-location http://updates.example:8530",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context(), std) },
	}
	f := cmd.Flags()
	f.StringVar(&o.server, "server", "", "the update location `URL`")
	f.StringVar(&o.trust, "trust", "", "certificates of who may sign updates, `FILE` in PEM")
	f.StringVar(&o.engine, "engine", "native", "who does the work: `native|wua`, redx itself or Windows' own agent")
	f.StringVar(&o.config, "config", "", "settings `FILE` (docs/agent.md)")
	f.StringVar(&o.location, "set-location", "", "with --engine wua: have Windows' agent use this server, `URL`")
	f.StringVar(&o.image, "image", "", "without Windows: a mounted Windows disk `PATH` to look after")
	f.StringVar(&o.unitDir, "unit-dir", "/etc/systemd/system", "without Windows: where units of systemd are, `DIR`")
	f.BoolVar(&o.dryRun, "dry-run", false, "show what would be installed and change nothing")
	f.BoolVar(&o.yes, "yes", false, "do not ask")
	return cmd
}

func (o *agentInstallOptions) run(ctx context.Context, std stdio) error {
	files, err := o.files()
	if err != nil {
		return err
	}
	policy, err := o.policy()
	if err != nil {
		return err
	}
	if runtime.GOOS != "windows" {
		return o.unit(std)
	}
	if o.image != "" {
		return usage("--image is for a computer without Windows; here redx looks after the Windows that runs")
	}
	if _, err := fmt.Fprintf(std.out, "service %s, with these settings:\n\n%s", setup.Name, files.Settings); err != nil {
		return err
	}
	for _, v := range policy {
		fmt.Fprintf(std.err, "redx: policy: HKLM\\%s\\%s = %s\n", v.Key, v.Name, valueText(v))
	}
	if o.dryRun {
		return nil
	}
	if err := consent(std, o.yes, "Install it", "to look only: redx agent install --dry-run"); err != nil {
		return err
	}
	if err := elevated("agent install"); err != nil {
		return err
	}
	return agentProblem(setup.Install(ctx, files, policy))
}

func valueText(v win.MachineValue) string {
	if v.Kind == win.Text {
		return v.Text
	}
	return strconv.FormatUint(uint64(v.Number), 10)
}

// files makes the files that set the agent up, and refuses what it could not run with.
func (o *agentInstallOptions) files() (f setup.Files, err error) {
	var config []byte
	if o.config != "" {
		if config, err = os.ReadFile(o.config); err != nil {
			return f, err
		}
	}
	var text strings.Builder
	fmt.Fprintf(&text, "engine = %q\n", o.engine)
	if o.server != "" {
		fmt.Fprintf(&text, "server = %q\n", o.server)
	}
	if o.trust != "" {
		if _, f.Trust, err = readRoots(o.trust); err != nil {
			return f, err
		}
		fmt.Fprintf(&text, "trust = %q\n", setup.TrustName)
	}
	text.Write(config)
	f.Settings = text.String()
	s, err := agent.ParseSettings(f.Settings)
	if err != nil {
		return f, &problem{exit: exitUsage, err: fmt.Errorf("the settings: %w", err), hint: "docs/agent.md lists them all"}
	}
	if (s.Engine == "native") != isURL(s.Server) {
		return f, usage("the native engine wants --server URL, and wua uses what Windows does (--set-location URL sets it)")
	}
	return f, nil
}

func isURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

// policy gives the values that name the update location to Windows' own agent, none unless that was asked for.
func (o *agentInstallOptions) policy() ([]win.MachineValue, error) {
	if o.location == "" {
		return nil, nil
	}
	if o.engine != "wua" || !isURL(o.location) {
		return nil, usage("--set-location wants --engine wua and a URL such as http://updates.example:8530")
	}
	var out []win.MachineValue
	for _, v := range (policy{url: o.location}).values() {
		value := win.MachineValue{Key: v.key, Name: v.name, Kind: win.Number, Number: v.number}
		if v.isText {
			value.Kind, value.Text, value.Number = win.Text, v.text, 0
		}
		out = append(out, value)
	}
	return out, nil
}

// unitName is the unit of systemd.
const unitName = setup.Name + ".service"

// unit writes a unit for systemd, which is the user's to enable.
func (o *agentInstallOptions) unit(std stdio) error {
	if o.image == "" || o.server == "" {
		return usage("this computer does not run Windows; say which installation to look after: --image PATH --server URL")
	}
	program, err := os.Executable()
	if err != nil {
		return err
	}
	command := []string{program, "agent", "run"}
	image, err := filepath.Abs(o.image)
	if err != nil {
		return err
	}
	for _, f := range []struct{ flag, value string }{{"--image", image}, {"--trust", o.trust}, {"--config", o.config}} {
		if f.value == "" {
			continue
		}
		path, err := filepath.Abs(f.value)
		if err != nil {
			return err
		}
		command = append(command, f.flag, path)
	}
	text, err := setup.Unit(append(command, "--server", o.server), image)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprint(std.out, text); err != nil || o.dryRun {
		return err
	}
	path := filepath.Join(o.unitDir, unitName)
	if err := consent(std, o.yes, "Write "+path, "to look only: redx agent install --dry-run"); err != nil {
		return err
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		return err
	}
	fmt.Fprintf(std.err, "redx: wrote %s; to start it now and with the computer: systemctl enable --now %s\n", path, setup.Name)
	return nil
}

func newAgentUninstallCommand(std stdio) *cobra.Command {
	var all, yes bool
	var unitDir string
	cmd := &cobra.Command{
		Use:   "uninstall",
		Short: "Stop the agent and take it off this computer",
		Long: `Uninstall stops the service redx-agent and removes it with its settings, its downloads, its copy of redx and its source of
events, and gives back a policy that agent install --set-location has set. The update history that redx has kept stays, and
so does what it needs to undo repairs; with --all these go too.

EXIT STATUS
  0  done, or it was not installed    1  failed    2  wrong usage    5  needs the rights of an administrator
130  cancelled`,
		Example: "  redx agent uninstall\n  redx agent uninstall --all --yes",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := consent(std, yes, "Take the agent off this computer", "how it stands: redx agent status"); err != nil {
				return err
			}
			if runtime.GOOS != "windows" {
				return removeUnit(std, unitDir)
			}
			return uninstallAgent(cmd.Context(), std, all)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&all, "all", false, `also the history that redx has kept and what it needs to undo repairs: all of ProgramData\redx`)
	f.BoolVar(&yes, "yes", false, "do not ask")
	f.StringVar(&unitDir, "unit-dir", "/etc/systemd/system", "without Windows: where units of systemd are, `DIR`")
	return cmd
}

func uninstallAgent(ctx context.Context, std stdio, all bool) error {
	if err := elevated("agent uninstall"); err != nil {
		return err
	}
	r, err := setup.Uninstall(ctx, all)
	for _, v := range r.Policy {
		fmt.Fprintf(std.err, "redx: note: left as it is, since somebody else has changed it: %s\n", v)
	}
	if r.Kept != "" {
		fmt.Fprintf(std.err, "redx: kept: %s\n", r.Kept)
	}
	return agentProblem(err)
}

func removeUnit(std stdio, dir string) error {
	path := filepath.Join(dir, unitName)
	err := os.Remove(path)
	if errors.Is(err, os.ErrNotExist) {
		fmt.Fprintf(std.err, "redx: there is no %s\n", path)
		return nil
	}
	if err == nil {
		fmt.Fprintf(std.err, "redx: removed %s; to stop what runs: systemctl disable --now %s\n", path, setup.Name)
	}
	return err
}

// consent asks, unless that was said to be needless, and wants somebody to ask.
func consent(std stdio, yes bool, what, look string) error {
	ask := repairOptions{yes: yes}
	if err := ask.mayAsk(std, look); err != nil {
		return err
	}
	return ask.agreed(std, what)
}

// elevated wants the rights of an administrator.
func elevated(verb string) error {
	is, err := hasElevation()
	if err != nil || is {
		return err
	}
	return &problem{
		exit: exitElevation, err: fmt.Errorf("redx %s needs the rights of an administrator", verb),
		hint: "run redx from an elevated Command Prompt",
	}
}
