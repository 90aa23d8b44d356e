// Package testdata finds what some tests need beside the repository: real samples of Windows' files, and foreign
// tools to compare with. A test that lacks them is skipped, and the skip says how to enable it.
package testdata

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Env names the folder of real samples, the one that has "windows" in it.
const Env = "REDX_TESTDATA"

// Path gives the path of a sample, or skips the test.
func Path(t testing.TB, name string) string {
	t.Helper()
	root := os.Getenv(Env)
	if root == "" {
		t.Skipf("set %s to the folder of real samples to run this (wants %s)", Env, name)
	}
	p := filepath.Join(root, filepath.FromSlash(name))
	if _, err := os.Stat(p); err != nil {
		t.Skipf("%s has no %s", Env, name)
	}
	return p
}

// Open gives a sample's bytes, those of .gz and .xz unpacked; it skips the test when the sample is not there.
func Open(t testing.TB, name string) []byte {
	t.Helper()
	b, err := unpack(t, Path(t, name))
	if err != nil {
		t.Fatalf("read sample %s: %v", name, err)
	}
	return b
}

func unpack(t testing.TB, path string) ([]byte, error) {
	t.Helper()
	if strings.HasSuffix(path, ".xz") {
		return exec.Command(Tool(t, "xz"), "-dc", path).Output()
	}
	b, err := os.ReadFile(path)
	if err != nil || !strings.HasSuffix(path, ".gz") {
		return b, err
	}
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}

// Seeds adds every file that matches the patterns as a fuzz seed, at run time only: real data is never committed.
// Without samples it adds nothing.
func Seeds(f *testing.F, patterns ...string) {
	f.Helper()
	root := os.Getenv(Env)
	if root == "" {
		return
	}
	for _, pattern := range patterns {
		names, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pattern)))
		if err != nil {
			f.Fatal(err)
		}
		for _, name := range names {
			if info, err := os.Stat(name); err == nil && info.IsDir() {
				continue
			}
			b, err := unpack(f, name)
			if err != nil {
				f.Fatalf("read seed %s: %v", name, err)
			}
			f.Add(b)
		}
	}
}

// Tool finds a foreign program that a test compares with, or skips the test.
func Tool(t testing.TB, name string) string {
	t.Helper()
	p, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("install %s to run this (CONTRIBUTING.md names the packages)", name)
	}
	return p
}
