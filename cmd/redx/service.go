package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/redx-update/redx/internal/repair"
	"github.com/redx-update/redx/internal/repair/act/live"
	"github.com/redx-update/redx/internal/repair/journal"
	outcome "github.com/redx-update/redx/internal/repair/run"
	"github.com/redx-update/redx/internal/repair/session"
	"github.com/redx-update/redx/internal/repair/site"
)

// newServiceCommand is for Windows' service manager alone, which cannot be told apart from a user reliably.
func newServiceCommand() *cobra.Command {
	service := &cobra.Command{Use: "service", Short: "What Windows' service manager runs", Hidden: true, Args: cobra.NoArgs}
	start := &cobra.Command{Use: "run", Short: "Run a service of redx", Args: cobra.NoArgs}
	start.AddCommand(&cobra.Command{
		Use: "recover", Short: "End what an interrupted repair has left, when Windows starts", Args: cobra.NoArgs,
		Long: "Recover is what the service redx-recover runs when Windows starts.\n\n" +
			"EXIT STATUS\n  0  nothing is left to do    1  failed, or not started by the service manager    2  wrong usage",
		RunE: func(*cobra.Command, []string) error {
			err := runService(live.GuardName, recoverAtStart)
			if errors.Is(err, errNoManager) {
				return &problem{exit: exitFailed, err: err, hint: "to go on with an interrupted repair: redx repair resume"}
			}
			return err
		},
	})
	start.AddCommand(newAgentServiceCommand())
	service.AddCommand(start)
	return service
}

// recoverAtStart ends what a crash has left: a repair that was under way is taken back, one that waited for this start
// goes on. Then the service removes itself.
func recoverAtStart(ctx context.Context) error {
	m, err := live.Open()
	if err != nil {
		return err
	}
	defer m.Close()
	err = recoverOn(ctx, m)
	if err != nil && !errors.Is(err, journal.ErrLocked) {
		_ = m.Report(live.RecoveryFailed, fmt.Sprintf("redx could not end a repair that was interrupted: %v", err)) // the error is told to the service manager too
	}
	return err
}

func recoverOn(ctx context.Context, m *live.Machine) error {
	id, err := m.ID()
	if err != nil {
		return err
	}
	folder, err := m.Journals()
	if err != nil {
		return err
	}
	defer folder.Close()
	journals, err := journal.Lock(folder)
	if err != nil {
		return err // ErrLocked: somebody has started redx already, which ends it
	}
	defer journals.Unlock() //nolint:errcheck // it ends with the process
	s := session.Session{
		Machine: m.Run(), Journals: journals, Self: journal.Self{Machine: id, Roots: []repair.Root{m.Root(), m.Own().Root()}}, Copies: m,
		Observe: site.EventLog(m),
	}
	recovered, err := s.Settle(ctx)
	if err != nil {
		return err
	}
	for _, r := range recovered {
		if r.Outcome == outcome.Waiting {
			return nil // for the next start
		}
	}
	return m.Unguard()
}
