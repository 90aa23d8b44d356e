package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/redx-update/redx/internal/deploy"
	"github.com/redx-update/redx/internal/store"
)

func newGroupCommand(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use: "group", Short: "The server's target groups", Long: "Group lists, makes and removes target groups.",
		Example: "  redx group add Test --data /srv/redx\n  redx group list --data /srv/redx",
	}
	cmd.AddCommand(newGroupListCommand(std), newGroupAddCommand(std), newGroupRemoveCommand(std))
	return cmd
}

func newGroupListCommand(std stdio) *cobra.Command {
	var d dataFlags
	cmd := &cobra.Command{
		Use: "list --data FOLDER", Short: "List the groups", Args: cobra.NoArgs,
		Example: "  redx group list --data /srv/redx",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return d.with(cmd.Context(), false, func(opened *data) error {
				groups, err := opened.Groups(cmd.Context())
				if err != nil {
					return err
				}
				return d.answer(std, groups, func(w io.Writer) error { return groupTree(w, groups, 0, "") })
			})
		},
	}
	d.add(cmd)
	return cmd
}

func groupTree(w io.Writer, groups []deploy.Group, parent deploy.GroupID, indent string) error {
	for _, g := range groups {
		if g.Parent != parent {
			continue
		}
		if _, err := fmt.Fprintf(w, "%s%s\n", indent, g.Name); err != nil {
			return err
		}
		if err := groupTree(w, groups, g.ID, indent+"  "); err != nil {
			return err
		}
	}
	return nil
}

func newGroupAddCommand(std stdio) *cobra.Command {
	var d dataFlags
	var parent string
	cmd := &cobra.Command{
		Use: "add --data FOLDER NAME", Short: "Make a group", Args: one("the group's NAME"),
		Example: "  redx group add Test --data /srv/redx",
		RunE: func(cmd *cobra.Command, args []string) error {
			return d.with(cmd.Context(), true, func(opened *data) error {
				above, err := findGroup(cmd.Context(), opened, parent)
				if err != nil {
					return err
				}
				g, err := opened.AddGroup(cmd.Context(), args[0], above.ID)
				if err != nil {
					return err
				}
				return d.answer(std, g, func(w io.Writer) error {
					_, err := fmt.Fprintf(w, "%s below %s\n", g.Name, above.Name)
					return err
				})
			})
		},
	}
	d.add(cmd)
	cmd.Flags().StringVar(&parent, "below", "All Computers", "the `GROUP` above it")
	return cmd
}

func newGroupRemoveCommand(std stdio) *cobra.Command {
	var d dataFlags
	cmd := &cobra.Command{
		Use: "remove --data FOLDER NAME", Short: "Remove a group with its approvals", Args: one("the group's NAME"),
		Example: "  redx group remove Test --data /srv/redx",
		RunE: func(cmd *cobra.Command, args []string) error {
			return d.with(cmd.Context(), false, func(opened *data) error {
				g, err := findGroup(cmd.Context(), opened, args[0])
				if err != nil {
					return err
				}
				if err := opened.RemoveGroup(cmd.Context(), g.ID); err != nil {
					return fmt.Errorf("%s is not removed: %w", g.Name, err)
				}
				return d.answer(std, g, func(w io.Writer) error {
					_, err := fmt.Fprintf(w, "removed %s\n", g.Name)
					return err
				})
			})
		},
	}
	d.add(cmd)
	return cmd
}

func findGroup(ctx context.Context, s store.Groups, name string) (deploy.Group, error) {
	groups, err := s.Groups(ctx)
	if err != nil {
		return deploy.Group{}, err
	}
	for _, g := range groups {
		if strings.EqualFold(g.Name, strings.TrimSpace(name)) {
			return g, nil
		}
	}
	return deploy.Group{}, fmt.Errorf("group %q: %w", name, store.ErrNotFound)
}

// findGroups finds several; all must be there.
func findGroups(ctx context.Context, s store.Groups, names []string) ([]deploy.GroupID, error) {
	var ids []deploy.GroupID
	var errs []error
	for _, n := range names {
		g, err := findGroup(ctx, s, n)
		ids, errs = append(ids, g.ID), append(errs, err)
	}
	return ids, errors.Join(errs...)
}
