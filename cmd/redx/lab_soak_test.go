package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/redx-update/redx/internal/lab"
	"github.com/redx-update/redx/internal/lab/story"
)

// TestSoak has lab computers lose something again and again. REDX_SOAK=10m and REDX_SOAK_COMPUTERS=500 make it long:
// make soak-lab.
func TestSoak(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the lab's story is told elsewhere than on Windows")
	}
	if testing.Short() {
		t.Skip("run this without -short")
	}
	long, err := time.ParseDuration(os.Getenv("REDX_SOAK"))
	if err != nil {
		long = time.Second
	}
	computers, err := strconv.Atoi(os.Getenv("REDX_SOAK_COMPUTERS"))
	if err != nil {
		computers = 6
	}
	exe := filepath.Join(t.TempDir(), "redx")
	if out, err := exec.Command("go", "build", "-o", exe, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	std := osIO()
	s := story.New(story.Options{
		Command: []string{exe}, Dir: t.TempDir(),
		Image: func(dir, name, server string) error { return lab.Computer{Name: name, Server: server}.Build(dir) },
		Host: func(ctx context.Context, image, server, trust string) (story.Hosted, error) {
			return host(ctx, std, image, server, trust)
		},
	})
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	out, err := s.Soak(t.Context(), computers, time.Now().Add(long))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d computers, %d rounds: %d installed, %d mended, %d left alone; heap %d, handles %d", out.Computers, out.Rounds,
		out.Installed, out.Mended, out.LeftAlone, out.Heap, out.Handles)
	for _, w := range out.Wrong {
		t.Error(w)
	}
	if n := len(out.Handles); n > 1 && out.Handles[n-1] > out.Handles[0]+10 {
		t.Errorf("open files grow: %d", out.Handles)
	}
	// An agent keeps its latest 50 attempts, of more than a kilobyte each, and a thousand compiled rules of updates that may
	// have gone. Both end; whatever else grows is a leak.
	if n := len(out.Heap); n > 2 {
		kept := min(n-2, 50) * out.Computers * 2048
		if out.Heap[n-1] > out.Heap[1]+uint64(kept)+4<<20 {
			t.Errorf("memory grows: %d", out.Heap)
		}
	}
}
