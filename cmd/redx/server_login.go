package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/redx-update/redx/internal/server/access"
	"github.com/redx-update/redx/internal/server/console"
	"github.com/redx-update/redx/internal/store"
)

func newLoginLinkCommand(std stdio) *cobra.Command {
	var d dataFlags
	var url string
	cmd := &cobra.Command{
		Use:   "login-link --data FOLDER",
		Short: "Print a link that logs in to the console once",
		Long: fmt.Sprintf(`Login-link prints a link to the console that is good once, for %v. Whoever opens it first is logged in as nobody in
particular, for %v at most, and may do what users may. The server need not be asked; it must run when the link is opened.`, access.LinkTime, access.Longest),
		Example: "  redx server login-link --data /srv/redx",
		Args:    cobra.NoArgs,
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
