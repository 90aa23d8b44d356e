package wuaclient_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/wuaclient"
	"github.com/redx-update/redx/internal/wuaclient/protocol"
)

const childWord = "fake-wua-worker"

// patience is how long anything may take that ends by itself. A machine may be busy.
const patience = 30 * time.Second

// TestMain is also the child: this program with childWord and what it shall do.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == childWord {
		child(os.Args[2], os.Stdin, os.Stdout)
		return
	}
	os.Exit(m.Run())
}

func child(manner string, in io.Reader, out io.Writer) {
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(out, format, args...) }
	switch manner {
	case "hang":
		time.Sleep(time.Hour)
	case "hang after a step":
		_ = protocol.Write(out, protocol.Message{Step: protocol.Search})
		time.Sleep(time.Hour)
	case "crash":
		panic("the agent has torn the child down")
	case "end":
	case "garbage":
		say("Windows Update says hello\n")
		time.Sleep(time.Hour)
	case "wrong version":
		say(`{"version": 7, "answer": {}}` + "\n")
	case "endless line":
		for {
			say("%s", strings.Repeat("x", 1<<16))
		}
	case "endless steps":
		for {
			_ = protocol.Write(out, protocol.Message{Step: protocol.Search})
		}
	case "half an answer":
		say(`{"version": 1, "answer": {"offered": 3`)
	case "does not end":
		_ = protocol.Write(out, protocol.Message{Answer: &protocol.Answer{Offered: 3}})
		time.Sleep(time.Hour)
	case "grandchild":
		program, _ := os.Executable()
		cmd := exec.Command(program, childWord, "hang briefly")
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		_ = cmd.Start()
		panic("leaves a grandchild with the pipes")
	case "hang briefly":
		time.Sleep(2 * patience)
	case "echo":
		req, err := protocol.ReadRequest(in)
		if err != nil {
			panic(err)
		}
		_ = protocol.Write(out, protocol.Message{Step: protocol.Connect})
		_ = protocol.Write(out, protocol.Message{Step: protocol.Search})
		_ = protocol.Write(out, protocol.Message{Answer: &protocol.Answer{Update: &protocol.Update{ID: req.ID, KB: req.KB, Title: req.Title}}})
	}
}

func client(t *testing.T, manner string) *wuaclient.Client {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return &wuaclient.Client{Command: []string{program, childWord, manner}, Time: patience}
}

func TestAsk(t *testing.T) {
	c := client(t, "echo")
	var steps []protocol.Step
	c.Step = func(s protocol.Step) { steps = append(steps, s) }
	req := protocol.Request{Verb: protocol.Prove, ID: "x", KB: "KB5034122", Title: "Ein Update für Windows"}
	answer, err := c.Ask(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	want := &protocol.Answer{Update: &protocol.Update{ID: req.ID, KB: req.KB, Title: req.Title}}
	if diff := cmp.Diff(want, answer); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	if !slices.Equal(steps, []protocol.Step{protocol.Connect, protocol.Search}) {
		t.Errorf("steps %v", steps)
	}
}

// Whatever the child does, Ask comes back before the child's grandchild lets go of the pipes, and says what was wrong.
func TestBadChildren(t *testing.T) {
	for manner, tt := range map[string]struct {
		want error
		says string
	}{
		"hang":              {wuaclient.ErrLate, "10ms"},
		"hang after a step": {wuaclient.ErrLate, ""},
		"crash":             {protocol.ErrNoAnswer, "has torn the child down"},
		"end":               {protocol.ErrNoAnswer, ""},
		"garbage":           {protocol.ErrNoAnswer, "says hello"},
		"wrong version":     {protocol.ErrVersion, "version 7"},
		"endless line":      {protocol.ErrNoAnswer, ""},
		"endless steps":     {protocol.ErrNoAnswer, ""},
		"half an answer":    {protocol.ErrNoAnswer, ""},
		"grandchild":        {protocol.ErrNoAnswer, ""},
	} {
		t.Run(manner, func(t *testing.T) {
			t.Parallel()
			c := client(t, manner)
			if errors.Is(tt.want, wuaclient.ErrLate) {
				c.Time = 10 * time.Millisecond
			}
			if manner == "grandchild" {
				c.Time = time.Second
				tt.want = nil
			}
			begun := time.Now()
			answer, err := c.Ask(t.Context(), protocol.Request{Verb: protocol.Prove})
			if err == nil || answer != nil || tt.want != nil && !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%+v, %v; want %v that says %q", answer, err, tt.want, tt.says)
			}
			if took := time.Since(begun); took > patience+patience/2 {
				t.Errorf("it took %v", took)
			}
		})
	}
}

func TestAnswerOfAChildThatDoesNotEnd(t *testing.T) {
	answer, err := client(t, "does not end").Ask(t.Context(), protocol.Request{Verb: protocol.Prove})
	if err != nil || answer.Offered != 3 {
		t.Errorf("%+v, %v", answer, err)
	}
}

func TestAskIsCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	if _, err := client(t, "hang").Ask(ctx, protocol.Request{Verb: protocol.Prove}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want the context's", err)
	}
	c := &wuaclient.Client{Command: []string{"nosuch-program-of-redx"}}
	if _, err := c.Ask(t.Context(), protocol.Request{}); err == nil {
		t.Error("a program that is not there was started")
	}
}

// A child that writes without end fills no memory.
func TestEndlessChildIsBounded(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := client(t, "endless line").Ask(t.Context(), protocol.Request{}); err == nil {
		t.Error("no error")
	}
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 4*protocol.MaxAnswer {
		t.Errorf("%d MB were taken", grown>>20)
	}
}

func TestReadRequest(t *testing.T) {
	for text, ok := range map[string]bool{
		`{"version": 1, "verb": "prove"}`:              true,
		`{"version": 1, "verb": "history", "more": 1}`: true,
		`{"version": 2, "verb": "prove"}`:              false,
		`{"version": 1, "verb": "format"}`:             false,
		`{"version": 1}`:                               false,
		``:                                             false,
		`{"version": 1, "verb": "prove", "title": "` + strings.Repeat("x", 1<<17) + `"}`: false,
	} {
		if _, err := protocol.ReadRequest(strings.NewReader(text)); (err == nil) != ok {
			t.Errorf("%.60s: %v", text, err)
		}
	}
}

func FuzzReadAnswer(f *testing.F) {
	var b bytes.Buffer
	for _, m := range []protocol.Message{
		{Step: protocol.Search},
		{Answer: &protocol.Answer{Failure: &protocol.Failure{Step: protocol.Search, Code: 0x8024402C}, Attempts: []protocol.Attempt{{Number: 1}}}},
	} {
		if err := protocol.Write(&b, m); err != nil {
			f.Fatal(err)
		}
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		if answer, err := protocol.ReadAnswer(bytes.NewReader(b), func(protocol.Step) {}); (answer == nil) == (err == nil) {
			t.Fatalf("%+v, %v", answer, err)
		}
	})
}
