package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/redx-update/redx/bench"
)

// The bounds of a whole image's diagnosis.
const (
	imageMemory = 128 << 20 // bytes of peak memory
	imageTime   = 0.8       // of the sum of its readers' times
)

// compareImage has the real program diagnose an image of full size, and collect of it, beside the readers of the same
// files one after the other.
func compareImage(o options, dir string) ([]row, error) {
	if err := buildProgram(dir); err != nil {
		return nil, err
	}
	image := filepath.Join(dir, "image")
	files, size, err := makeImage(image, int64(o.mb)<<20)
	if err != nil {
		return nil, err
	}
	sides := []side{self("redx diagnose", image, size), self("redx collect", image, size)}
	for _, f := range files {
		sides = append(sides, self(f.reader, f.path, f.size))
	}
	t, err := alternate(o.pairs, sides...)
	if err != nil {
		return nil, err
	}
	readers := t[2:]
	what := fmt.Sprintf("whole image, %s that is read", megabytes(size))
	rows := []row{
		imageRow(what+", redx diagnose", t[0], readers, imageTime),
		imageRow(what+", redx collect", t[1], readers, 0),
	}
	return rows, nil
}

// imageRow compares a run of the program with the sum of the readers.
func imageRow(what string, ours *times, readers []*times, least float64) row {
	var wall, cpu time.Duration
	for _, r := range readers {
		wall += median(r.wall)
		cpu += median(r.cpu)
	}
	took := median(ours.wall)
	part := took.Seconds() / wall.Seconds()
	g := goal{text: "128 MB", met: ours.Peak <= imageMemory}
	if least > 0 {
		g = goal{text: fmt.Sprintf("%gx the sum, 128 MB", least), met: g.met && part <= least}
	}
	return row{
		ratio: fmt.Sprintf("%.2fx the sum (%.2fx by processor time)", part, median(ours.cpu).Seconds()/cpu.Seconds()), goal: g, what: what,
		redx:  fmt.Sprintf("%v, peak %s", took.Round(10*time.Millisecond), megabytes(ours.Peak)),
		peer:  fmt.Sprintf("its %d readers, one by one %v", len(readers), wall.Round(10*time.Millisecond)),
		limit: "the logs: line ends, UTF-8 and the first words of every line, a log on each processor",
	}
}

// buildProgram builds redx itself into dir.
func buildProgram(dir string) error {
	root, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/redx-update/redx").Output()
	if err != nil {
		return fmt.Errorf("find redx's source: %w", err)
	}
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "redx"), "./cmd/redx")
	build.Dir = strings.TrimSpace(string(root))
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build redx: %w: %s", err, out)
	}
	return nil
}

// diagnoseImage runs the program beside the image. The one finding must be there: what finds nothing is not fast.
func diagnoseImage(image string) (f figures, err error) {
	cmd := exec.Command(program(image), "diagnose", "--image", image, "--json")
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 3) {
		return f, err
	}
	var result struct{ Findings []json.RawMessage }
	if err := json.Unmarshal(out, &result); err != nil {
		return f, err
	}
	if !bytes.Contains(out, []byte("component-payload-missing")) {
		return f, errors.New("the image's cause was not found")
	}
	f.Count = len(result.Findings)
	f.Peak, err = bench.PeakOf(cmd.ProcessState)
	return f, err
}

func collectImage(image string) (f figures, err error) {
	to := filepath.Join(filepath.Dir(image), "collected.zip")
	defer os.Remove(to)
	cmd := exec.Command(program(image), "collect", "--image", image, "-o", to)
	if out, err := cmd.CombinedOutput(); err != nil {
		return f, fmt.Errorf("%w: %s", err, out)
	}
	info, err := os.Stat(to)
	if err != nil {
		return f, err
	}
	f.Read = info.Size()
	f.Peak, err = bench.PeakOf(cmd.ProcessState)
	return f, err
}

func program(image string) string { return filepath.Join(filepath.Dir(image), "redx") }
