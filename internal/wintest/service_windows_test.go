package wintest

import (
	"context"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/svc"

	"github.com/redx-update/redx/internal/win"
)

func within(d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), d)
}

// serve is the body of a service: NAME MANNER [PATH].
func serve(args []string) error {
	b := body{manner: args[1]}
	if len(args) > 2 {
		b.path = args[2]
	}
	if err := svc.Run(args[0], &b); err != nil {
		return err
	}
	if b.manner == "lingers" { // stopped, says the service manager
		time.Sleep(1500 * time.Millisecond)
	}
	return nil
}

// body is a service that behaves as its manner says, word by word:
//
//	holds     it has the folder open, and makes it when it is not there, as the update agent does
//	slow      it takes its time to stop
//	lingers   its process holds on after it has said that it stopped
//	ignores   it never stops
//	starts=X  it starts service X again and again
type body struct {
	manner string
	path   string
}

func (b *body) is(word string) bool { return strings.Contains(","+b.manner+",", ","+word+",") }

func (b *body) Execute(_ []string, requests <-chan svc.ChangeRequest, now chan<- svc.Status) (bool, uint32) {
	now <- svc.Status{State: svc.StartPending, WaitHint: 2000}
	if b.path != "" {
		if err := os.MkdirAll(b.path, 0o755); err != nil {
			return false, uint32(windows.ERROR_PATH_NOT_FOUND)
		}
		if _, err := openFolder(b.path); err != nil { // it ends with the process
			return false, uint32(windows.ERROR_ACCESS_DENIED)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if _, name, ok := strings.Cut(b.manner, "starts="); ok {
		go startAgain(ctx, name)
	}
	now <- svc.Status{State: svc.Running, Accepts: svc.AcceptStop}
	for r := range requests {
		switch r.Cmd {
		case svc.Interrogate:
			now <- r.CurrentStatus
		case svc.Stop:
			b.stop(requests, now)
			return false, 0
		}
	}
	return false, 0
}

func (b *body) stop(requests <-chan svc.ChangeRequest, now chan<- svc.Status) {
	switch {
	case b.is("slow"):
		for i := range uint32(8) {
			now <- svc.Status{State: svc.StopPending, WaitHint: 1000, CheckPoint: i}
			time.Sleep(100 * time.Millisecond)
		}
	case b.is("ignores"):
		now <- svc.Status{State: svc.StopPending, WaitHint: 1000}
		for range requests { // until it is killed
		}
	}
}

// startAgain starts a service whenever it does not run, as the update orchestrator does.
func startAgain(ctx context.Context, name string) {
	s, err := win.OpenServices()
	if err != nil {
		return
	}
	defer s.Close()
	for ctx.Err() == nil {
		_ = s.Start(ctx, name) // that it is disabled is what the test is about
		time.Sleep(20 * time.Millisecond)
	}
}
