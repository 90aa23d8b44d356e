package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/redx-update/redx/internal/deploy"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/store"
)

func newComputerCommand(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use: "computer", Short: "The computers that use the server", Long: "Computer lists and shows computers, puts them into groups, and forgets them.",
		Example: "  redx computer list --data /srv/redx\n  redx computer show pc7.example --data /srv/redx",
	}
	cmd.AddCommand(newComputerListCommand(std), newComputerShowCommand(std), newComputerMoveCommand(std), newComputerRemoveCommand(std))
	return cmd
}

func newComputerListCommand(std stdio) *cobra.Command {
	var d dataFlags
	cmd := &cobra.Command{
		Use: "list --data FOLDER", Short: "List the computers", Args: cobra.NoArgs,
		Example: "  redx computer list --data /srv/redx",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return d.with(cmd.Context(), false, func(opened *data) error {
				all, err := opened.Computers(cmd.Context())
				if err != nil {
					return err
				}
				names, err := groupNames(cmd.Context(), opened)
				if err != nil {
					return err
				}
				if all == nil {
					all = []store.Computer{}
				}
				return d.answer(std, all, func(w io.Writer) error { return listComputers(w, all, names) })
			})
		},
	}
	d.add(cmd)
	return cmd
}

func groupNames(ctx context.Context, s store.Groups) (map[deploy.GroupID]string, error) {
	groups, err := s.Groups(ctx)
	names := map[deploy.GroupID]string{}
	for _, g := range groups {
		names[g.ID] = g.Name
	}
	return names, err
}

func listComputers(w io.Writer, all []store.Computer, names map[deploy.GroupID]string) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "NAME\tLAST SEEN\tLAST SYNC\tGROUPS\tID") //nolint:errcheck // Flush gives the error
	for _, c := range all {
		note := ""
		if c.Cloned() {
			note = " (id used by several computers)"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s%s\n", c.Name, when(c.LastSeen), when(c.LastSync), memberOf(c, names), c.ID, note) //nolint:errcheck // Flush gives the error
	}
	return t.Flush()
}

func memberOf(c store.Computer, names map[deploy.GroupID]string) string {
	groups := c.Groups
	if len(groups) == 0 {
		groups = []deploy.GroupID{deploy.Unassigned}
	}
	var words []string
	for _, g := range groups {
		words = append(words, names[g])
	}
	return strings.Join(words, ", ")
}

func when(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format("2006-01-02 15:04Z")
}

// shown is a computer with how its updates stand and what it reported.
type shown struct {
	store.Computer
	States []store.State `json:"states"`
	Events []store.Event `json:"events"`
}

const shownEvents = 200

func newComputerShowCommand(std stdio) *cobra.Command {
	var d dataFlags
	cmd := &cobra.Command{
		Use: "show --data FOLDER NAME", Short: "Show a computer and what it reported", Args: one("the computer's NAME or id"),
		Example: "  redx computer show pc7.example --data /srv/redx",
		RunE: func(cmd *cobra.Command, args []string) error {
			return d.with(cmd.Context(), false, func(opened *data) error {
				v, err := showComputer(cmd.Context(), opened, args[0])
				if err != nil {
					return err
				}
				names, err := groupNames(cmd.Context(), opened)
				if err != nil {
					return err
				}
				titles, err := updateTitles(cmd.Context(), opened)
				if err != nil {
					return err
				}
				return d.answer(std, v, func(w io.Writer) error { return printComputer(w, v, names, titles) })
			})
		},
	}
	d.add(cmd)
	return cmd
}

func showComputer(ctx context.Context, s store.Store, name string) (shown, error) {
	c, err := s.Computer(ctx, name)
	if err != nil {
		return shown{}, err
	}
	v := shown{Computer: c, States: []store.State{}, Events: []store.Event{}}
	states, err := s.States(ctx, c.ID)
	if err != nil {
		return v, err
	}
	events, err := s.Events(ctx, c.ID, shownEvents)
	v.States, v.Events = append(v.States, states...), append(v.Events, events...)
	return v, err
}

func printComputer(w io.Writer, v shown, names map[deploy.GroupID]string, titles map[guid.GUID]string) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintf(t, "name\t%s\nid\t%s\ngroups\t%s\nlast seen\t%s from %s\nlast sync\t%s\n\n", v.Name, v.ID, memberOf(v.Computer, names), when(v.LastSeen), v.Address, when(v.LastSync)) //nolint:errcheck // Flush gives the error
	if v.Cloned() {
		fmt.Fprintf(t, "several computers\thave this id: %s\n\n", otherNames(v.AlsoKnownAs)) //nolint:errcheck // Flush gives the error
	}
	between := ""
	for _, s := range v.States {
		if s.Standing != store.Installed && s.Standing != store.NotNeeded {
			between = "\n"
			fmt.Fprintf(t, "since %s\t%s\t%s\t%s\n", when(s.Time), s.Standing, s.Update, titles[s.Update]) //nolint:errcheck // Flush gives the error
		}
	}
	fmt.Fprint(t, between) //nolint:errcheck // Flush gives the error
	for _, e := range v.Events {
		if a, ok := e.Attempt(); ok {
			fmt.Fprintf(t, "%s\t%s %s\t%s\t%s\t%s\n", when(e.Time), a.Phase, a.Result, e.Update.GUID, codeOf(e), titles[e.Update.GUID]) //nolint:errcheck // Flush gives the error
		}
	}
	return t.Flush()
}

func otherNames(all []store.Name) string {
	words := make([]string, len(all))
	for i, n := range all {
		words[i] = n.Name
	}
	return strings.Join(words, ", ")
}

func codeOf(e store.Event) string {
	if e.Code == 0 {
		return ""
	}
	return e.Code.String()
}

func newComputerMoveCommand(std stdio) *cobra.Command {
	var d dataFlags
	cmd := &cobra.Command{
		Use: "move --data FOLDER NAME [GROUP...]", Short: "Put a computer into groups, or with none into the unassigned",
		Example: "  redx computer move pc7.example Test --data /srv/redx",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage("%s wants the computer's NAME or id, and groups", cmd.CommandPath())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return d.with(cmd.Context(), false, func(opened *data) error {
				c, err := opened.Computer(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				groups, err := findGroups(cmd.Context(), opened, args[1:])
				if err != nil {
					return err
				}
				if err := opened.SetGroups(cmd.Context(), c.ID, groups); err != nil {
					return err
				}
				c, err = opened.Computer(cmd.Context(), c.ID)
				if err != nil {
					return err
				}
				names, err := groupNames(cmd.Context(), opened)
				if err != nil {
					return err
				}
				return d.answer(std, c, func(w io.Writer) error {
					_, err := fmt.Fprintf(w, "%s is in %s\n", c.Name, memberOf(c, names))
					return err
				})
			})
		},
	}
	d.add(cmd)
	return cmd
}

func newComputerRemoveCommand(std stdio) *cobra.Command {
	var d dataFlags
	cmd := &cobra.Command{
		Use: "remove --data FOLDER NAME", Short: "Forget a computer and its reports", Args: one("the computer's NAME or id"),
		Example: "  redx computer remove pc7.example --data /srv/redx",
		RunE: func(cmd *cobra.Command, args []string) error {
			return d.with(cmd.Context(), false, func(opened *data) error {
				c, err := opened.Computer(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				if err := opened.RemoveComputer(cmd.Context(), c.ID); err != nil {
					return err
				}
				return d.answer(std, c, func(w io.Writer) error {
					_, err := fmt.Fprintf(w, "forgot %s\n", c.Name)
					return err
				})
			})
		},
	}
	d.add(cmd)
	return cmd
}
