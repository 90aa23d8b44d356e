package story

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/redx-update/redx/internal/win"
)

// patience is how long a process that was told to stop may take before it is ended.
const patience = 10 * time.Second

// redx runs the program itself: the story's server, its computers, and every command that is given to them.
type redx struct {
	command []string // the program and what comes before its arguments
	logs    string   // folder of what the processes say
}

// process is a redx that runs until it is told to stop.
type process struct {
	name string
	log  *os.File
	cmd  *exec.Cmd
	once sync.Once
	gone chan struct{} // closed when it has ended
	err  error
}

// start begins a process; what it says goes into a file of its own.
func (r *redx) start(ctx context.Context, name string, args ...string) (*process, error) {
	log, err := os.Create(filepath.Join(r.logs, name+".log"))
	if err != nil {
		return nil, err
	}
	cmd := r.prepare(ctx, args)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", name, err), log.Close())
	}
	p := &process{name: name, log: log, cmd: cmd, gone: make(chan struct{})}
	go func() {
		_ = cmd.Wait() // how it ends when it is told to is no news
		close(p.gone)
	}()
	return p, nil
}

// prepare makes a command that is asked to stop when the context ends, and ended when it does not.
func (r *redx) prepare(ctx context.Context, args []string) *exec.Cmd {
	all := append(append([]string{}, r.command[1:]...), args...)
	cmd := exec.CommandContext(ctx, r.command[0], all...)
	cmd.WaitDelay = patience
	win.Apart(cmd)
	cmd.Cancel = func() error { return win.Interrupt(cmd) }
	return cmd
}

// stop tells the process to stop and waits for it. It may be called again.
func (p *process) stop() error {
	p.once.Do(func() {
		if win.Interrupt(p.cmd) != nil {
			_ = p.cmd.Process.Kill() // it may have ended by itself
		}
		ended := time.AfterFunc(patience, func() { _ = p.cmd.Process.Kill() })
		defer ended.Stop()
		<-p.gone
		p.err = p.log.Close()
	})
	return p.err
}

// said gives what the process has said so far.
func (p *process) said() string {
	text, err := os.ReadFile(p.log.Name())
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// call runs a command to its end. An exit code other than those that are allowed is an error that holds what it said.
func (r *redx) call(ctx context.Context, allowed []int, args ...string) ([]byte, error) {
	cmd := r.prepare(ctx, args)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return nil, fmt.Errorf("redx %s: %w", strings.Join(args, " "), err)
	}
	code := cmd.ProcessState.ExitCode()
	for _, a := range append(allowed, 0) {
		if code == a {
			return out.Bytes(), nil
		}
	}
	return nil, fmt.Errorf("redx %s: exit %d: %s", strings.Join(args, " "), code, strings.TrimSpace(said.String()+out.String()))
}

// ask runs a command with --json and reads its answer.
func (r *redx) ask(ctx context.Context, into any, allowed []int, args ...string) error {
	out, err := r.call(ctx, allowed, append(args, "--json")...)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(out, into); err != nil {
		return fmt.Errorf("redx %s --json: %w: %.200s", strings.Join(args, " "), err, out)
	}
	return nil
}
