package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/redx-update/redx/internal/server/access"
	"github.com/redx-update/redx/internal/server/console"
	"github.com/redx-update/redx/internal/store"
)

func newServerUserCommand(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use: "user", Short: "The people who may log in to the console",
		Long: "User makes, lists and removes the users of the console, and gives them passwords. A new password ends a user's sessions.",
	}
	cmd.AddCommand(newUserAddCommand(std), newUserPasswordCommand(std), newUserListCommand(std), newUserRemoveCommand(std))
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

// settingPassword runs what gives a user a password, and says which if it was made here.
func settingPassword(ctx context.Context, std stdio, d *dataFlags, p *passwordFlag, name string, create bool, do func(context.Context, *access.Access, string) error) error {
	password, made, err := p.get()
	if err != nil {
		return err
	}
	return d.with(ctx, create, func(opened *data) error {
		if err := do(ctx, access.New(opened.Store, nil), password); err != nil {
			return err
		}
		a := userAnswer{Name: name}
		if made {
			a.Password = password
		}
		return d.answer(std, a, func(w io.Writer) error {
			if !made {
				return nil
			}
			_, err := fmt.Fprintf(w, "the password of %s is %s\n", name, password)
			return err
		})
	})
}

func newUserAddCommand(std stdio) *cobra.Command {
	var d dataFlags
	var p passwordFlag
	cmd := &cobra.Command{
		Use: "add --data FOLDER NAME", Short: "Make a user", Args: one("the user's NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return settingPassword(cmd.Context(), std, &d, &p, args[0], true, func(ctx context.Context, a *access.Access, password string) error {
				return a.AddUser(ctx, args[0], password)
			})
		},
	}
	d.add(cmd)
	p.add(cmd)
	return cmd
}

func newUserPasswordCommand(std stdio) *cobra.Command {
	var d dataFlags
	var p passwordFlag
	cmd := &cobra.Command{
		Use: "passwd --data FOLDER NAME", Short: "Give a user another password, and end the user's sessions", Args: one("the user's NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return settingPassword(cmd.Context(), std, &d, &p, args[0], false, func(ctx context.Context, a *access.Access, password string) error {
				return a.SetPassword(ctx, args[0], password)
			})
		},
	}
	d.add(cmd)
	p.add(cmd)
	return cmd
}

func newUserListCommand(std stdio) *cobra.Command {
	var d dataFlags
	cmd := &cobra.Command{
		Use: "list --data FOLDER", Short: "List the users", Args: cobra.NoArgs,
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

func newLoginLinkCommand(std stdio) *cobra.Command {
	var d dataFlags
	var url string
	cmd := &cobra.Command{
		Use:   "login-link --data FOLDER",
		Short: "Print a link that logs in to the console once",
		Long: fmt.Sprintf(`Login-link prints a link to the console that is good once, for %v. Whoever opens it first is logged in as nobody in
particular, for %v at most, and may do what users may. The server need not be asked; it must run when the link is opened.`, access.LinkTime, access.Longest),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return d.with(cmd.Context(), false, func(opened *data) error {
				base, err := consoleBase(cmd.Context(), opened, url)
				if err != nil {
					return err
				}
				link, err := console.LoginLink(cmd.Context(), opened.Store, base)
				if err != nil {
					return err
				}
				return d.answer(std, map[string]string{"url": link}, func(w io.Writer) error {
					_, err := fmt.Fprintln(w, link)
					return err
				})
			})
		},
	}
	d.add(cmd)
	cmd.Flags().StringVar(&url, "url", "", "the console's `URL` (default: where it was when the server last ran)")
	return cmd
}

func consoleBase(ctx context.Context, opened *data, url string) (string, error) {
	if url != "" {
		return url, nil
	}
	base, err := opened.Setting(ctx, consoleSetting)
	if errors.Is(err, store.ErrNotFound) {
		return "", &problem{exit: exitFailed, err: errors.New("it is not known where the console is"), hint: "run the server once, or give --url"}
	}
	return base, err
}
