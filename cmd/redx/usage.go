package main

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

// strict makes every command of a tree end with exit code 2 and a hint when it is used wrongly. The library itself has
// no type for such errors.
func strict(root *cobra.Command) *cobra.Command {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		if err := flagsThere(cmd); err != nil {
			return err
		}
		return flagsTogether(cmd)
	}
	strictBelow(root)
	return root
}

func strictBelow(cmd *cobra.Command) {
	cmd.SuggestionsMinimumDistance = 2
	if cmd.HasSubCommands() && cmd.Args == nil {
		cmd.Args = cobra.NoArgs // else a word that is no command is not looked at
	}
	if check := cmd.Args; check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error { return argsProblem(cmd, args, check(cmd, args)) }
	}
	if cmd.Name() == "help" {
		cmd.Args = knownTopic
	}
	if cmd.HasSubCommands() && !cmd.Runnable() {
		cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() } // else arguments are not looked at
	}
	if cmd.Long == "" {
		cmd.Long = cmd.Short + "."
	}
	if !strings.Contains(cmd.Long, "EXIT STATUS") {
		cmd.Long = strings.TrimSpace(cmd.Long) + "\n\n" + exitStatus(cmd)
	}
	for _, sub := range cmd.Commands() {
		strictBelow(sub)
	}
}

// exitStatus is the exit status of a command that says nothing of it: of one that prints what it has, or of one that works on
// a server's data.
func exitStatus(cmd *cobra.Command) string {
	if cmd.Flags().Lookup("data") == nil {
		return "EXIT STATUS\n  0  printed    2  wrong usage"
	}
	return "EXIT STATUS\n  0  done    1  failed, or there is no such thing    2  wrong usage    130  cancelled"
}

var quotedName = regexp.MustCompile(`"([^"]+)"`)

// flagsThere refuses a command without a flag that it cannot do without.
func flagsThere(cmd *cobra.Command) error {
	err := cmd.ValidateRequiredFlags()
	if err == nil {
		return nil
	}
	var missing []string
	for _, m := range quotedName.FindAllStringSubmatch(err.Error(), -1) {
		_, what, _ := strings.Cut(cmd.Flags().Lookup(m[1]).Usage, "`")
		what, _, _ = strings.Cut(what, "`")
		missing = append(missing, strings.TrimSpace("--"+m[1]+" "+what))
	}
	return usageProblem(cmd, fmt.Errorf("%s needs %s", cmd.CommandPath(), strings.Join(missing, " and ")))
}

var allSet = regexp.MustCompile(`\[([^\]]+)\] were all set$`)

// flagsTogether refuses flags that exclude each other.
func flagsTogether(cmd *cobra.Command) error {
	err := cmd.ValidateFlagGroups()
	if err == nil {
		return nil
	}
	if m := allSet.FindStringSubmatch(err.Error()); m != nil {
		err = fmt.Errorf("--%s do not go together", strings.Join(strings.Fields(m[1]), " and --"))
	}
	return usageProblem(cmd, err)
}

// knownTopic wants the name of a command behind help.
func knownTopic(cmd *cobra.Command, args []string) error {
	found, rest, err := cmd.Root().Find(args)
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("%s has no command %q", found.CommandPath(), rest[0])
	}
	return usageProblem(cmd.Root(), err)
}

func argsProblem(cmd *cobra.Command, args []string, err error) error {
	var known *problem
	switch {
	case err == nil || errors.As(err, &known) || len(args) == 0:
		return usageProblem(cmd, err)
	case !cmd.HasAvailableSubCommands():
		return usageProblem(cmd, fmt.Errorf("%s takes no argument %q", cmd.CommandPath(), args[0]))
	case cmd.Flags().Lookup("image") != nil && strings.ContainsAny(args[0], `./\:`):
		return &problem{
			exit: exitUsage, err: fmt.Errorf("%s takes no argument %q", cmd.CommandPath(), args[0]),
			hint: "did you mean: " + cmd.CommandPath() + " --image " + quoted(args[0]),
		}
	}
	p := usageProblem(cmd, fmt.Errorf("%s has no command %q", cmd.CommandPath(), args[0]))
	if like := cmd.SuggestionsFor(args[0]); len(like) > 0 {
		return &problem{exit: exitUsage, err: p, hint: "did you mean: " + cmd.CommandPath() + " " + like[0]}
	}
	return p
}

// usageProblem makes an error one of usage, unless it is a problem already.
func usageProblem(cmd *cobra.Command, err error) error {
	var known *problem
	if err == nil || errors.As(err, &known) {
		return err
	}
	var number *strconv.NumError
	if what, _, ok := strings.Cut(err.Error(), ": strconv."); ok && errors.As(err, &number) {
		err = fmt.Errorf("%s: %w", what, number.Err) // which function of Go's has found that is no help
	}
	return &problem{exit: exitUsage, err: err, hint: "see: " + cmd.CommandPath() + " --help"}
}
