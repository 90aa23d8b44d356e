package install_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/agent/disk"
	"github.com/redx-update/redx/internal/agent/install"
	"github.com/redx-update/redx/internal/agent/trace"
)

// installerEnv makes this program install and uninstall on the image that it names until it is killed.
const installerEnv = "REDX_TEST_INSTALLER"

func TestMain(m *testing.M) {
	if top := os.Getenv(installerEnv); top != "" {
		fmt.Fprintln(os.Stderr, installForEver(top, os.Stdout))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// installForEver says "begin" before each attempt.
func installForEver(top string, out io.Writer) error {
	d, err := disk.Open(top, "C:")
	if err != nil {
		return err
	}
	i := installer(d)
	for uninstall := false; ; uninstall = !uninstall {
		if _, err := fmt.Fprintln(out, "begin"); err != nil {
			return err
		}
		c := computer{Installer: i}
		_, err := c.either(uninstall)(context.Background(), order())
		if err != nil && codeOf(err) != 0x80240028 { // which is what taking off says when it was installed by nobody
			return err
		}
	}
}

// TestKilled kills a process that installs and uninstalls, time after time. After each time what a new process finds is
// whole, and every attempt that began is in the history.
func TestKilled(t *testing.T) {
	c, top := labImage(t)
	c.order = order()
	without := names(files(t, top))
	if _, err := c.Install(t.Context(), c.order); err != nil {
		t.Fatal(err)
	}
	with := names(files(t, top))
	if _, err := c.Uninstall(t.Context(), c.order); err != nil {
		t.Fatal(err)
	}
	told, rounds := 2, 12
	if testing.Short() {
		rounds = 3
	}
	for round := range rounds {
		begun := killInstaller(t, top, time.Duration(5+17*round)*time.Millisecond)
		i := installer(c.Disk)
		if _, err := i.Recover(); err != nil {
			t.Fatal(err)
		}
		rows, lines, events := attempts(t, c.Disk)
		if rows != lines || rows != events || rows < told+begun-1 || rows > told+begun {
			t.Fatalf("round %d: %d attempts in the datastore, %d reported, %d logged; %d were told before and %d were begun", round, rows, lines, events, told, begun)
		}
		told = rows
		got := names(files(t, top))
		if diff := cmp.Diff(without, got); diff != "" && !slices.Equal(with, got) {
			t.Fatalf("round %d: neither installed nor not: %s", round, diff)
		}
	}
}

// names are the files and folders, with the content of one that is replaced.
func names(all map[string]string) []string {
	var out []string
	for _, path := range sorted(all) {
		if path == "Windows/System32/old.dll" {
			path += " " + all[path]
		}
		out = append(out, path)
	}
	return out
}

func installer(d disk.Disk) *install.Installer {
	return &install.Installer{
		Disk: d, Target: install.Lab, State: state, Windows: `C:\Windows`, Now: time.Now,
		Trace: trace.New(d, trace.Options{Root: `C:\Windows`, Logs: logs, Computer: "LAB-PC", Client: "redx agent"}),
	}
}

// order is the update without a memory of its files: its manifests know them.
func order() install.Order {
	return install.Order{Update: fix, Folder: folder, Handler: install.Handler{Kind: install.CBS}}
}

// killInstaller runs an installer, kills it some time after its first word, and gives how many attempts it began.
func killInstaller(t *testing.T, top string, pause time.Duration) (begun int) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program)
	cmd.Env = append(os.Environ(), installerEnv+"="+top)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if begun == 0 {
			time.AfterFunc(pause, func() { _ = cmd.Process.Kill() })
		}
		begun++
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || begun == 0 {
		t.Fatalf("the installer ended with %v after %d attempts", err, begun)
	}
	return begun
}
