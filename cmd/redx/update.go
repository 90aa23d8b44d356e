package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/redx-update/redx/internal/catalog"
	"github.com/redx-update/redx/internal/deploy"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/server"
	"github.com/redx-update/redx/internal/server/backend"
	"github.com/redx-update/redx/internal/store"
	"github.com/redx-update/redx/internal/update"
)

func newUpdateCommand(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use: "update", Short: "The updates that the server has", Long: "Update lists updates, and says why one is or is not offered to a computer.",
		Example: "  redx update list --data /srv/redx\n  redx update why KB5034441 --computer pc7.example --data /srv/redx",
	}
	cmd.AddCommand(newUpdateListCommand(std), newUpdateWhyCommand(std), newUpdateDeclineCommand(std))
	return cmd
}

// listed is an update in lists.
type listed struct {
	Update   guid.GUID              `json:"update"`
	Revision uint32                 `json:"revision"`
	Number   catalog.RevisionID     `json:"revision_id"`
	Type     catalog.Type           `json:"type"`
	Title    string                 `json:"title"`
	KB       update.KB              `json:"kb,omitempty"`
	Created  time.Time              `json:"created,omitzero"`
	Severity string                 `json:"severity,omitempty"`
	ScanOnly bool                   `json:"scan_only,omitempty"`
	Standing map[store.Standing]int `json:"computers,omitempty"` // how many computers stand how
}

func newUpdateListCommand(std stdio) *cobra.Command {
	var d dataFlags
	var all bool
	cmd := &cobra.Command{
		Use: "list --data FOLDER [WORD...]", Short: "List the newest revisions, or those that match a KB, an id or part of a title",
		Example: "  redx update list --data /srv/redx\n  redx update list KB5034441 --data /srv/redx",
		Args:    cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			return d.with(cmd.Context(), false, func(opened *data) error {
				list, err := listUpdates(cmd.Context(), opened, args, all)
				if err != nil {
					return err
				}
				return d.answer(std, list, func(w io.Writer) error { return printUpdates(w, list) })
			})
		},
	}
	d.add(cmd)
	cmd.Flags().BoolVar(&all, "all", false, "categories and detectoids too")
	return cmd
}

func listUpdates(ctx context.Context, s store.Store, words []string, all bool) ([]listed, error) {
	revs, err := s.Revisions(ctx, time.Time{})
	if err != nil {
		return nil, err
	}
	infos, err := s.Infos(ctx, time.Time{})
	if err != nil {
		return nil, err
	}
	standings, err := countStandings(ctx, s)
	if err != nil {
		return nil, err
	}
	c := catalog.Compile(revs)
	list := []listed{}
	for r := range c.All() {
		i := infos[r.RevisionID]
		plain := r.Type == catalog.Software || r.Type == catalog.Driver
		if c.Newest(r.ID.GUID) != r || !all && !plain || !matches(r, i, words) {
			continue
		}
		list = append(list, listed{
			Update: r.ID.GUID, Revision: r.ID.Revision, Number: r.RevisionID, Type: r.Type, Title: i.Title, KB: i.KB,
			Created: i.Created, Severity: i.Severity, ScanOnly: i.ScanOnly, Standing: standings[r.ID.GUID],
		})
	}
	slices.SortStableFunc(list, func(a, b listed) int { return b.Created.Compare(a.Created) })
	return list, nil
}

// updateTitles gives the titles of all updates.
func updateTitles(ctx context.Context, s store.Store) (map[guid.GUID]string, error) {
	list, err := listUpdates(ctx, s, nil, true)
	titles := map[guid.GUID]string{}
	for _, u := range list {
		titles[u.Update] = u.Title
	}
	return titles, err
}

func countStandings(ctx context.Context, s store.Reports) (map[guid.GUID]map[store.Standing]int, error) {
	states, err := s.States(ctx, "")
	counts := map[guid.GUID]map[store.Standing]int{}
	for _, st := range states {
		if counts[st.Update] == nil {
			counts[st.Update] = map[store.Standing]int{}
		}
		counts[st.Update][st.Standing]++
	}
	return counts, err
}

// matches holds when every word does.
func matches(r *catalog.Revision, i store.Info, words []string) bool {
	ref := update.Ref{ID: r.ID, KB: i.KB, Title: i.Title}
	for _, w := range words {
		if !ref.Matches(w) {
			return false
		}
	}
	return true
}

func printUpdates(w io.Writer, list []listed) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, u := range list {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", u.Update, cmp.Or(string(u.KB), "-"), standing(u.Standing), u.Title) //nolint:errcheck // Flush gives the error
	}
	return t.Flush()
}

func standing(counts map[store.Standing]int) string {
	var words []string
	for _, s := range []store.Standing{store.FailedState, store.Needed, store.Downloaded, store.RestartDue, store.Installed, store.NotNeeded} {
		if n := counts[s]; n > 0 {
			words = append(words, fmt.Sprintf("%d %s", n, s))
		}
	}
	return cmp.Or(strings.Join(words, ", "), "-")
}

// oneUpdate finds the one update that a word means.
func oneUpdate(ctx context.Context, s store.Store, word string) (listed, error) {
	list, err := listUpdates(ctx, s, []string{word}, true)
	if err != nil {
		return listed{}, err
	}
	switch len(list) {
	case 0:
		return listed{}, fmt.Errorf("update %q: %w", word, store.ErrNotFound)
	case 1:
		return list[0], nil
	}
	var names []string
	for _, u := range list[:min(len(list), 5)] {
		names = append(names, fmt.Sprintf("%s (%s)", u.Update, u.Title))
	}
	return listed{}, &problem{exit: exitUsage, err: fmt.Errorf("%q means %d updates: %s", word, len(list), strings.Join(names, ", ")), hint: "name it by its id"}
}

func newUpdateWhyCommand(std stdio) *cobra.Command {
	var d dataFlags
	var computer string
	cmd := &cobra.Command{
		Use: "why --data FOLDER UPDATE --computer NAME", Short: "Say why an update is or is not offered to a computer",
		Long: `Why names the reasons: not approved for the computer's groups, declined, expired, files missing on the server, a
prerequisite that the computer does not have, and so on. Prerequisites are judged by what the computer named as installed
when it last synchronised.

EXIT STATUS
  0  it is offered    1  failed    2  wrong usage    3  it is not offered`,
		Example: "  redx update why KB5034441 --computer pc7.example --data /srv/redx",
		Args:    one("one UPDATE: an id, a KB number or part of a title"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return d.with(cmd.Context(), false, func(opened *data) error { return runWhy(cmd.Context(), std, &d, opened, args[0], computer) })
		},
	}
	d.add(cmd)
	cmd.Flags().StringVar(&computer, "computer", "", "the computer's `NAME` or id")
	if err := cmd.MarkFlagRequired("computer"); err != nil {
		panic(err) // the flag is defined one line above
	}
	return cmd
}

func runWhy(ctx context.Context, std stdio, d *dataFlags, opened *data, word, name string) error {
	c, err := opened.Computer(ctx, name)
	if err != nil {
		return err
	}
	b, err := backend.New(ctx, opened.Store, opened.files, server.Settings{}, quiet())
	if err != nil {
		return err
	}
	id, err := guid.Parse(word)
	if err != nil {
		u, err := oneUpdate(ctx, opened, word)
		if err != nil {
			return err
		}
		id = u.Update
	}
	why := b.Plan().For(c.Groups).Why(id, c.Installed, !c.LastSync.IsZero())
	if err := d.answer(std, why, func(w io.Writer) error { return printWhy(w, why, c, titles(b)) }); err != nil {
		return err
	}
	if !why.Offered {
		return silent(exitProblems)
	}
	return nil
}

func titles(b *backend.Backend) func(guid.GUID) string {
	return func(g guid.GUID) string {
		if r := b.Plan().Catalog().Newest(g); r != nil {
			return fmt.Sprintf("%s (%s)", g, b.Infos()[r.RevisionID].Title)
		}
		return g.String() + " (not on this server)"
	}
}

func printWhy(w io.Writer, why deploy.Why, c store.Computer, title func(guid.GUID) string) error {
	verdict := "is not offered to"
	if why.Offered {
		verdict = "is offered to"
	}
	if _, err := fmt.Fprintf(w, "%s %s %s%s\n", title(why.Update), verdict, c.Name, actionText(why)); err != nil {
		return err
	}
	for _, b := range why.Because {
		names := slices.Clone(b.Files)
		for _, u := range b.Updates {
			names = append(names, title(u))
		}
		if _, err := fmt.Fprintf(w, "  %s: %s%s\n", b.Reason, reasonText(b.Reason), list(names)); err != nil {
			return err
		}
	}
	return nil
}

// actionText says what the computer is to do with what it is offered, where that is not to install it.
func actionText(why deploy.Why) string {
	if why.Offered && why.Action == deploy.ActionUninstall {
		return ", to be removed"
	}
	return ""
}

func list(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return ": " + strings.Join(names, " or ")
}

func reasonText(r deploy.Reason) string {
	return map[deploy.Reason]string{
		deploy.UnknownUpdate:     "the server does not have it; import it",
		deploy.NotUpdate:         "a category or a detectoid, there for other updates only",
		deploy.NoApproval:        "not approved for any of the computer's groups",
		deploy.IsDeclined:        "declined for everybody",
		deploy.IsExpired:         "its publisher took it back",
		deploy.ContentMissing:    "files are missing or damaged on the server; import them again",
		deploy.PrerequisiteUnmet: "the computer does not have what it needs first",
		deploy.NeverSynced:       "the computer has not synchronised yet",
		deploy.MemberOnly:        "meant to come with a bundle, not by itself",
		deploy.DriverNoMatch:     "a driver, for devices that it is the best match for",
		deploy.IsSuperseded:      "replaced by something that is approved too",
		deploy.ForDetection:      "approved for detection only",
	}[r]
}

func newUpdateDeclineCommand(std stdio) *cobra.Command {
	var d dataFlags
	cmd := &cobra.Command{
		Use: "decline --data FOLDER UPDATE", Short: "Offer an update to nobody", Args: one("one UPDATE"),
		Example: "  redx update decline KB5034441 --data /srv/redx",
		RunE: func(cmd *cobra.Command, args []string) error {
			return d.with(cmd.Context(), false, func(opened *data) error {
				u, err := oneUpdate(cmd.Context(), opened, args[0])
				if err != nil {
					return err
				}
				if err := opened.Decline(cmd.Context(), u.Update); err != nil {
					return err
				}
				return d.answer(std, u, func(w io.Writer) error {
					_, err := fmt.Fprintf(w, "declined %s\n", u.Title)
					return err
				})
			})
		},
	}
	d.add(cmd)
	return cmd
}
