package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/redx-update/redx/internal/server/access"
	"github.com/redx-update/redx/internal/store"
)

func newServerUserCommand(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use: "user", Short: "The people who may log in to the console",
		Long:    "User makes, lists and removes the users of the console, and gives them passwords. A new password ends a user's sessions.",
		Example: "  redx server user add bea --data /srv/redx\n  redx server user list --data /srv/redx",
	}
	cmd.AddCommand(
		newUserPasswordCommand(std, "add", "Make a user", true, (*access.Access).AddUser),
		newUserPasswordCommand(std, "passwd", "Give a user another password, and end the user's sessions", false, (*access.Access).SetPassword),
		newUserListCommand(std), newUserRemoveCommand(std),
	)
	return cmd
}

// passwordFlag says where a password comes from.
type passwordFlag struct{ file string }

func (p *passwordFlag) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&p.file, "password-file", "", "a `FILE` whose first line is the password (default: make one and print it)")
}

// get gives the password, and whether it was made here.
func (p *passwordFlag) get() (password string, made bool, err error) {
	if p.file == "" {
		return strings.ToLower(rand.Text()), true, nil
	}
	f, err := os.Open(p.file)
	if err != nil {
		return "", false, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, 4<<10))
	line, _, _ := strings.Cut(string(b), "\n")
	return strings.TrimSuffix(line, "\r"), false, err
}

// userAnswer is what is said of a user, with a password that was made here.
type userAnswer struct {
	Name     string `json:"name"`
	Password string `json:"password,omitempty"`
}

// newUserPasswordCommand makes a command that gives a user a password, and says which if it was made here.
func newUserPasswordCommand(std stdio, verb, short string, create bool, give func(*access.Access, context.Context, string, string) error) *cobra.Command {
	var d dataFlags
	var p passwordFlag
	cmd := &cobra.Command{
		Use: verb + " --data FOLDER NAME", Short: short, Args: one("the user's NAME"),
		Example: "  redx server user " + verb + " bea --data /srv/redx\n  redx server user " + verb + " bea --password-file secret.txt --data /srv/redx",
		RunE: func(cmd *cobra.Command, args []string) error {
			password, made, err := p.get()
			if err != nil {
				return err
			}
			return d.with(cmd.Context(), create, func(opened *data) error {
				if err := give(access.New(opened.Store, nil), cmd.Context(), args[0], password); err != nil {
					return err
				}
				a := userAnswer{Name: args[0]}
				if made {
					a.Password = password
				}
				return d.answer(std, a, a.print)
			})
		},
	}
	d.add(cmd)
	p.add(cmd)
	return cmd
}

// print says the password, if it was made here: only then nobody has it.
func (a userAnswer) print(w io.Writer) error {
	if a.Password == "" {
		return nil
	}
	_, err := fmt.Fprintf(w, "the password of %s is %s\n", a.Name, a.Password)
	return err
}

func newUserListCommand(std stdio) *cobra.Command {
	var d dataFlags
	cmd := &cobra.Command{
		Use: "list --data FOLDER", Short: "List the users", Args: cobra.NoArgs,
		Example: "  redx server user list --data /srv/redx",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return d.with(cmd.Context(), false, func(opened *data) error {
				all, err := opened.Accounts(cmd.Context())
				if err != nil {
					return err
				}
				return d.answer(std, append([]store.Account{}, all...), func(w io.Writer) error {
					t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
					for _, a := range all {
						fmt.Fprintf(t, "%s\tsince %s\n", a.Name, when(a.Created)) //nolint:errcheck // Flush gives the error
					}
					return t.Flush()
				})
			})
		},
	}
	d.add(cmd)
	return cmd
}

func newUserRemoveCommand(std stdio) *cobra.Command {
	var d dataFlags
	cmd := &cobra.Command{
		Use: "remove --data FOLDER NAME", Short: "Remove a user, and end the user's sessions", Args: one("the user's NAME"),
		Example: "  redx server user remove bea --data /srv/redx",
		RunE: func(cmd *cobra.Command, args []string) error {
			return d.with(cmd.Context(), false, func(opened *data) error {
				if err := opened.RemoveAccount(cmd.Context(), args[0]); err != nil {
					return err
				}
				return d.answer(std, userAnswer{Name: args[0]}, func(w io.Writer) error {
					_, err := fmt.Fprintf(w, "removed %s\n", args[0])
					return err
				})
			})
		},
	}
	d.add(cmd)
	return cmd
}
