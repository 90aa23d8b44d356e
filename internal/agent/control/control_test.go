package control_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redx-update/redx/internal/agent"
	"github.com/redx-update/redx/internal/agent/control"
)

// fake is an agent that takes its time to scan.
type fake struct {
	mu     sync.Mutex
	paused bool
	until  time.Time
	asked  []agent.Verb
	begun  chan struct{} // closed when Ask begins
	ended  chan error    // why Ask ended; nil: it ends at once
}

func (f *fake) Ask(ctx context.Context, v agent.Verb) (agent.Turn, error) {
	f.mu.Lock()
	f.asked = append(f.asked, v)
	f.mu.Unlock()
	if f.ended != nil {
		close(f.begun)
		<-ctx.Done()
		f.ended <- ctx.Err()
		return agent.Turn{}, ctx.Err()
	}
	return agent.Turn{Err: errors.New("asleep")}, nil
}

func (f *fake) Pause(_ context.Context, until time.Time) { f.set(true, until) }

func (f *fake) Resume(context.Context) { f.set(false, time.Time{}) }

func (f *fake) set(paused bool, until time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.paused, f.until = paused, until
}

func (f *fake) Status() agent.Status {
	f.mu.Lock()
	defer f.mu.Unlock()
	return agent.Status{State: agent.State{Paused: f.paused, PausedUntil: f.until}, Activity: agent.Activity{Doing: "scan"}}
}

// serve has the agent answer in a folder of its own, whose name is long, until the test ends.
func serve(t *testing.T, f *fake, check func(net.Conn) error) (folder string, stop func()) {
	t.Helper()
	folder = agentFolder(t)
	l, err := control.Listen(folder)
	if err != nil {
		t.Fatal(err)
	}
	s := &control.Server{Agent: f, Log: slog.New(slog.DiscardHandler), Check: check}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, l) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return folder, stop
}

func dial(t *testing.T, folder string) *control.Client {
	t.Helper()
	c, err := control.Dial(t.Context(), folder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func raw(t *testing.T, folder string) net.Conn {
	t.Helper()
	conn, err := control.Connect(t.Context(), folder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func TestVerbs(t *testing.T) {
	f := &fake{}
	folder, stop := serve(t, f, nil)
	ctx := t.Context()
	for _, until := range []time.Time{{}, time.Date(2031, 2, 3, 4, 5, 6, 0, time.UTC)} {
		if st, err := dial(t, folder).Pause(ctx, until); err != nil || !st.Paused || !f.paused || !st.PausedUntil.Equal(until) || !f.until.Equal(until) {
			t.Errorf("pause until %s: %+v, %v", until, st, err)
		}
	}
	if st, err := dial(t, folder).Resume(ctx); err != nil || st.Paused || f.paused {
		t.Errorf("resume: %+v, %v", st, err)
	}
	if st, err := dial(t, folder).Status(ctx); err != nil || st.Doing != "scan" {
		t.Errorf("%+v, %v", st, err)
	}
	for _, v := range []agent.Verb{agent.ScanNow, agent.DownloadNow, agent.InstallNow} {
		if turn, err := dial(t, folder).Ask(ctx, v); err != nil || turn.Err == nil || turn.Err.Error() != "asleep" || f.asked[len(f.asked)-1] != v {
			t.Errorf("%s: %+v, %v", v, turn, err)
		}
	}
	if _, err := dial(t, folder).Ask(ctx, "format c:"); err == nil || !strings.Contains(err.Error(), "no such verb") {
		t.Errorf("an unknown verb: %v", err)
	}
	stop()
	if _, err := control.Dial(t.Context(), folder); !errors.Is(err, control.ErrNotRunning) {
		t.Errorf("after the end: %v", err)
	}
}

// What was asked for ends with who asked for it.
func TestClientGoes(t *testing.T) {
	f := &fake{begun: make(chan struct{}), ended: make(chan error, 1)}
	folder, _ := serve(t, f, nil)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		<-f.begun
		cancel()
	}()
	if _, err := dial(t, folder).Ask(ctx, agent.ScanNow); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	select {
	case err := <-f.ended:
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Error("the scan goes on for nobody")
	}
}

func TestHostileClients(t *testing.T) {
	f := &fake{}
	folder, _ := serve(t, f, nil)
	for name, said := range map[string]string{
		"no JSON": "hello\n", "too long": strings.Repeat("x", 1<<20), "two values": `{"verb":"status"}{}` + "\n",
		"an array": "[]\n", "a deep one": strings.Repeat("[", 4000) + "\n", "zeros": strings.Repeat("\x00", 5000) + "\n",
		"a verb that is no text": `{"verb":1}` + "\n",
	} {
		conn := raw(t, folder)
		go io.WriteString(conn, said) //nolint:errcheck // it may be cut off, which is the point
		var a control.Answer
		// The end may come instead of an answer, when more was said than was read.
		if err := json.NewDecoder(conn).Decode(&a); err == nil && a.Error == "" {
			t.Errorf("%s: %+v", name, a)
		}
	}
	// Those who say nothing hold all places, but not for long.
	var silent []io.Closer
	for range 20 {
		silent = append(silent, dial(t, folder))
	}
	began := time.Now()
	for {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		_, err := dial(t, folder).Status(ctx)
		cancel()
		if err == nil {
			break
		}
		if time.Since(began) > time.Minute {
			t.Fatalf("silent clients keep all others out: %v", err)
		}
		time.Sleep(100 * time.Millisecond)
	}
	for _, c := range silent {
		c.Close()
	}
	if len(f.asked) > 0 || f.paused {
		t.Errorf("hostile clients were heeded: %v", f.asked)
	}
}

func TestStrangers(t *testing.T) {
	f := &fake{}
	folder, _ := serve(t, f, func(net.Conn) error { return control.ErrStranger })
	if _, err := dial(t, folder).Pause(t.Context(), time.Time{}); !errors.Is(err, control.ErrStranger) || f.paused {
		t.Errorf("a stranger: %v, paused: %v", err, f.paused)
	}
}
