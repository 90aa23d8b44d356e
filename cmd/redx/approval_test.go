package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redx-update/redx/internal/write/cab"
)

// TestApproveForScans approves what has come without its files: the administrator is told that it goes to nobody yet.
func TestApproveForScans(t *testing.T) {
	pack := func(files map[string]string) string {
		var list []cab.File
		for name, text := range files {
			list = append(list, cab.Bytes(name, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), []byte(text)))
		}
		b, err := cab.Encode(list, cab.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	const id = "11111111-1111-1111-1111-111111111111"
	dir := t.TempDir()
	catalogue := filepath.Join(dir, "wsusscn2.cab")
	if err := os.WriteFile(catalogue, []byte(pack(map[string]string{
		"index.xml":   "<INDEX/>",
		"package.cab": pack(map[string]string{"package.xml": `<OfflineSyncPackage><Updates><Update UpdateId="` + id + `" RevisionNumber="1" RevisionId="7" /></Updates></OfflineSyncPackage>`}),
		"package2.cab": pack(map[string]string{
			"c/7":    `<UpdateIdentity UpdateID="` + id + `" RevisionNumber="1" /><Properties UpdateType="Software" ExplicitlyDeployable="true" />`,
			"l/en/7": `<LocalizedProperties><Language>en</Language><Title>Fix</Title></LocalizedProperties>`,
		}),
	})), 0o600); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(dir, "data")
	redx := func(args ...string) (string, string) {
		var out, problems bytes.Buffer
		if code := run(context.Background(), append(args, "--data", data), stdio{out: &out, err: &problems}); code != exitOK {
			t.Fatalf("redx %s: exit code %d: %s", strings.Join(args, " "), code, problems.String())
		}
		return out.String(), problems.String()
	}
	redx("server", "import", catalogue)
	if said, note := redx("approval", "set", "Fix"); said != "Fix for All Computers: install\n" || !strings.Contains(note, "computers do not get it until redx server import") {
		t.Errorf("said %q, noted %q", said, note)
	}
	if _, note := redx("approval", "set", "Fix", "--choice", "detect-only"); note != "" {
		t.Errorf("a scan needs no files, and yet it was noted: %q", note)
	}
}
