package story

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// location is the story's update location: a server of its own process.
type location struct {
	redx    *redx
	data    string // its folder
	process *process
	clients string // URL
	console string // URL
}

// settings are what the story's server does unlike any other: its log is for a program to read; groups are its own to
// give, since the story moves a computer into one; and it lets computers mend themselves though many fail alike, which
// anywhere else would be a reason to have them wait.
const settings = `[log]
format = "json"

[clients]
targeting = "server"

[healing]
pause_share = 0.0
`

// serverStart is how long the server may take until it listens, on a machine that is busy with much else.
const serverStart = 2 * time.Minute

// open starts the server in a new folder.
func openLocation(ctx context.Context, r *redx, data string) (*location, error) {
	if err := os.MkdirAll(data, 0o700); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(data, "redx.toml"), []byte(settings), 0o600); err != nil {
		return nil, err
	}
	p, err := r.start(ctx, "server", "server", "run", "--data", data, "--listen", "127.0.0.1:0", "--console", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	l := &location{redx: r, data: data, process: p}
	if err := l.await(ctx); err != nil {
		return nil, errors.Join(err, p.stop())
	}
	return l, nil
}

// await reads in the server's log where it listens.
func (l *location) await(ctx context.Context) error {
	ctx, stop := context.WithTimeout(ctx, serverStart)
	defer stop()
	for {
		l.listening(l.process.said())
		if l.clients != "" && l.console != "" {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the server does not listen: %w: %s", ctx.Err(), l.process.said())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (l *location) listening(log string) {
	for lines := bufio.NewScanner(strings.NewReader(log)); lines.Scan(); {
		var line struct{ Msg, For, Addr string }
		if json.Unmarshal(lines.Bytes(), &line) != nil || line.Msg != "listening" {
			continue
		}
		switch line.For {
		case "clients":
			l.clients = "http://" + line.Addr
		case "console":
			l.console = "http://" + line.Addr
		}
	}
}

// serves waits until the running server hands out a file of its content folder: what another process has put there it
// sees within seconds.
func (l *location) serves(ctx context.Context, file string) error {
	below, err := filepath.Rel(l.data, file)
	if err != nil {
		return err
	}
	ctx, stop := context.WithTimeout(ctx, serverStart)
	defer stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodHead, l.clients+"/"+filepath.ToSlash(below), nil)
		if err != nil {
			return err
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		if err := res.Body.Close(); err != nil || res.StatusCode == http.StatusOK {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the server does not hand out %s: %s", below, res.Status)
		case <-time.After(100 * time.Millisecond):
		}
	}
}
