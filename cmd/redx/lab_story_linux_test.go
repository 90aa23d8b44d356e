package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// toldLab is a redx lab as a process of its own, all of whose files and processes have the temporary folder in their names.
type toldLab struct {
	t        *testing.T
	temp     string
	cmd      *exec.Cmd
	out, err *watched
}

// labProgram is redx as users have it: the lab starts it again for each of its processes.
func labProgram(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("run this without -short: its processes are built as users have them")
	}
	exe := filepath.Join(t.TempDir(), "redx")
	if out, err := exec.Command("go", "build", "-o", exe, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return exe
}

func tellLab(t *testing.T, exe string, args ...string) *toldLab {
	t.Helper()
	l := &toldLab{t: t, temp: t.TempDir(), out: &watched{}, err: &watched{}}
	l.cmd = exec.Command(exe, append([]string{"lab"}, args...)...)
	l.cmd.Env = append(os.Environ(), "TMPDIR="+l.temp)
	l.cmd.Stdout, l.cmd.Stderr = l.out, l.err
	if err := l.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if l.cmd.ProcessState == nil {
			_ = l.cmd.Process.Kill()
			_ = l.cmd.Wait()
		}
	})
	return l
}

// ends waits for the lab and gives its exit code. No process of it may be left.
func (l *toldLab) ends() int {
	l.t.Helper()
	err := l.cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		l.t.Fatal(err)
	}
	// One that was ended may take a moment to go, and no more.
	for begun := time.Now(); len(l.processes()) > 0 && time.Since(begun) < 5*time.Second; {
		time.Sleep(20 * time.Millisecond)
	}
	for pid, line := range l.processes() {
		l.t.Errorf("process %s is left: %s", pid, line)
	}
	return l.cmd.ProcessState.ExitCode()
}

// processes are those that name the lab's folder, by their numbers.
func (l *toldLab) processes() map[string]string {
	l.t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		l.t.Fatal(err)
	}
	out := map[string]string{}
	for _, path := range all {
		line, err := os.ReadFile(path)
		if err == nil && bytes.Contains(line, []byte(l.temp)) { // one that ended meanwhile is none of them
			out[filepath.Base(filepath.Dir(path))] = string(bytes.ReplaceAll(line, []byte{0}, []byte{' '}))
		}
	}
	return out
}

// TestLabInterrupted ends the lab in the middle of its story, and when it is told: nothing of it is left.
func TestLabInterrupted(t *testing.T) {
	exe := labProgram(t)
	// Below nohup the signal is ignored, and so it would be by the lab; for who waits for it, it is not.
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, unix.SIGHUP)
	defer signal.Stop(hangups)
	for _, tt := range []struct {
		name, after string
		signal      unix.Signal
		want        int
	}{
		{"Ctrl-C in the middle", "They scan", unix.SIGINT, exitCancelled},
		{"its terminal goes", "They install", unix.SIGHUP, exitCancelled},
		{"Ctrl-C at the end", "the lab stays up until Ctrl-C", unix.SIGINT, exitOK},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := tellLab(t, exe)
			eventually(t, tt.after, func() bool { return strings.Contains(l.out.String()+l.err.String(), tt.after) })
			if err := l.cmd.Process.Signal(tt.signal); err != nil {
				t.Fatal(err)
			}
			if got := l.ends(); got != tt.want {
				t.Errorf("exit code %d, want %d: %s", got, tt.want, l.err)
			}
			if left, err := os.ReadDir(l.temp); err != nil || len(left) > 0 {
				t.Errorf("left: %v, %v", left, err)
			}
		})
	}
}

// TestLabBroken kills the lab's server in the middle: the lab does not say that all is well, and says where to look.
func TestLabBroken(t *testing.T) {
	l := tellLab(t, labProgram(t), "--fast")
	eventually(t, "the files are lost", func() bool { return strings.Contains(l.out.String(), "They install") })
	killed := false
	for pid, line := range l.processes() {
		if strings.Contains(line, " server run ") {
			killed = exec.Command("kill", "-KILL", pid).Run() == nil
		}
	}
	if !killed {
		t.Fatalf("no server among %v", l.processes())
	}
	if got := l.ends(); got != exitFailed {
		t.Errorf("exit code %d: %s%s", got, l.out, l.err)
	}
	if text := l.err.String(); !strings.Contains(text, l.temp) || strings.Contains(l.out.String(), "Every computer ended as it should") {
		t.Errorf("%s%s", l.out, text)
	}
}
