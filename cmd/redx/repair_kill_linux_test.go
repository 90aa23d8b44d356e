package main

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/lab"
)

const (
	hashA = "7f1c3e0a9b2d4c5e8f60718293a4b5c6"
	hashB = "00ff3e0a9b2d4c5e8f60718293a4b5c6"
)

// twoBroken builds an image on which two updates lack a file, so that a step renames two folders.
func twoBroken(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../internal/lab/scenario/payload-missing-download.txtar")
	if err != nil {
		t.Fatal(err)
	}
	const second = `[[history]]
update = "5c2a3f60-7d41-4be9-9a0e-2f6f8e5b1d08"
revision = 200
title = "2024-01 Servicing Stack Update (KB5034123)"
client = "UpdateOrchestrator"
status = 1
mapped = "0x80070002"
unmapped = "0x80070002"
date = 2024-01-11T02:16:09Z

[[update]]
id = 27
update = "5c2a3f60-7d41-4be9-9a0e-2f6f8e5b1d08"
revision = 200
files = [51]
kb = "5034123"

[[file]]
id = 51
name = "Windows10.0-KB5034123-x64.cab"
path = 'C:\Windows\SoftwareDistribution\Download\` + hashB + `\Windows10.0-KB5034123-x64.cab'
content = "gone too\n"
url = "http://au.download.windowsupdate.com/x.cab"
status = 2

`
	const at = "-- Windows/SoftwareDistribution/DataStore/DataStore.edb.toml --\n"
	text = bytes.Replace(text, []byte(at), []byte("-- Windows/SoftwareDistribution/Download/"+hashB+"/kept --\nkept\n"+at+second), 1)
	s, err := lab.Parse("two", text)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "c")
	if err := lab.Build(s, dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

// redx is the real program: this test's own binary under its name, as a process of its own.
func redx(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "redx")
	if err := os.Symlink(self, path); err != nil {
		t.Fatal(err)
	}
	return path
}

// content is every file below a folder with what is in it, without what is redx's own.
func content(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.Name() == "redx" && e.IsDir() {
			return fs.SkipDir
		}
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		all[strings.TrimPrefix(path, dir+"/")] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// moved is the content after the two folders were renamed.
func moved(before map[string]string) map[string]string {
	after := maps.Clone(before)
	for path, data := range before {
		for _, hash := range []string{hashA, hashB} {
			if rest, ok := strings.CutPrefix(path, "Windows/SoftwareDistribution/Download/"+hash+"/"); ok {
				delete(after, path)
				after["Windows/SDTemp."+hash+"/"+rest] = data
			}
		}
	}
	return after
}

// killAt runs redx and kills it (SIGKILL) as soon as the journal has so many lines, or after a time when lines is 0. It
// tells whether that was in the middle of a transaction.
func killAt(t *testing.T, journal string, lines int, after time.Duration, program string, args ...string) bool {
	t.Helper()
	cmd := exec.Command(program, args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // how it ended is seen in the journal
		close(ended)
	}()
	deadline := time.After(2 * time.Minute)
	begun := time.Now()
	for {
		select {
		case <-ended:
			return false
		case <-deadline:
			t.Fatal("it does not end")
		default:
		}
		data, err := os.ReadFile(journal)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		if lines > 0 && bytes.Count(data, []byte("\n")) >= lines || lines == 0 && time.Since(begun) > after {
			break
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		return false // it has just ended
	}
	<-ended
	data, err := os.ReadFile(journal)
	return err == nil && bytes.Contains(data, []byte("\n")) && !bytes.Contains(data, []byte(`"event":"end"`))
}

// ends runs redx to its end.
func ends(t *testing.T, program string, args ...string) (out string, exit int) {
	t.Helper()
	cmd := exec.Command(program, args...)
	text, err := cmd.CombinedOutput()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		t.Fatal(err)
	}
	return string(text), cmd.ProcessState.ExitCode()
}

// TestKilled kills the real process at each line of its journal, and at many times, and takes every way on from there:
// the files are as before or as after, byte for byte, and what was killed while it was undone can be undone again.
func TestKilled(t *testing.T) {
	program := redx(t)
	original := twoBroken(t)
	before := content(t, original)
	after := moved(before)
	killed := map[string]int{}
	rounds, least := 18, 3
	if testing.Short() {
		rounds, least = 9, 1 // each line once
	}
	// Whether it is killed in the middle is a race, which a busy machine may lose for a while.
	for n := 0; n < rounds || n < 10*rounds && lacking(killed, least) != ""; n++ {
		lines, wait := n%9, time.Duration(20+n%18*5)*time.Millisecond
		for _, then := range []string{"resume", "undo", "repair"} {
			dir := filepath.Join(t.TempDir(), "c")
			if err := os.CopyFS(dir, os.DirFS(original)); err != nil {
				t.Fatal(err)
			}
			journal := filepath.Join(dir, "ProgramData", "redx", "journal", "00001.jsonl")
			if killAt(t, journal, lines, wait, program, "repair", "--image", dir, "--yes") {
				killed["repair, then "+then]++
			}
			args := []string{"repair", then, "--image", dir, "--yes"}
			if then == "repair" {
				args = []string{"repair", "--image", dir, "--yes"}
			}
			out, code := ends(t, program, args...)
			if code != 0 {
				t.Fatalf("killed at line %d or after %s, then %s: exit %d\n%s", lines, wait, then, code, out)
			}
			got := content(t, dir)
			asBefore, asAfter := cmp.Equal(got, before), cmp.Equal(got, after)
			switch {
			case then == "undo" && !asBefore, then == "resume" && !asBefore && !asAfter:
				t.Fatalf("killed at line %d or after %s, then %s:\n%s", lines, wait, then, cmp.Diff(before, got))
			}
			if then != "resume" || !asAfter {
				continue
			}
			// The undoing is killed as well, then done again.
			second := strings.Replace(journal, "00001", "00002", 1)
			if killAt(t, second, lines, wait, program, "repair", "undo", "--image", dir, "--yes") {
				killed["undo"]++
			}
			if out, code := ends(t, program, "repair", "undo", "--image", dir, "--yes"); code != 0 {
				t.Fatalf("undone after the undoing was killed: exit %d\n%s", code, out)
			}
			if d := cmp.Diff(before, content(t, dir)); d != "" {
				t.Fatalf("undone after the undoing was killed at line %d or after %s:\n%s", lines, wait, d)
			}
			if out, code := ends(t, program, "repair", "status", "--image", dir); code != 0 || strings.Contains(out, ": open") || strings.Contains(out, "NO: ") {
				t.Fatalf("status: exit %d\n%s", code, out)
			}
		}
	}
	t.Logf("killed in the middle: %v", killed)
	if what := lacking(killed, least); what != "" {
		t.Errorf("%s: killed in the middle only %d times", what, killed[what])
	}
}

// lacking is what was not killed in the middle so often.
func lacking(killed map[string]int, least int) string {
	for _, what := range []string{"repair, then resume", "repair, then undo", "repair, then repair", "undo"} {
		if killed[what] < least {
			return what
		}
	}
	return ""
}
