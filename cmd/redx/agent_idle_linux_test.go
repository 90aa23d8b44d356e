package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/redx-update/redx/internal/lab"
)

// What an agent that waits may take (issue 6).
const (
	idleMemory = 30 << 20        // bytes, resident
	idleDay    = 1 * time.Second // of processor time in a day
)

// TestIdleAgent measures the program itself: an agent that has visited its server once, and then waits.
func TestIdleAgent(t *testing.T) {
	watch, err := time.ParseDuration(os.Getenv("REDX_IDLE"))
	if err != nil {
		t.Skip("takes minutes: make idle, or set REDX_IDLE to how long to watch, such as 10m")
	}
	dir := t.TempDir()
	program := filepath.Join(dir, "redx")
	if out, err := exec.Command("go", "build", "-trimpath", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	s, err := lab.Load("payload-missing-download-near")
	if err != nil {
		t.Fatal(err)
	}
	image := filepath.Join(dir, "c")
	if err := lab.Build(s, image); err != nil {
		t.Fatal(err)
	}
	clients, _, stop := running(t, filepath.Join(dir, "srv"))
	defer stop()
	pid := startAgent(t, program, "--image", image, "--server", clients)
	eventually(t, "the agent answers", func() bool {
		out, err := exec.Command(program, "agent", "status", "--image", image, "--json").Output()
		return err == nil && strings.Contains(string(out), `"running": true`)
	})
	if out, err := exec.Command(program, "agent", "scan", "--image", image).CombinedOutput(); err != nil {
		t.Fatalf("scan: %v\n%s", err, out)
	}
	time.Sleep(min(10*time.Second, watch)) // what the visit leaves to be cleaned up
	before, _ := taken(t, pid)
	time.Sleep(watch)
	after, memory := taken(t, pid)
	day := time.Duration(float64(after-before) * float64(24*time.Hour) / float64(watch))
	t.Logf("%.1f MB resident; %s of processor time in %s, %s a day", float64(memory)/(1<<20), after-before, watch, day)
	if memory > idleMemory {
		t.Errorf("%d bytes are resident, more than %d", memory, idleMemory)
	}
	if day > idleDay {
		t.Errorf("it would take %s of processor time a day, more than %s", day, idleDay)
	}
}

func startAgent(t *testing.T, program string, flags ...string) (pid int) {
	t.Helper()
	cmd := exec.Command(program, append([]string{"agent", "run"}, flags...)...)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(unix.SIGTERM) // one that has ended is found out by Wait
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	})
	return cmd.Process.Pid
}

// taken is the processor time that a process has taken, and its resident memory in bytes.
func taken(t *testing.T, pid int) (cpu time.Duration, memory int64) {
	t.Helper()
	// The clock of another process (clock_getcpuclockid), all of its threads together: the ticks of stat are too coarse.
	var ts unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|2), &ts); err != nil {
		t.Fatal(err)
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			memory = kb << 10
		}
	}
	return time.Duration(ts.Nano()), memory
}
