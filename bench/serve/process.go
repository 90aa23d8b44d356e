package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// process is a server that runs beside this program.
type process struct {
	cmd  *exec.Cmd
	base string
	log  tail
}

// tail keeps the end of what is written.
type tail struct {
	mu   sync.Mutex
	last []byte
}

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last = append(t.last, b...)
	t.last = bytes.Clone(t.last[max(0, len(t.last)-2000):])
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.last)
}

// build makes redx of this checkout, with its own module's versions and not with those of this one.
func (w *world) build(ctx context.Context) error {
	top, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "github.com/redx-update/redx").Output()
	if err != nil {
		return fmt.Errorf("find redx: %w", err)
	}
	w.exe = filepath.Join(w.dir, "redx")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", w.exe, "./cmd/redx")
	build.Dir, build.Env = strings.TrimSpace(string(top)), append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build redx: %w: %s", err, out)
	}
	return nil
}

// startServer builds redx and starts it on the data folder.
func (w *world) startServer(ctx context.Context) error {
	if err := w.build(ctx); err != nil {
		return err
	}
	listen, err1 := freeAddress()
	console, err2 := freeAddress()
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	run := exec.Command(w.exe, "server", "run", "--data", w.data, "--listen", listen, "--console", console)
	var err error
	w.server, err = start(ctx, "http://"+listen, "/healthz", run)
	return err
}

// start starts a server and waits until it answers.
func start(ctx context.Context, base, path string, cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd, base: base}
	cmd.Stderr = &p.log
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	for range 600 {
		res, err := http.Get(base + path)
		if err == nil {
			return p, res.Body.Close()
		}
		select {
		case <-ctx.Done():
			p.stop()
			return nil, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
	p.stop()
	return nil, fmt.Errorf("no server at %s: %s", base, &p.log)
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// stop ends the process, and only this one.
func (p *process) stop() {
	_ = p.cmd.Process.Signal(os.Interrupt)
	done := make(chan struct{})
	go func() { _ = p.cmd.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		_ = p.cmd.Process.Kill()
		<-done
	}
}

// cpu is the processor time that the process has taken, its system calls among it.
func (p *process) cpu() (time.Duration, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	// The name of the program, in brackets, may have blanks in it. utime and stime are the 14th and 15th field.
	_, rest, _ := strings.Cut(string(b), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0, errors.New("no times in /proc")
	}
	user, err1 := strconv.Atoi(fields[11])
	system, err2 := strconv.Atoi(fields[12])
	const tick = 10 * time.Millisecond // USER_HZ is 100 on every Linux that Go runs on
	return time.Duration(user+system) * tick, errors.Join(err1, err2)
}

// spent is the processor time that the server takes for something.
func (p *process) spent(do func() error) (time.Duration, error) {
	before, err := p.cpu()
	if err != nil {
		return 0, err
	}
	if err := do(); err != nil {
		return 0, err
	}
	after, err := p.cpu()
	return after - before, err
}

// peak is the most memory that the process has had, in bytes.
func (p *process) peak() (int64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(b)) {
		if kb, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			n, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(kb), " kB"), 10, 64)
			return n << 10, err
		}
	}
	return 0, errors.New("no VmHWM in /proc")
}
