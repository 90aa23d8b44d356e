package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// The committed tables are what the headers say, byte for byte.
func TestTablesAreCurrent(t *testing.T) {
	if _, err := os.Stat(filepath.Join(DefaultHeaders, "wuerror.h")); err != nil {
		t.Skipf("install mingw-w64-common to run this: %v", err)
	}
	for _, table := range tables {
		t.Run(table.file, func(t *testing.T) {
			got, err := table.generate(DefaultHeaders)
			if err != nil {
				t.Fatal(err)
			}
			want, err := os.ReadFile(filepath.Join("..", "..", "internal", "hresult", table.file))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s differs from what the headers give: go run ./hresultgen -o ../internal/hresult", table.file)
			}
		})
	}
}

func TestRuleSaysWhenNothingMatches(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "wuerror.h"), []byte("#define WU_E_NEW 1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := tables[0].generate(dir); err == nil {
		t.Error("a header of another shape was taken for an empty table")
	}
}
