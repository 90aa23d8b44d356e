package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/redx-update/redx/internal/term"
)

// The exit codes of redx; docs/cli.md lists them all.
const (
	exitOK         = 0
	exitFailed     = 1
	exitUsage      = 2
	exitProblems   = 3
	exitRolledBack = 4
	exitElevation  = 5
	exitNoWindows  = 10
	exitLocked     = 11
	exitCancelled  = 130
	exitRestart    = 3010
)

// problem is an error as the user sees it: what went wrong, what to do about it, and the exit code.
type problem struct {
	exit int
	err  error
	hint string
}

func (p *problem) Error() string { return p.err.Error() }
func (p *problem) Unwrap() error { return p.err }

// print says what went wrong. Errors name files, and files may have hostile names.
func (p *problem) print(w io.Writer) {
	if p.err != nil {
		for i, line := range strings.Split(p.err.Error(), "\n") {
			switch {
			case errors.Is(p.err, errDeclined): // which is no error
				line = "redx: " + line
			case i == 0:
				line = "redx: error: " + line
			}
			_, _ = fmt.Fprintln(w, term.Printable(line)) // nobody is left to tell
		}
	}
	if p.hint != "" {
		_, _ = fmt.Fprintln(w, term.Printable("redx: hint: "+p.hint))
	}
}

// named says of a file that is not there, when no more is known than that, what its name is: which call has found out is of no use.
func (p *problem) named() *problem {
	var path *fs.PathError
	if !errors.As(p.err, &path) || !errors.Is(path.Err, fs.ErrNotExist) || p.err.Error() != path.Error() {
		return p
	}
	return &problem{exit: p.exit, err: notThere(path), hint: cmp.Or(p.hint, "look whether the path is spelled right")}
}

// silent ends a command with an exit code and nothing more to say.
func silent(exit int) error {
	if exit == exitOK {
		return nil
	}
	return &problem{exit: exit}
}

func usage(format string, args ...any) error {
	return &problem{exit: exitUsage, err: fmt.Errorf(format, args...)}
}

// run executes one command line and gives the exit code.
func run(ctx context.Context, args []string, std stdio) int {
	root := newRootCommand(std)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		fmt.Fprintln(std.err, "redx: cancelled")
		return exitCancelled
	}
	var p *problem
	if !errors.As(err, &p) {
		p = &problem{exit: exitFailed, err: err}
	}
	p = p.named()
	p.print(std.err)
	return p.exit
}

func newRootCommand(std stdio) *cobra.Command {
	root := &cobra.Command{
		Use:           "redx",
		Short:         "Find why a Windows update failed, down to the missing file",
		Long:          rootHelp,
		Example:       rootExample,
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetIn(std.in)
	root.SetOut(std.out)
	root.SetErr(std.err)
	root.SetFlagErrorFunc(usageProblem)
	root.AddCommand(newDiagnoseCommand(std), newCollectCommand(std), newHistoryCommand(std), newRepairCommand(std))
	root.AddCommand(newExplainCommand(std), newLabCommand(std), newWorkerCommand(std), newServiceCommand(), newAgentCommand(std))
	root.AddCommand(newServerCommand(std), newComputerCommand(std), newGroupCommand(std), newUpdateCommand(std), newApprovalCommand(std))
	return strict(root)
}

// version names the build: its tag, or the commit that it was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "of an unknown build"
	}
	set := map[string]string{}
	for _, s := range info.Settings {
		set[s.Key] = s.Value
	}
	text := info.Main.Version
	if c := set["vcs.revision"]; text == "(devel)" && c != "" {
		text = c[:min(len(c), 12)]
		if set["vcs.modified"] == "true" {
			text += ", changed"
		}
	}
	return strings.TrimSpace(text) + " (" + info.GoVersion + " " + runtime.GOOS + "/" + runtime.GOARCH + ")"
}

// rootExample is the road for whoever sees redx for the first time.
const rootExample = `  redx lab                            # the whole story, played on this machine in a folder of its own
  redx diagnose                       # why do updates fail on this computer?
  redx diagnose --image /mnt/c        # and on that disk; --logs has it read a folder or zip of logs
  redx explain 0x80070002             # what a code means
  redx repair --dry-run               # what would help, and what it costs
  redx repair                         # do the least of it; redx repair undo takes it back
  redx collect                        # a zip for somebody else to look at
  redx server run --data /srv/redx    # be the update server of a fleet (docs/server.md)
  redx agent install --help           # have computers mend themselves (docs/agent.md)`

const rootHelp = `redx finds why a Windows update failed: which file is missing, of which update, and why.

It reads what a failed update leaves behind: logs, event logs, traces, databases and the registry, on a mounted
Windows disk, in a copied tree, in a folder of collected logs or, on Windows, on this computer. It never writes there;
redx repair alone does, and can take it back.

EXIT STATUS
  0  fine, or nothing found           1  failed           2  wrong usage
  3  problems found, or a repair that is not proven       4  repair rolled back
  5  needs the rights of an administrator
 10  no Windows there, or nothing recognised in the logs
 11  another repair is under way     12  busy: an installation runs, or a restart is pending
130  cancelled                     3010  done, and a restart is needed`
