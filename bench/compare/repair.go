package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/redx-update/redx/bench"
)

// compareRepair has the real program repair an image whose download folder has many files, and take that back. Beside it
// a person's own way of being able to go back: a copy of the folder.
func compareRepair(o options, dir string) ([]row, error) {
	const files, memory = 20_000, 64 << 20
	if err := buildProgram(dir); err != nil {
		return nil, err
	}
	image := filepath.Join(dir, "image")
	if out, err := exec.Command(program(image), "lab", "image", "payload-missing-download", image).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("make the image: %w: %s", err, out)
	}
	if err := fillDownload(image, files); err != nil {
		return nil, err
	}
	t, err := alternate(o.pairs, self("redx repair", image, 0), self("cp", image, 0))
	if err != nil {
		return nil, err
	}
	return []row{{
		ratio: fmt.Sprintf("%.1fx the memory", float64(t[0].Peak)/float64(t[1].Peak)), goal: goal{text: "64 MB", met: t[0].Peak < memory},
		what: fmt.Sprintf("memory of redx repair --yes and redx repair undo, %d files in the download folder", files),
		redx: peakAndTime(t[0]), peer: "cp -a of the folder " + peakAndTime(t[1]),
		limit: "the evidence of the diagnosis, SQLite, Go's own",
	}}, nil
}

func peakAndTime(t *times) string {
	return fmt.Sprintf("peak %s, %s", megabytes(t.Peak), median(t.wall).Round(10*time.Millisecond))
}

// repairImage repairs, and takes back; the peak is that of the larger run.
func repairImage(image string) (f figures, err error) {
	for _, args := range [][]string{{"repair", "--yes", "--image", image}, {"repair", "undo", "--yes", "--image", image}} {
		peak, err := peakOf(exec.Command(program(image), args...))
		if err != nil {
			return f, err
		}
		f.Peak = max(f.Peak, peak)
		f.Count++
	}
	return f, nil
}

func copyDownload(image string) (f figures, err error) {
	from, to := filepath.Join(image, "Windows", "SoftwareDistribution", "Download"), filepath.Join(filepath.Dir(image), "copy")
	f.Peak, err = peakOf(exec.Command("cp", "-a", from, to))
	return f, errors.Join(err, os.RemoveAll(to))
}

func peakOf(cmd *exec.Cmd) (int64, error) {
	if out, err := cmd.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("%s: %w: %s", cmd.Args, err, out)
	}
	return bench.PeakOf(cmd.ProcessState)
}
