package wintest

import (
	"context"
	"fmt"
	"strconv"

	"golang.org/x/sys/windows"

	"github.com/redx-update/redx/internal/repair"
	"github.com/redx-update/redx/internal/repair/act/live"
	"github.com/redx-update/redx/internal/repair/journal"
	"github.com/redx-update/redx/internal/repair/run"
)

// die moves SoftwareDistribution away as redx does, with a journal where redx has them, and is dead before the N-th act,
// as by a power cut.
func die(args []string) error {
	n, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	m, err := live.Open()
	if err != nil {
		return err
	}
	defer m.Close()
	id, err := m.ID()
	if err != nil {
		return err
	}
	folder, err := m.Journals()
	if err != nil {
		return err
	}
	journals, err := journal.Lock(folder)
	if err != nil {
		return err
	}
	machine := m.Run()
	acts := 0
	machine.Watch = func(repair.Reversible) {
		if acts++; acts == n {
			_ = windows.TerminateProcess(windows.CurrentProcess(), 9) // it does not come back
		}
	}
	target := repair.Target{Rung: repair.SoftwareDistribution}
	step := repair.Step{
		Rung: target.Rung, Services: repair.Services()[:4],
		Moves: []repair.Move{{Target: target, Copy: repair.Copy{Of: target, N: 1}}},
	}
	log, err := run.Begin(machine, journals, "00001.jsonl", journal.Header{
		Machine: id, Root: m.Root(), Kind: journal.Repair, Rung: step.Rung, Acts: step.Sequence(nil),
	})
	if err != nil {
		return err
	}
	outcome, err := run.Do(context.Background(), machine, log)
	return fmt.Errorf("it lived for %d acts: %s, %w", acts, outcome, err)
}
