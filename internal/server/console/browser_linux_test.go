package console_test

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"sync"
	"testing"
	"time"
)

// browser is a real Chromium without a window, asked over its debugging pipe: JSON messages that end in a NUL.
type browser struct {
	t       *testing.T
	in      *os.File
	answers chan message
	last    int
	session string

	mu     sync.Mutex
	waits  map[string]chan json.RawMessage // for events, by their name
	errors []string                        // what the browser complained about
}

type message struct {
	ID        int             `json:"id,omitempty"`
	Session   string          `json:"sessionId,omitempty"`
	Method    string          `json:"method,omitempty"`
	Params    json.RawMessage `json:"params,omitempty"`
	Result    json.RawMessage `json:"result,omitempty"`
	Exception *struct {
		Message string `json:"message"`
	} `json:"error,omitempty"`
}

// findChromium gives the program, or skips the test and says how to enable it.
func findChromium(t *testing.T) string {
	t.Helper()
	if path := os.Getenv("REDX_CHROMIUM"); path != "" {
		return path
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("no Chromium: install chromium, or set REDX_CHROMIUM to its program")
	return ""
}

func newBrowser(t *testing.T) *browser {
	t.Helper()
	program := findChromium(t)
	profile, err := os.MkdirTemp("", "redx-chromium-")
	if err != nil {
		t.Fatal(err)
	}
	toRead, toWrite, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	fromRead, fromWrite, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	// In containers there is often no sandbox to be had, and little shared memory; the browser sees only this test's pages.
	cmd := exec.Command(program, "--headless", "--remote-debugging-pipe", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu",
		"--hide-scrollbars", "--no-first-run", "--user-data-dir="+profile)
	cmd.ExtraFiles = []*os.File{toRead, fromWrite} // 3 and 4
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	toRead.Close()
	fromWrite.Close()
	b := &browser{t: t, in: toWrite, answers: make(chan message, 1), waits: map[string]chan json.RawMessage{}}
	go b.read(fromRead)
	t.Cleanup(func() {
		toWrite.Close() // it ends with its pipe
		kill := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
		_ = cmd.Wait()
		kill.Stop()
		// Its children go a little later, and write until then.
		for range 50 {
			if os.RemoveAll(profile) == nil {
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
	})
	b.attach()
	return b
}

func (b *browser) read(from *os.File) {
	defer from.Close()
	defer close(b.answers)
	r := bufio.NewReader(from)
	for {
		text, err := r.ReadBytes(0)
		if err != nil {
			return
		}
		var m message
		if json.Unmarshal(text[:len(text)-1], &m) != nil {
			return
		}
		if m.ID != 0 {
			b.answers <- m
			continue
		}
		b.event(&m)
	}
}

func (b *browser) event(m *message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if m.Method == "Log.entryAdded" || m.Method == "Runtime.exceptionThrown" {
		b.errors = append(b.errors, string(m.Params))
	}
	if w := b.waits[m.Method]; w != nil {
		delete(b.waits, m.Method)
		w <- m.Params
	}
}

// patience is how long the browser may take for anything.
const patience = 3 * time.Minute

// ask sends a command and gives its answer.
func (b *browser) ask(method string, params map[string]any, result any) {
	b.t.Helper()
	if err := b.call(method, params, result); err != nil {
		b.t.Fatalf("%s: %v", method, err)
	}
}

func (b *browser) call(method string, params map[string]any, result any) error {
	b.last++
	command := map[string]any{"id": b.last, "method": method, "params": params}
	if b.session != "" {
		command["sessionId"] = b.session
	}
	text, err := json.Marshal(command)
	if err != nil {
		return err
	}
	if _, err := b.in.Write(append(text, 0)); err != nil {
		return err
	}
	select {
	case m, ok := <-b.answers:
		switch {
		case !ok:
			return errors.New("the browser has ended")
		case m.Exception != nil:
			return errors.New(m.Exception.Message)
		case result != nil:
			return json.Unmarshal(m.Result, result)
		}
		return nil
	case <-time.After(patience):
		return errors.New("no answer")
	}
}

func (b *browser) attach() {
	b.t.Helper()
	var target struct {
		ID string `json:"targetId"`
	}
	b.ask("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var session struct {
		ID string `json:"sessionId"`
	}
	b.ask("Target.attachToTarget", map[string]any{"targetId": target.ID, "flatten": true}, &session)
	b.session = session.ID
	for _, domain := range []string{"Page", "Runtime", "Log"} {
		b.ask(domain+".enable", nil, nil)
	}
}

// open goes to a page and waits until it is there.
func (b *browser) open(url string) {
	b.t.Helper()
	w := make(chan json.RawMessage, 1)
	b.mu.Lock()
	b.waits["Page.loadEventFired"] = w
	b.mu.Unlock()
	b.ask("Page.navigate", map[string]any{"url": url}, nil)
	select {
	case <-w:
	case <-time.After(patience):
		b.t.Fatalf("%s does not load", url)
	}
	b.until(`document.readyState === "complete"`) // it may have been the page before that has just loaded
}

// complaints are what the browser said was wrong.
func (b *browser) complaints() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.errors)
}

// eval runs a script in the page and gives its value.
func eval[T any](b *browser, script string) T {
	b.t.Helper()
	v, err := try[T](b, script)
	if err != nil {
		b.t.Fatalf("script: %v", err)
	}
	return v
}

func try[T any](b *browser, script string) (T, error) {
	var r struct {
		Result struct {
			Value T `json:"value"`
		} `json:"result"`
		Details *struct {
			Exception struct {
				Description string `json:"description"`
			} `json:"exception"`
		} `json:"exceptionDetails"`
	}
	err := b.call("Runtime.evaluate", map[string]any{"expression": script, "returnByValue": true}, &r)
	if err == nil && r.Details != nil {
		err = errors.New(r.Details.Exception.Description)
	}
	return r.Result.Value, err
}

// until waits for a script to say true; while one page gives way to the next, it may fail.
func (b *browser) until(script string) {
	b.t.Helper()
	var err error
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		var yes bool
		if yes, err = try[bool](b, script); yes && err == nil {
			return
		}
	}
	b.t.Fatalf("waited in vain until %s; %v", script, err)
}

// look sets the width of the window and the colours.
func (b *browser) look(width int, scheme string) {
	b.t.Helper()
	b.ask("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false}, nil)
	b.ask("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]any{{"name": "prefers-color-scheme", "value": scheme}}}, nil)
}

// press presses a key.
func (b *browser) press(key, text string, code int) {
	b.t.Helper()
	for _, kind := range []string{"keyDown", "keyUp"} {
		p := map[string]any{"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code}
		if kind == "keyDown" && text != "" {
			p["text"] = text
		}
		b.ask("Input.dispatchKeyEvent", p, nil)
	}
}

// picture takes one of the page, no higher than height.
func (b *browser) picture(height int) []byte {
	b.t.Helper()
	var size struct{ Width, Height int }
	text := eval[string](b, `JSON.stringify({Width: innerWidth, Height: document.documentElement.scrollHeight})`)
	if err := json.Unmarshal([]byte(text), &size); err != nil {
		b.t.Fatal(err)
	}
	var shot struct {
		Data string `json:"data"`
	}
	b.ask("Page.captureScreenshot", map[string]any{
		"format": "png", "captureBeyondViewport": true,
		"clip": map[string]any{"x": 0, "y": 0, "width": size.Width, "height": min(size.Height, height), "scale": 1},
	}, &shot)
	png, err := base64.StdEncoding.DecodeString(shot.Data)
	if err != nil {
		b.t.Fatal(fmt.Errorf("picture: %w", err))
	}
	return png
}
