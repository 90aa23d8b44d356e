package main

import (
	"context"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/gather"
	"github.com/redx-update/redx/internal/win/wua"
	"github.com/redx-update/redx/internal/wuaclient"
)

// workerVerb is the hidden command that newAgent starts.
const workerVerb = "wua-worker"

// newWorkerCommand is the short-lived child that has the update agent's COM objects in it. It speaks with its parent
// only; people have no use for it.
func newWorkerCommand(std stdio) *cobra.Command {
	return &cobra.Command{
		Use: workerVerb, Hidden: true, Args: cobra.NoArgs,
		Short: "Answer one request of redx's for Windows' own update agent",
		RunE:  func(*cobra.Command, []string) error { return wua.Serve(std.in, std.out) },
	}
}

// newAgent is the update agent of this computer, asked through a child of this program.
func newAgent() (*wuaclient.Client, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return &wuaclient.Client{Command: []string{program, workerVerb}}, nil
}

// agentHistory is what the update agent of this computer says of its history, which no file has in that form.
func agentHistory() gather.Source {
	return gather.Source{Name: wuaclient.HistorySource, Read: func(ctx context.Context) ([]evidence.Event, error) {
		agent, err := newAgent()
		if err != nil {
			return nil, err
		}
		// The same attempts stand in the datastore: an agent that hangs must not keep a diagnosis waiting.
		agent.Time = 45 * time.Second
		return agent.History(ctx)
	}}
}
